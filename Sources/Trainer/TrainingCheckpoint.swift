public import Shared

/// What a training resumes from: its state, as `Training.checkpoint()` returned it, and every row
/// that it had measured by then.
///
/// A checkpoint comes from a disk or from another host, and a right digest says only that its bytes
/// are those that were written. So every reader takes this one way: `Configuration.makeTraining`
/// checks each number of it against the configuration before it is used. Weights may be any floats,
/// also NaN and infinity, as a diverged training has them.
public struct TrainingCheckpoint: Equatable, Sendable {
    public var state: Safetensors
    /// In the order of training.
    public var rows: [MetricRow]

    public init(state: Safetensors, rows: [MetricRow]) {
        (self.state, self.rows) = (state, rows)
    }

    /// Checks what every kind of training has: the numeric version, the count of epochs, and that
    /// the rows are exactly those that a training of that number of epochs measures.
    /// - Returns: how many epochs were completed.
    /// - Throws: a sentence that says what was found and what was wanted.
    func validate(against schema: RowSchema) throws(TrainingError) -> Int {
        try state.checkNumericVersion()
        let epochs = try state.count("epochs_completed")
        guard epochs <= schema.epochs else {
            throw TrainingError(
                "The checkpoint has \(epochs) epochs; the configuration has \(schema.epochs).")
        }
        try schema.check(rows, epochsCompleted: epochs)
        return epochs
    }
}
