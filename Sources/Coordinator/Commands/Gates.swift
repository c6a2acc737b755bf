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
        let gates = try GateList(of: Submit.readSweep(file))
        if json {
            for gate in gates.all { try StandardOutput.print(json: gate.json()) }
            return
        }
        for gate in gates.all.prefix(max(0, limit)) { try StandardOutput.print(gate.text + "\n") }
        let (count, classes) = (gates.all.count, gates.classCount)
        if count > limit {
            try StandardOutput.print(
                "\(count - limit) more are not drawn; --limit \(count) draws all.")
        }
        try StandardOutput.print("\(count) gates in \(classes) classes")
    }
}

/// The different gates of a sweep, in the order of its tasks.
struct GateList {
    private(set) var all: [Drawing] = []

    init(of sweep: Sweep) throws {
        var (columns, seen) = (GateColumns(), Set<GateStructure>())
        for point in try sweep.expand() {
            guard let gate = try point.configuration.gateRequest?.structure() else { continue }
            guard seen.insert(gate).inserted else { continue }
            let cells = try columns.cells(of: point.configuration, label: point.gateLabel)
            all.append(Drawing(gate: gate, cells: Array(zip(GateColumns.names, cells))))
        }
    }

    /// Gates of unknown class count for one each.
    var classCount: Int {
        let ids = all.map { $0["gate_id"] }
        return Set(ids.filter { $0 != "unknown" }).count + ids.count { $0 == "unknown" }
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

        func json() throws -> Data {
            var members = Dictionary(
                uniqueKeysWithValues: cells.map { ($0.name, JSONValue.string($0.text)) })
            members["rows"] = .array(
                gate.rows.map { row in .string(row.map { $0 ? "1" : "0" }.joined()) })
            return try JSONValue.object(members).canonicalData()
        }
    }
}
