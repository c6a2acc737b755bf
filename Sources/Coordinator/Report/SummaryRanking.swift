import Foundation
import Shared

/// By which column the lines of a summary are sorted, if the sweep looks for a best task.
struct SummaryRanking {
    let metric: String
    let mode: Halving.Mode

    /// What a sweep says of the order of its tasks.
    enum Order: Equatable {
        case metric(String, Halving.Mode)
        /// A random search without halving: by what is measured of the untrained pathways, or else
        /// of the trained ones.
        case generalization
    }

    /// Nil where the report has no such column.
    init?(_ order: Order, _ report: [[String]]) {
        let header = report.first ?? []
        func hasNumbers(_ name: String) -> Bool {
            guard let index = header.firstIndex(of: name) else { return false }
            return report.dropFirst().contains { $0.indices.contains(index) && !$0[index].isEmpty }
        }
        switch order {
        case .metric(let metric, let mode):
            guard header.contains(metric) else { return nil }
            (self.metric, self.mode) = (metric, mode)
        case .generalization:
            let all: [(String, Halving.Mode)] = [
                (MetricName.accuracyUntrainedPaths, .max), (MetricName.accuracyTrainedPaths, .max),
                (MetricName.lossUntrainedPaths, .min), (MetricName.lossTrainedPaths, .min),
            ]
            guard let first = all.first(where: { hasNumbers($0.0) }) else { return nil }
            (metric, mode) = first
        }
    }

    var note: String { "Sorted by \(metric), the \(mode == .max ? "largest" : "smallest") first." }

    /// The best first; what has no number, and then what is NaN, last. Stable.
    func sorted<Element>(_ elements: [Element], by value: (Element) -> Double?) -> [Element] {
        func rank(_ element: Element) -> (kind: Int, value: Double) {
            guard let value = value(element) else { return (1, 0) }
            if value.isNaN { return (2, 0) }
            return (0, mode == .max ? -value : value)
        }
        return elements.enumerated().sorted { left, right in
            let (first, second) = (rank(left.element), rank(right.element))
            return (first.kind, first.value, left.offset)
                < (second.kind, second.value, right.offset)
        }.map(\.element)
    }
}

extension SummaryRanking.Order {
    /// From a sweep's specification; nil for a grid without halving.
    init?(specification: JSONValue) {
        if let halving = specification["halving"], case .string(let metric)? = halving["metric"],
            case .string(let mode)? = halving["mode"], let mode = Halving.Mode(rawValue: mode)
        {
            self = .metric(metric, mode)
        } else if specification["search"]?["method"] == .string("random") {
            self = .generalization
        } else {
            return nil
        }
    }
}
