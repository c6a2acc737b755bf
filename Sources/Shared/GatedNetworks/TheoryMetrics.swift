/// The metrics of gated networks beyond the losses of pathways: the training loss, the theory
/// beside it, and by mode (from 1, the strongest first) what is learnt of it.
extension MetricName {
    public static let trainingLoss = "training_loss"
    /// How alike the encoders of a routing network are: the mean cosine between what two of them
    /// make of all items.
    public static let representationSimilarity = "representation_similarity"

    /// A `TheoryStatus` as a number.
    public static let theoryStatus = "theory_status"
    /// What the reduction says the training loss is.
    public static let theoryLoss = "theory_loss"
    /// Of the training loss from the theory's, in parts of the loss at the start, over all that was
    /// measured.
    public static let theoryDeviationMax = "theory_deviation_max"
    public static let theoryDeviationRMS = "theory_deviation_rms"

    /// What the pathways have learnt of a mode: 0 nothing, 1 all.
    public static func mode(_ number: Int) -> String { "mode_\(number)" }
    public static func theoryMode(_ number: Int) -> String { "theory_mode_\(number)" }
    /// When that was a half.
    public static func halfEpoch(_ number: Int) -> String { "half_epoch_\(number)" }
    public static func theoryHalfEpoch(_ number: Int) -> String { "theory_half_epoch_\(number)" }
    /// Of routing networks: the same from the closed form, and the hidden singular value at the
    /// end.
    public static func closedFormHalfEpoch(_ number: Int) -> String {
        "closed_form_half_epoch_\(number)"
    }
    public static func closedFormFinalHidden(_ number: Int) -> String {
        "closed_form_final_hidden_\(number)"
    }
}

/// Whether the exact reduction says something of a network, and if not, why. The numbers travel as
/// a metric, and must stay what they are.
public enum TheoryStatus: Int, CaseIterable, Sendable {
    case exact = 0
    case startNotDecoupled = 1
    case notDiagonalizable = 2
    case tooLarge = 3

    /// As it stands in a report.
    public var text: String {
        switch self {
        case .exact: "exact"
        case .startNotDecoupled: "approximate: the start is not decoupled"
        case .notDiagonalizable: "none: the correlations are not mutually diagonalizable"
        case .tooLarge: "none: too large to look for modes"
        }
    }
}

extension Experiment {
    /// The metrics that a report shows, in its order.
    public var reportMetrics: [String] {
        let losses = [MetricName.lossTrainedPaths, MetricName.lossUntrainedPaths]
        let modes = 1...Limits.reportedModesMax
        let theory =
            [
                MetricName.theoryLoss, MetricName.theoryDeviationMax,
                MetricName.theoryDeviationRMS,
            ] + modes.flatMap { [MetricName.halfEpoch($0), MetricName.theoryHalfEpoch($0)] }
        switch self {
        case .kPath:
            return losses + [MetricName.accuracyTrainedPaths, MetricName.accuracyUntrainedPaths]
        case .gatedNetwork:
            return losses + [MetricName.trainingLoss] + theory
        case .routing:
            return losses + [MetricName.trainingLoss, MetricName.representationSimilarity] + theory
                + modes.map(MetricName.closedFormHalfEpoch)
                + modes.map(MetricName.closedFormFinalHidden)
        }
    }

    /// The splits of the data that it measures on. Networks of the theory have all their data in
    /// one, and it stands under `test`, whose columns have no prefix.
    public var splits: [MetricRow.Split] {
        switch self {
        case .kPath: [.test, .train]
        case .routing, .gatedNetwork: [.test]
        }
    }

    /// Whether a theory stands beside what it measures.
    public var hasTheory: Bool { self != .kPath }
}
