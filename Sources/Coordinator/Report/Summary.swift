import Foundation
import Shared

/// A report in short, for a person: what the trained and the untrained pathways came to (their
/// accuracy, or their loss where nothing is classified), for each setting of the axes and each
/// gate. Tasks that differ in their seeds only are averaged.
///
/// Made from `report.csv` alone, so that one on disk says the same as one of a running sweep. The
/// order is that of the report: by setting first, so that what a gate does stands one line below
/// the other.
struct Summary {
    /// The axes that are no seeds and no gates.
    private let axes: [String]
    private let measure: Measure
    private var groups: [Group] = []
    private(set) var taskCount = 0
    private(set) var finishedCount = 0

    private struct Group {
        var setting: [String]
        var gate: String
        var pathways: String
        var trained = Mean()
        var untrained = Mean()
    }

    /// Throws where a column that a report has is missing.
    init(report csv: String) throws(SummaryError) {
        let lines = CSV.read(csv)
        let columns = lines.first ?? []
        measure = columns.contains(Measure.accuracy.columns[0]) ? .accuracy : .loss
        let needed = ["state", "gate_family", "gate_k", "trained_pathways", "untrained_pathways"]
        for name in needed + measure.columns where !columns.contains(name) {
            throw SummaryError(column: name)
        }
        axes = Self.settingColumns(columns)
        for line in lines.dropFirst() {
            add(Dictionary(zip(columns, line)) { first, _ in first })
        }
        // Stable: gates stay in the order of the report.
        let settings = groups.map(\.setting).uniqued()
        groups = settings.flatMap { setting in groups.filter { $0.setting == setting } }
    }

    private enum Measure: String {
        case accuracy
        case loss

        /// Of trained and of untrained pathways.
        var columns: [String] {
            ["\(rawValue)_trained_paths", "\(rawValue)_untrained_paths"]
        }

        /// An accuracy is at most one; a loss may be of any size.
        var format: String { self == .accuracy ? "%.3f" : "%.4g" }
    }

    /// The axes' columns stand between the state and the gate.
    private static func settingColumns(_ columns: [String]) -> [String] {
        columns.drop { $0 != "state" }.dropFirst().prefix { $0 != "gate_family" }
            .filter { !$0.hasPrefix("seeds.") && !$0.hasPrefix("gate.") }
    }

    private mutating func add(_ row: [String: String]) {
        taskCount += 1
        let setting = axes.map { row[$0] ?? "" }
        let gate = ["gate_family", "gate_k"].compactMap { row[$0] }.filter { !$0.isEmpty }
            .joined(separator: " ")
        let counts = ["trained_pathways", "untrained_pathways"].compactMap { row[$0] }
        let pathways = counts.filter { !$0.isEmpty }.joined(separator: "+")
        let known = groups.firstIndex {
            $0.setting == setting && $0.gate == gate && $0.pathways == pathways
        }
        let index = known ?? groups.count
        if known == nil {
            groups.append(Group(setting: setting, gate: gate, pathways: pathways))
        }
        guard TaskState(rawValue: row["state"] ?? "")?.hasResult == true else { return }
        finishedCount += 1
        groups[index].trained.add(row[measure.columns[0]])
        groups[index].untrained.add(row[measure.columns[1]])
    }

    private var title: String {
        switch measure {
        case .accuracy: "Accuracy on the test split"
        case .loss: "Loss of pathways"
        }
    }

    /// A title and a table. What nothing is known of yet, and the untrained pathways of a gate that
    /// trains all, stay empty.
    var text: String {
        var table = TextTable(axes + ["gate", "pathways", "trained", "untrained"])
        for group in groups {
            table.add(
                group.setting + [
                    group.gate, group.pathways, group.trained.text(measure.format),
                    group.untrained.text(measure.format),
                ])
        }
        return """
            \(title), mean over the seeds; \(finishedCount) of \(taskCount) \
            tasks are trained.
            Pathways: how many are trained + how many are not.

            \(table.text)
            """
    }
}

/// The mean of the numbers among some cells.
private struct Mean {
    private var sum = 0.0
    private var count = 0

    mutating func add(_ cell: String?) {
        guard let value = cell.flatMap(Double.init), value.isFinite else { return }
        sum += value
        count += 1
    }

    func text(_ format: String) -> String {
        count == 0 ? "" : String(format: format, sum / Double(count))
    }
}

struct SummaryError: Error, CustomStringConvertible {
    /// The first column that is missing.
    let column: String

    var description: String { "found no column '\(column)', wanted a report.csv" }
}

extension Sequence where Element: Hashable {
    fileprivate func uniqued() -> [Element] {
        var seen: Set<Element> = []
        return filter { seen.insert($0).inserted }
    }
}
