public import Shared

/// One training under way, of whatever experiment: trained epoch by epoch, by one thread.
///
/// Two trainings of one configuration on one data set return the same rows, to the last bit.
public protocol Training: AnyObject {
    var epochsCompleted: Int { get }
    var isFinished: Bool { get }

    /// Trains one epoch, and measures after it where that is due.
    /// - Parameter shouldStop: asked often, also within an epoch.
    /// - Returns: the rows measured; nil where it was stopped within the epoch.
    func trainEpoch(shouldStop: () -> Bool) -> [MetricRow]?

    /// All that the training goes on from, between two epochs.
    func checkpoint() -> Safetensors
}

extension KPathTraining: Training {}

extension Configuration {
    /// A training of this configuration, from its first epoch on or from a checkpoint.
    /// - Parameter threads: how many to train with, the caller's being one; changes no result.
    /// - Parameter dataset: nil where the experiment makes its own data.
    /// Throws where configuration, data and checkpoint do not fit each other, or where there are no
    /// such threads.
    public func makeTraining(
        dataset: Dataset?, threads: Int = 1, resuming checkpoint: Safetensors? = nil
    ) throws -> any Training {
        switch self {
        case .kPath(let configuration):
            guard let dataset else {
                throw TrainingError("The data set '\(configuration.dataset)' is wanted.")
            }
            let training = try KPathTraining(
                configuration: configuration, dataset: dataset, threads: threads)
            if let checkpoint { try training.resume(checkpoint) }
            return training
        case .routing(let configuration):
            return try GatedTraining(configuration).resumed(checkpoint)
        case .gatedNetwork(let configuration):
            return try GatedTraining(configuration).resumed(checkpoint)
        }
    }
}
