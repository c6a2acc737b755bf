import ArgumentParser
import Foundation
import Shared

/// Shows what gates a sweep file means.
struct Gates: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Draw the gates of a sweep file.",
        discussion: """
            Example: gdln-coordinator gates deploy/sweeps/gates-4x4.yaml --limit 5

            A row is an input domain, a column an output domain, a filled square an open pathway. \
            Gates of one id differ only in the order of rows and columns.
            """)

    @Argument(help: "The sweep file; - for the standard input.")
    var file: String

    @Option(help: "Draw at most so many.")
    var limit = 20

    @Flag(help: "JSON for programs, a gate a line, all of them.")
    var json = false

    func run() throws {
        let (sweep, points) = try Submit.readSweep(file)
        let gates = try GateList(points)
        if json {
            let lines = try gates.all.map { try $0.jsonLine() + "\n" }.joined()
            try StandardOutput.write(Data(lines.utf8))
            Warnings.write(
                [OutputCheck.warning(of: Data(lines.utf8), as: .json)].compactMap(\.self))
            return
        }
        for gate in gates.all.prefix(max(0, limit)) {
            try StandardOutput.print(gate.text + "\n")
        }
        let count = gates.all.count
        if count > limit {
            try StandardOutput.print(
                "\(count - limit) more are not drawn; --limit \(count) draws all.")
        }
        if gates.all.isEmpty {
            try StandardOutput.print(
                "no gates: experiment \(sweep.experiment.rawValue) has its pathways in "
                    + "network.contexts")
        } else {
            try StandardOutput.print(gates.summary)
        }
    }
}

/// The gates of a sweep, in the order of its tasks: each recipe and name with each pattern that it
/// comes to.
struct GateList {
    private(set) var all: [Drawing] = []
    private let patternCount: Int

    init(_ points: [SweepPoint]) throws {
        struct Key: Hashable {
            var recipe: GateRecipe
            var label: GateLabel
            var pattern: Int
        }
        struct Request: Hashable {
            var gate: GateRequest
            var label: GateLabel
        }
        var (columns, requests, seen) = (GateColumns(), Set<Request>(), Set<Key>())
        var patterns: [GateStructure: Int] = [:]
        for point in points {
            guard let request = point.configuration.gateRequest,
                requests.insert(Request(gate: request, label: point.gateLabel)).inserted
            else { continue }
            let gate = try request.structure()
            let pattern = patterns[gate] ?? patterns.count
            patterns[gate] = pattern
            let key = Key(recipe: request.recipe, label: point.gateLabel, pattern: pattern)
            guard seen.insert(key).inserted else { continue }
            let cells = try columns.cells(of: point.configuration, label: point.gateLabel)
            all.append(Drawing(gate: gate, cells: Array(zip(GateColumns.names, cells))))
        }
        patternCount = patterns.count
    }

    /// `4 gates of 3 patterns in 2 classes`; the patterns only where they are fewer.
    var summary: String {
        let patterns =
            patternCount == all.count ? "" : " of \(Self.text(patternCount, "pattern", "patterns"))"
        return Self.text(all.count, "gate", "gates") + patterns + " in "
            + Self.text(classCount, "class", "classes")
    }

    private static func text(_ count: Int, _ one: String, _ many: String) -> String {
        "\(count) \(count == 1 ? one : many)"
    }

    /// Patterns of unknown class count for one each.
    var classCount: Int {
        let known = Set(all.map { $0["gate_id"] }.filter { $0 != "unknown" })
        return known.count + Set(all.filter { $0["gate_id"] == "unknown" }.map(\.gate)).count
    }

    struct Drawing {
        let gate: GateStructure
        /// What a report says of it.
        let cells: [(name: String, text: String)]

        subscript(_ name: String) -> String { cells.first { $0.name == name }?.text ?? "" }

        var text: String {
            let size = self["gate_class_size"]
            let title = [
                self["gate_name"], self["gate_family"], self["gate_k"], self["gate_id"],
                size.isEmpty ? "" : "one of \(size)", "rank \(self["gate_rank"])",
                "\(self["trained_pathways"]) open",
            ].filter { !$0.isEmpty }
            return title.joined(separator: "  ") + "\n" + picture
        }

        /// Two columns a gate, or two rows a line where that would be wide.
        private var picture: String {
            let rows = gate.rows
            if rows[0].count <= 16 {
                return rows.map { $0.map { $0 ? "██" : "··" }.joined() }.joined(separator: "\n")
            }
            return stride(from: 0, to: rows.count, by: 2).map { top in
                rows[0].indices.map { column in
                    let below = top + 1 < rows.count && rows[top + 1][column]
                    return rows[top][column] ? (below ? "█" : "▀") : (below ? "▄" : "·")
                }.joined()
            }.joined(separator: "\n")
        }

        /// A number where the column has numbers, and null where it has none.
        private static func json(_ name: String, _ text: String) -> JSONValue {
            if GateColumns.texts.contains(name) { return .string(text) }
            if text.isEmpty { return .null }
            if let whole = Int(text) { return .integer(whole) }
            // A class of more gates than an integer counts stays a text.
            let number = text.contains(".") ? Double(text) : nil
            return number.map(JSONValue.number) ?? .string(text)
        }

        func jsonLine() throws -> String {
            var members = Dictionary(
                uniqueKeysWithValues: cells.map { ($0.name, Self.json($0.name, $0.text)) })
            members["rows"] = .array(
                gate.rows.map { row in .string(row.map { $0 ? "1" : "0" }.joined()) })
            return String(decoding: try JSONValue.object(members).canonicalData(), as: UTF8.self)
        }
    }
}
