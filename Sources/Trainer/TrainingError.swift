/// Why a configuration and a data set do not make a training: a sentence that says what was found
/// and what was wanted.
public struct TrainingError: Error, Equatable, CustomStringConvertible {
    public let description: String

    public init(_ description: String) { self.description = description }

    static func missing(dataset: String) -> TrainingError {
        TrainingError("The data set '\(dataset)' is wanted.")
    }
}

/// Whoever asked for the training wants it no more.
public struct TrainingStopped: Error {
    public init() {}
}
