/// The metrics of gated networks beyond the losses of pathways: the training loss, the theory
/// beside it, and by mode (from 1, the strongest first) what is learnt of it.
extension MetricName {
    public static let trainingLoss = "training_loss"
    /// How alike the encoders of a routing network are: the mean cosine between what two of them
    /// make of all items.
    public static let representationSimilarity = "representation_similarity"

    /// A `TheoryStatus` as a number, and the numbers of a `TheoryReason`.
    public static let theoryStatus = "theory_status"
    public static let theoryRemainder = "theory_remainder"
    public static let theoryFirst = "theory_first"
    public static let theorySecond = "theory_second"
    /// A `TheoryStart` as a number, where the first weights are not decoupled, and what it is where
    /// the configuration gives it.
    public static let theoryStart = "theory_start"
    public static let theoryStartValue = "theory_start_value"
    /// The learning rate, where the network is trained by gradient descent and the reduction
    /// follows the gradient flow.
    public static let theoryStep = "theory_step"
    /// What the reduction says the training loss is.
    public static let theoryLoss = "theory_loss"
    /// Of the training loss from the theory's, in parts of the loss at the start, over all that was
    /// measured.
    public static let theoryDeviationMax = "theory_deviation_max"
    public static let theoryDeviationRMS = "theory_deviation_rms"
    /// Of gradient descent: the deviation of the training loss from that of the reduction under the
    /// same finite steps.
    public static let theoryStepDeviationMax = "theory_step_deviation_max"
    /// The largest relative error of the theory's half times, over all modes; infinite where the
    /// network or the theory alone has come to a half.
    public static let theoryHalfEpochErrorMax = "theory_half_epoch_error_max"
    /// Of gradient descent: the same of the reduction under the same finite steps.
    public static let theoryStepHalfEpochErrorMax = "theory_step_half_epoch_error_max"

    /// What the pathways have learnt of a mode: 0 nothing, 1 all.
    public static func mode(_ number: Int) -> String { "mode_\(number)" }
    public static func theoryMode(_ number: Int) -> String { "theory_mode_\(number)" }
    /// The mode's number in what a pathway does, mean over those that are to learn it.
    public static func singularValue(_ number: Int) -> String { "singular_value_\(number)" }
    public static func theorySingularValue(_ number: Int) -> String {
        "theory_singular_value_\(number)"
    }
    /// Of routing networks: that in the hidden matrix.
    public static func hiddenSingularValue(_ number: Int) -> String {
        "hidden_singular_value_\(number)"
    }
    public static func theoryHiddenSingularValue(_ number: Int) -> String {
        "theory_hidden_singular_value_\(number)"
    }
    /// Which part of all that is learnt goes through some hidden nodes.
    public static func pathwayShare(_ number: Int) -> String { "pathway_share_\(number)" }
    /// When a half of a mode was learnt.
    public static func halfEpoch(_ number: Int) -> String { "half_epoch_\(number)" }
    public static func theoryHalfEpoch(_ number: Int) -> String { "theory_half_epoch_\(number)" }
    /// Of routing networks: a `ClosedFormStatus` as a number.
    public static let closedFormStatus = "closed_form_status"
    /// Of routing networks: the same from the closed form, and the hidden singular value at the
    /// end; where the closed form holds.
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
    case nothingTrained = 4

    /// As it stands in a report.
    public var text: String {
        switch self {
        case .exact: "exact"
        case .startNotDecoupled: "approximate: the start is not decoupled"
        case .notDiagonalizable: "none: the correlations are not mutually diagonalizable"
        case .tooLarge: "none: too large to look for modes"
        case .nothingTrained: "none: nothing is trained"
        }
    }
}

/// What keeps the reduction from being exact: what is left over, relative to what it is left of,
/// and where. It travels as metrics, of which there are no texts.
public struct TheoryReason: Equatable, Sendable {
    public var remainder: Double
    /// Where correlations are left over, the numbers that `pathway_share_N` gives the pathways
    /// that they are of, the second missing where it is the first; where the start is not
    /// decoupled, the number of the edge from 1. Nil: no single place.
    public var first: Int?
    public var second: Int?

    public init(remainder: Double, first: Int? = nil, second: Int? = nil) {
        (self.remainder, self.first, self.second) = (remainder, first, second)
    }

    public var values: [String: Double] {
        var values = [MetricName.theoryRemainder: remainder]
        values[MetricName.theoryFirst] = first.map(Double.init)
        values[MetricName.theorySecond] = second.map(Double.init)
        return values
    }

    /// What a report adds to a status; empty where the metrics have no reason.
    public static func text(_ status: TheoryStatus, _ values: [String: MetricValue]) -> String {
        guard let remainder = values[MetricName.theoryRemainder] else { return "" }
        let places = [MetricName.theoryFirst, MetricName.theorySecond].compactMap {
            values[$0].flatMap { Int(exactly: $0.value) }
        }
        let name = status == .startNotDecoupled ? "edge" : "pathway"
        let place =
            switch places.count {
            case 0: ""
            case 1: "\(name) \(places[0]): "
            default: "\(name)s \(places[0]) and \(places[1]): "
            }
        return " (\(place)\(remainder.text) is left over)"
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
                MetricName.theoryDeviationRMS, MetricName.theoryStepDeviationMax,
                MetricName.theoryHalfEpochErrorMax, MetricName.theoryStepHalfEpochErrorMax,
            ] + modes.flatMap { [MetricName.halfEpoch($0), MetricName.theoryHalfEpoch($0)] }
        switch self {
        case .kPath:
            return losses + [MetricName.accuracyTrainedPaths, MetricName.accuracyUntrainedPaths]
        case .gatedNetwork:
            return losses + [MetricName.trainingLoss] + theory
                + (1...Limits.reportedPathwaysMax).map(MetricName.pathwayShare)
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

    /// Whether that theory has a closed form.
    public var hasClosedForm: Bool { self == .routing }
}
