/// Asynchronous successive halving: at each rung, so many epochs, a task goes on only if it is
/// among the best of those that have come there so far. Which tasks are stopped depends on the
/// order in which they come: nothing waits for anything.
///
/// Source: Li, Jamieson, Rostamizadeh, Gonina, Ben-tzur, Hardt, Recht & Talwalkar, "A System for
/// Massively Parallel Hyperparameter Tuning", MLSys 2020, with stopping in place of promotion.
public struct Halving: Codable, Hashable, Sendable {
    public let metric: MeasuredColumn
    public let mode: Mode
    /// Epochs, ascending.
    public let rungs: [Int]
    /// The share that goes on, above 0 and below 1.
    public let keep: Double

    public enum Mode: String, Codable, CaseIterable, Sendable {
        case min
        case max
    }

    /// Whether a task goes on from a rung: as many as the share of those there, rounded down, and
    /// at least one. What is equal to the last of them goes on too. NaN is worse than any number.
    /// - Parameter values: what came to the rung before, and the task's own.
    public func keeps(_ value: Float, among values: [Float]) -> Bool {
        if value.isNaN { return values.allSatisfy(\.isNaN) }
        let places = Swift.max(1, Int(Double(values.count) * keep))
        let better = values.count { mode == .min ? $0 < value : $0 > value }
        return better < places
    }
}

extension Halving {
    static func read(
        _ value: SourceValue?, _ experiment: Experiment, _ mistakes: MistakeCollector
    ) -> Halving? {
        guard let value else { return nil }
        let before = mistakes.found.count
        var fields = FieldReader(
            value, wanted: "a map of metric, mode, rungs and keep", mistakes: mistakes)
        let metric = fields.measuredColumn("metric", experiment)
        let mode = fields.choice("mode", default: nil as Mode?)
        let rungs = fields.rungs()
        let keep = fields.number("keep", .aboveZeroToBelowOne, default: 1.0 / 3)
        fields.finish()
        guard mistakes.found.count == before, let metric, let mode else { return nil }
        return Halving(metric: metric, mode: mode, rungs: rungs, keep: keep)
    }

    var json: JSONValue {
        .object([
            "metric": .string(metric.name), "mode": .string(mode.rawValue),
            "rungs": .array(rungs.map(JSONValue.integer)), "keep": .number(keep),
        ])
    }

    /// A rung where nothing is measured would stop nothing.
    func check(_ configuration: Configuration, at place: Place, _ mistakes: MistakeCollector) {
        let every = configuration.evaluatedEveryEpochs
        for rung in rungs where rung < configuration.epochs && rung % every != 0 {
            mistakes.add(
                .conflict, at: place,
                "found rung \(rung), wanted epochs after which every task is measured: "
                    + "evaluation.every_epochs is \(every)")
        }
    }
}

extension FieldReader {
    fileprivate mutating func rungs() -> [Int] {
        let wanted =
            "a list of 1 to \(Limits.rungsMax) whole numbers of epochs, each above the one before"
        guard let value = required("rungs", wanted: wanted) else { return [] }
        let rungs = (value.elements ?? []).compactMap(\.wholeNumber)
        let isAscending = zip(rungs, rungs.dropFirst()).allSatisfy { $0 < $1 }
        guard let elements = value.elements, elements.count == rungs.count, isAscending,
            (1...Limits.rungsMax).contains(rungs.count), let first = rungs.first,
            first >= 1, rungs.allSatisfy({ $0 <= Limits.epochsMax })
        else {
            mistakes.add(.wrongValue, at: value.place, "found \(value.cell), wanted \(wanted)")
            return []
        }
        return rungs
    }
}
