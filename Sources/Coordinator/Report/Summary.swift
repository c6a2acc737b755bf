import Foundation
import Shared

/// A report in short, for a person: what the trained and the untrained pathways came to (their
/// accuracy, or their loss where nothing is classified), for each setting of the axes and each
/// gate. Tasks that differ in their seeds only are averaged, also where a gate is drawn from one;
/// gates of two names or two classes are two. Each mean says of how many tasks it is; a task that
/// diverged enters none and is counted apart.
///
/// Of networks with a theory it also says who won the race: when a half of the strongest mode was
/// learnt, beside the theory's time, and which pathways most of what is learnt goes through.
///
/// The order is that of the report: by setting first, so that what a gate does stands one line
/// below the other. A random search and a halving are sorted by their metric.
struct Summary {
    /// The axes that are no seeds and no gates.
    private let axes: [String]
    /// Of axes that vary several paths: the columns with the values' labels.
    private let labelColumns: [String]
    /// What tells gates apart, by column: their family and k, the axes that vary parts of them,
    /// their names and their classes.
    private let gateColumns: [String]
    private let measure: Measure
    private let hasTheory: Bool
    private let ranking: SummaryRanking?
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
        /// Under each label column; nil where the tasks differ in it.
        var labels: [String?]
        var taskCount = 0
        var divergedCount = 0
        /// The tasks that are complete and have not diverged: those that the means are of.
        var count = 0
        var trained = Mean()
        var untrained = Mean()
        var ranked = Mean()
        var race = RaceMeans()
    }

    /// Throws where a column that a report has is missing.
    /// - Parameter order: how the sweep's tasks are sorted; nil: not at all.
    init(report csv: String, sortedBy order: SummaryRanking.Order? = nil) throws(SummaryError) {
        let lines = CSV.read(csv)
        let columns = lines.first ?? []
        hasTheory = columns.contains("theory")
        ranking = order.flatMap { SummaryRanking($0, lines) }
        measure = columns.contains(Measure.accuracy.columns[0]) ? .accuracy : .loss
        let needed = [
            "state", "complete", "diverged_epoch", "gate_family", "gate_k", "trained_pathways",
            "untrained_pathways",
        ]
        for name in needed + measure.columns where !columns.contains(name) {
            throw SummaryError(column: name)
        }
        let paths = Set(Experiment.allCases.flatMap(\.paths))
        let varied = Self.axes(columns).filter(paths.contains)
        labelColumns = Self.axes(columns).filter { !paths.contains($0) }
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
        if let ranking {
            groups = ranking.sorted(groups, by: \.ranked.value)
        }
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
        let labels = labelColumns.map { row[$0] }
        let index = places[key] ?? groups.count
        if index == groups.count { groups.append(Group(key: key, labels: labels)) }
        places[key] = index
        for (column, label) in labels.enumerated() where groups[index].labels[column] != label {
            groups[index].labels[column] = nil
        }
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
        groups[index].ranked.add(ranking.flatMap { row[$0.metric] })
        if hasTheory { groups[index].race.add(row) }
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

    /// A column of the table, with the text of each group.
    private struct Column {
        let name: String
        let text: (Group) -> String
    }

    private var columns: [Column] {
        var columns = labelColumns.indices.filter { index in
            groups.allSatisfy { $0.labels[index] != nil }
        }.map { index in Column(name: labelColumns[index]) { $0.labels[index] ?? "" } }
        columns += axes.indices.map { index in
            Column(name: axes[index]) { $0.key.setting[index] }
        }
        columns += shownGateColumns.map { index in
            Column(name: gateColumns[index]) { $0.key.gate[index] }
        }
        columns += [
            Column(name: "pathways") { $0.key.pathways },
            Column(name: "trained") { [measure] in $0.trained.text(measure.format) },
            Column(name: "untrained") { [measure] in $0.untrained.text(measure.format) },
        ]
        if hasTheory {
            // Networks of one kind have no gate and no untrained pathways.
            columns = columns.filter { column in groups.contains { !column.text($0).isEmpty } }
            columns += RaceMeans.columns.map { name, text in Column(name: name) { text($0.race) } }
        }
        if let ranking, !measure.columns.contains(ranking.metric) {
            columns.append(Column(name: ranking.metric) { $0.ranked.text("%.4g") })
        }
        columns.append(Column(name: "n") { "\($0.count) of \($0.taskCount)" })
        if divergedCount > 0 {
            columns.append(Column(name: "diverged") { "\($0.divergedCount) of \($0.taskCount)" })
        }
        return columns
    }

    /// A title and a table. What nothing is known of yet, and the untrained pathways of a gate that
    /// trains all, stay empty.
    var text: String {
        let columns = columns
        var table = TextTable(columns.map(\.name))
        for group in groups { table.add(columns.map { $0.text(group) }) }
        let notes = [ranking?.note, hasTheory ? RaceMeans.note : nil].compactMap(\.self)
        return """
            \(title), mean over the seeds; \(completeCount) of \(taskCount) \
            tasks are complete\(divergedNote).
            Pathways: how many are trained + how many are not. n: the tasks that a mean is of.\
            \(notes.map { "\n" + $0 }.joined())

            \(table.text)
            """ + (raceResult.map { "\n\n" + $0 } ?? "")
    }

    /// Which setting of several was the first and which the last to learn a half of the strongest
    /// mode.
    private var raceResult: String? {
        guard hasTheory else { return nil }
        let shown = columns.filter { column in
            axes.contains(column.name) || gateColumns.contains(column.name)
        }.filter { column in Set(groups.map(column.text)).count > 1 }
        return RaceMeans.result(
            groups.map { group in
                let setting = shown.map { ($0.name, $0.text(group)) }.filter { !$0.1.isEmpty }
                return (
                    setting: setting.map { "\($0.0) = \($0.1)" }.joined(separator: ", "),
                    race: group.race
                )
            })
    }
}

/// The mean of the numbers among some cells; NaN or infinite if one of them is.
struct Mean {
    private var sum = 0.0
    private(set) var count = 0

    mutating func add(_ cell: String?) {
        guard let value = cell.flatMap(Double.init) else { return }
        sum += value
        count += 1
    }

    var value: Double? { count == 0 ? nil : sum / Double(count) }

    func text(_ format: String) -> String { value.map { String(format: format, $0) } ?? "" }
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
