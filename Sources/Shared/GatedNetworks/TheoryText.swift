/// The texts of a report's columns `theory` and `closed_form`, made from metrics: no text travels
/// with a training's rows.

/// Where the reduction starts if the first weights are not decoupled. The numbers travel as a
/// metric, and must stay what they are.
public enum TheoryStart: Int, CaseIterable, Sendable {
    /// From what of the weights grows first.
    case computed = 0
    /// From the gain of an orthogonal start / 2.5, in every mode.
    case guessed = 1
    /// From `theory.initial_singular_value`, in every mode.
    case given = 2
    /// From the gain of a balanced start, in every mode.
    case gain = 3

    fileprivate func text(_ value: MetricValue?) -> String {
        switch self {
        case .computed: " and is computed from the first weights"
        case .guessed: " and is guessed as gain / 2.5"
        case .given: " and is given as \(value?.text ?? "theory.initial_singular_value")"
        case .gain: " and is taken as the gain"
        }
    }
}

/// Whether the closed form of a routing network holds, and if not, which condition fails. The
/// numbers travel as a metric, and must stay what they are.
public enum ClosedFormStatus: Int, CaseIterable, Sendable {
    case applies = 0
    case noReduction = 1
    case unequalGate = 2
    case inputsNotUnit = 3
    case startNotDecoupled = 4
    case startNotCommon = 5

    /// As it stands in a report.
    public var text: String {
        switch self {
        case .applies: "applies"
        case .noReduction: "none: there is no reduction"
        case .unequalGate: "none: domains differ in their numbers of trained pathways"
        case .inputsNotUnit: "none: the inputs' second moment is not 1 along every mode"
        case .startNotDecoupled: "none: the start is not decoupled"
        case .startNotCommon: "none: the modes do not all start from the gain in every layer"
        }
    }
}

public enum TheoryText {
    /// Whether the theory holds, where the reduction starts, by which steps the network was trained
    /// that the reduction follows as a flow, and what is left over. Nil without a status.
    public static func theory(_ values: [String: MetricValue]) -> String? {
        values.coded(MetricName.theoryStatus, TheoryStatus.self).map { status in
            theory(status, values) + TheoryReason.text(status, values)
        }
    }

    /// The same without what is left over.
    public static func theory(_ status: TheoryStatus, _ values: [String: MetricValue]) -> String {
        let step = values[MetricName.theoryStep].map { "trained by steps of \($0.text)" }
        switch status {
        case .exact:
            return status.text + (step.map { " for gradient flow; \($0)" } ?? "")
        case .startNotDecoupled:
            let start = values.coded(MetricName.theoryStart, TheoryStart.self)
            return status.text + (start?.text(values[MetricName.theoryStartValue]) ?? "")
                + (step.map { "; \($0)" } ?? "")
        case .notDiagonalizable, .tooLarge, .nothingTrained:
            return status.text
        }
    }

    /// Whether the closed form holds; nil without a status.
    public static func closedForm(_ values: [String: MetricValue]) -> String? {
        values.coded(MetricName.closedFormStatus, ClosedFormStatus.self).map { status in
            guard status == .applies, let step = values[MetricName.theoryStep] else {
                return status.text
            }
            return status.text + " to gradient flow; trained by steps of \(step.text)"
        }
    }
}

extension [String: MetricValue] {
    /// A metric that stands for one of some cases; nil where it is missing or none of them.
    fileprivate func coded<Code: RawRepresentable<Int>>(
        _ name: String, _ type: Code.Type
    ) -> Code? {
        self[name].flatMap { Int(exactly: $0.value) }.flatMap(Code.init(rawValue:))
    }
}
