public import Shared

/// One training under way, of whatever experiment: trained epoch by epoch, by one thread.
///
/// Two trainings of one configuration on one data set return the same rows, to the last bit.
public protocol Training: AnyObject {
    var epochsCompleted: Int { get }
    var isFinished: Bool { get }
    /// The first epoch whose training loss was NaN or infinite; nil: none so far.
    var divergedEpoch: Int? { get }
    /// How many threads train now, the caller's being one; no more than it was made for. May be
    /// set between two epochs and where `shouldStop` is asked; changes no result.
    var threads: Int { get set }

    /// Trains one epoch, and measures after it where that is due or where the training diverged.
    /// - Parameter shouldStop: asked often, also within an epoch.
    /// - Returns: the rows measured; nil where it was stopped within the epoch.
    func trainEpoch(shouldStop: () -> Bool) -> [MetricRow]?

    /// All that the training resumes from, between two epochs, but for the rows it has measured.
    func checkpoint() -> Safetensors
}

extension KPathTraining: Training {}

extension Configuration {
    /// A training of this configuration, from its first epoch on or from a checkpoint.
    /// - Parameters:
    ///   - dataset: nil where the experiment makes its own data.
    ///   - threads: how many to train with, the caller's being one; changes no result.
    ///   - threadsMax: how many it may be told to train with later; nil: no more.
    ///   - checkpoint: checked against the configuration, number by number, before it is used.
    /// Throws if configuration, data and checkpoint do not fit each other, or if there are no such
    /// threads.
    public func makeTraining(
        dataset: Dataset?, threads: Int = 1, threadsMax: Int? = nil,
        resuming checkpoint: TrainingCheckpoint? = nil
    ) throws -> any Training {
        FloatEnvironment.setDefault()
        switch self {
        case .kPath(let configuration):
            guard let dataset else { throw TrainingError.missing(dataset: configuration.dataset) }
            let training = try KPathTraining(
                configuration: configuration, dataset: dataset,
                machine: Machine(threads: max(threads, threadsMax ?? threads), active: threads))
            if let checkpoint { try training.resume(checkpoint) }
            return training
        case .routing(let configuration):
            return try GatedTraining(configuration).resumed(checkpoint)
        case .gatedNetwork(let configuration):
            return try GatedTraining(configuration).resumed(checkpoint)
        }
    }
}
