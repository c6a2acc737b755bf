public import Shared

/// What one training takes of a host, known before it is made.
public struct TrainingNeed: Equatable, Sendable {
    /// Bytes at its most, beyond the program and the data set, which trainings share.
    public var bytes: Int
    /// Bytes beside them while a checkpoint is made and written, or read.
    public var checkpointBytes: Int
    /// Bytes of weights and states that every single step passes: those of Adam. 0 where a block of
    /// steps passes them once: that is too seldom to matter.
    public var bytesEachStep: Int
    /// More threads than so many would not make it faster.
    public var threadsUseful: Int

    public init(bytes: Int, checkpointBytes: Int, bytesEachStep: Int, threadsUseful: Int) {
        self.bytes = bytes
        self.checkpointBytes = checkpointBytes
        self.bytesEachStep = bytesEachStep
        self.threadsUseful = threadsUseful
    }
}

extension Configuration {
    /// What a training of this configuration takes, with at most so many threads.
    /// - Parameter dataset: nil where the experiment makes its own data.
    /// Throws where it does not fit the data set.
    public func need(dataset: Dataset?, threadsMax: Int) throws(TrainingError) -> TrainingNeed {
        switch self {
        case .kPath(let configuration):
            guard let dataset else { throw .missing(dataset: configuration.dataset) }
            return try KPathMemory(configuration, dataset: dataset).need(threadsMax: threadsMax)
        case .routing, .gatedNetwork:
            return GatedTraining.need
        }
    }
}

extension GatedTraining {
    /// A guess: it is known only when all pathways are counted. Those of the theory take some
    /// megabytes, and `Limits.gatedNumbersMax` bounds them all. A checkpoint has the weights once
    /// more, which are few.
    static let need = TrainingNeed(
        bytes: 128 << 20, checkpointBytes: 16 << 20, bytesEachStep: 0, threadsUseful: 1)
}
