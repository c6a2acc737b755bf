import Foundation
import Shared

/// A report in short, for a person: what the trained and the untrained pathways came to (their
/// accuracy, or their loss where nothing is classified), for each setting of the axes and each
/// gate. Tasks that differ in their seeds only are averaged, also where a gate is drawn from one;
/// gates of two names or two classes are two. Each mean says of how many tasks it is; a task that
/// diverged enters none and is counted apart.
///
/// Made from `report.csv` alone, so that one on disk says the same as one of a running sweep. The
/// order is that of the report: by setting first, so that what a gate does stands one line below
/// the other.
struct Summary {
    /// The axes that are no seeds and no gates.
    private let axes: [String]
    /// What tells gates apart, by column: their family and k, the axes that vary parts of them,
    /// their names and their classes.
    private let gateColumns: [String]
    private let measure: Measure
    private var groups: [Group] = []
    private var places: [Group.Key: Int] = [:]
    private(set) var taskCount = 0
    private(set) var completeCount = 0
    private(set) var divergedCount = 0

    private struct Group {
        struct Key: Hashable {
            var setting: [String]
            var gate: [String]
            var pathways: String
        }

        let key: Key
        var taskCount = 0
        var divergedCount = 0
        /// The tasks that are complete and have not diverged: those that the means are of.
        var count = 0
        var trained = Mean()
        var untrained = Mean()
    }

    /// Throws where a column that a report has is missing.
    init(report csv: String) throws(SummaryError) {
        let lines = CSV.read(csv)
        let columns = lines.first ?? []
        measure = columns.contains(Measure.accuracy.columns[0]) ? .accuracy : .loss
        let needed = [
            "state", "complete", "diverged_epoch", "gate_family", "gate_k", "trained_pathways",
            "untrained_pathways",
        ]
        for name in needed + measure.columns where !columns.contains(name) {
            throw SummaryError(column: name)
        }
        let varied = Self.axes(columns)
        axes = varied.filter { !$0.hasPrefix("gate.") }
        gateColumns =
            ["gate"] + varied.filter { $0.hasPrefix("gate.") && !Self.toldByGate.contains($0) }
            + ["name", "id"]
        for line in lines.dropFirst() {
            add(Dictionary(zip(columns, line)) { first, _ in first })
        }
        // Stable: gates stay in the order of the report.
        let bySetting = Dictionary(grouping: groups, by: \.key.setting)
        groups = groups.map(\.key.setting).uniqued().flatMap { bySetting[$0] ?? [] }
    }

    /// Axes that the columns of the gate tell of.
    private static let toldByGate = ["gate.family", "gate.k", "gate.name"]
    /// Gates of these are drawn from a seed, and averaged as all that is.
    private static let drawnFamilies = ["random_regular", "bernoulli"]

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

    /// The axes' columns stand between `complete` and the gate.
    private static func axes(_ columns: [String]) -> [String] {
        columns.drop { $0 != "complete" }.dropFirst().prefix { $0 != "gate_family" }
            .filter { $0 != "seeds" && !$0.hasPrefix("seeds.") }
    }

    private mutating func add(_ row: [String: String]) {
        taskCount += 1
        let counts = ["trained_pathways", "untrained_pathways"].compactMap { row[$0] }
        let pathways = counts.filter { !$0.isEmpty }.joined(separator: "+")
        let key = Group.Key(
            setting: axes.map { row[$0] ?? "" },
            gate: gateColumns.map { Self.gateCell($0, row) }, pathways: pathways)
        let index = places[key] ?? groups.count
        if index == groups.count { groups.append(Group(key: key)) }
        places[key] = index
        groups[index].taskCount += 1
        guard row["complete"] == "true" else { return }
        completeCount += 1
        guard row["diverged_epoch"] == "" else {
            groups[index].divergedCount += 1
            divergedCount += 1
            return
        }
        groups[index].count += 1
        groups[index].trained.add(row[measure.columns[0]])
        groups[index].untrained.add(row[measure.columns[1]])
    }

    private static func gateCell(_ column: String, _ row: [String: String]) -> String {
        let family = row["gate_family"] ?? ""
        return switch column {
        case "gate": [family, row["gate_k"] ?? ""].filter { !$0.isEmpty }.joined(separator: " ")
        case "name": row["gate_name"] ?? ""
        case "id": drawnFamilies.contains(family) ? "" : row["gate_id"] ?? ""
        default: row[column] ?? ""
        }
    }

    /// The gate's columns without those that are the same in all lines, and without the id where
    /// the rest of a line tells the gates apart.
    private var shownGateColumns: [Int] {
        let shown = gateColumns.indices.filter { index in
            index == 0 || Set(groups.map { $0.key.gate[index] }).count > 1
        }
        guard let id = shown.last, id == gateColumns.count - 1 else { return shown }
        let rest = shown.dropLast()
        let told = Set(
            groups.map { group in
                group.key.setting + rest.map { group.key.gate[$0] } + [group.key.pathways]
            })
        return told.count == groups.count ? Array(rest) : shown
    }

    private var divergedNote: String {
        divergedCount == 0 ? "" : ", \(divergedCount) of them diverged and are in no mean"
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
        let shown = shownGateColumns
        var table = TextTable(
            axes + shown.map { gateColumns[$0] } + ["pathways", "trained", "untrained", "n"]
                + (divergedCount > 0 ? ["diverged"] : []))
        for group in groups {
            table.add(
                group.key.setting + shown.map { group.key.gate[$0] } + [
                    group.key.pathways, group.trained.text(measure.format),
                    group.untrained.text(measure.format), "\(group.count) of \(group.taskCount)",
                ]
                    + (divergedCount > 0
                        ? ["\(group.divergedCount) of \(group.taskCount)"] : []))
        }
        return """
            \(title), mean over the seeds; \(completeCount) of \(taskCount) \
            tasks are complete\(divergedNote).
            Pathways: how many are trained + how many are not. n: the tasks that a mean is of.

            \(table.text)
            """
    }
}

/// The mean of the numbers among some cells; NaN or infinite if one of them is.
private struct Mean {
    private var sum = 0.0
    private var count = 0

    mutating func add(_ cell: String?) {
        guard let value = cell.flatMap(Double.init) else { return }
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
