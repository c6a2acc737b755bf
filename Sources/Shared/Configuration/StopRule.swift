/// When a task has learnt enough: at the first evaluation where a metric is below, or above, a
/// bound. Part of what is trained, so two tasks that differ in it are two.
public struct StopRule: Hashable, Sendable {
    /// A column of the report: without a prefix on the test split, with `train_` on the other.
    public var metric: MeasuredColumn
    public var bound: Bound

    public init(metric: MeasuredColumn, bound: Bound) {
        (self.metric, self.bound) = (metric, bound)
    }

    public enum Bound: Hashable, Sendable {
        case below(Double)
        case above(Double)
    }

    /// Whether the rows of one evaluation say so. NaN is neither below nor above anything.
    public func isMet(by rows: [MetricRow]) -> Bool {
        guard let value = metric.value(in: rows).map(Double.init) else { return false }
        return switch bound {
        case .below(let bound): value < bound
        case .above(let bound): value > bound
        }
    }
}

/// A metric by the name of its column in a report.
public struct MeasuredColumn: Codable, Hashable, Sendable {
    public let name: String

    public init(_ name: String) { self.name = name }

    private static let trainPrefix = "train_"

    public var split: MetricRow.Split { name.hasPrefix(Self.trainPrefix) ? .train : .test }

    /// As measured rows have it.
    public var metric: String {
        split == .train ? String(name.dropFirst(Self.trainPrefix.count)) : name
    }

    /// The first of the rows that have it.
    public func value(in rows: [MetricRow]) -> Float? {
        rows.lazy.filter { $0.split == split }.compactMap { $0.values[metric]?.value }.first
    }
}

extension Experiment {
    /// What a report shows of each task's training, by column.
    var measuredColumns: [String] {
        let names = reportMetrics
        return names + (splits.contains(.train) ? names.map { "train_" + $0 } : [])
    }
}

extension StopRule {
    static let keys = ["metric", "below", "above"]

    var json: JSONValue {
        var members: [String: JSONValue] = ["metric": .string(metric.name)]
        switch bound {
        case .below(let bound): members["below"] = .number(bound)
        case .above(let bound): members["above"] = .number(bound)
        }
        return .object(members)
    }
}

extension FieldReader {
    /// `stop`; nil where there is none, or a wrong one.
    mutating func stopRule(_ experiment: Experiment) -> StopRule? {
        guard let map = value("stop") else { return nil }
        if case .null = map.content { return nil }
        var fields = FieldReader(
            map, wanted: "a map of metric, and below or above", mistakes: mistakes)
        let column = fields.measuredColumn("metric", experiment)
        let bounds = ["below", "above"].filter(fields.has)
        if map.members != nil, bounds.count != 1 {
            let found = bounds.isEmpty ? "neither below nor above" : "both below and above"
            mistakes.add(.conflict, at: map.place, "found \(found), wanted one of the two")
        }
        let below = fields.has("below") ? fields.number("below", .any, default: nil) : nil
        let above = fields.has("above") ? fields.number("above", .any, default: nil) : nil
        fields.know(StopRule.keys)
        fields.finish()
        let bound = below.map(StopRule.Bound.below) ?? above.map(StopRule.Bound.above)
        guard let column, let bound else { return nil }
        return StopRule(metric: column, bound: bound)
    }

    mutating func measuredColumn(_ key: String, _ experiment: Experiment) -> MeasuredColumn? {
        let names = experiment.measuredColumns
        let wanted = "a metric of the report, such as \(names[0])"
        guard let value = required(key, wanted: wanted) else { return nil }
        return choice(value, among: names).map(MeasuredColumn.init)
    }
}
