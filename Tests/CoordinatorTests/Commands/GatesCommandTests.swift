import Foundation
import Shared
import Testing

@testable import Coordinator

/// What `gates` draws, to the letter.
@Suite struct GatesCommandTests {
    private func list(_ domains: Int, _ gates: String) throws -> GateList {
        let file = SweepMistakeTests.good
            .replacingOccurrences(of: "domains: 10", with: "domains: \(domains)")
            .replacingOccurrences(
                of: "- {family: plus_mod, k: [2, 4], permute_columns: true}", with: gates)
        return try GateList(SweepFile.parse(file).expand())
    }

    private static let two =
        "- {family: plus_mod, k: 1}\n    - {family: explicit, rows: [\"11\", \"10\"], name: hook}"

    @Test func `gates are drawn once each, under what a report says of them`() throws {
        let gates = try list(2, Self.two)
        #expect(
            gates.all.map(\.text) == [
                """
                plus_mod  1  2x2-9  one of 2  rank 2  2 open
                ██··
                ··██
                """,
                """
                hook  explicit  2x2-e  one of 4  rank 2  3 open
                ████
                ██··
                """,
            ])
        #expect(gates.classCount == 2)
    }

    @Test func `programs get the same as JSON, with the rows`() throws {
        #expect(
            try list(2, Self.two).all[1].jsonLine() == """
                {"gate_class_size":4,"gate_components":1,"gate_density":0.75,\
                "gate_family":"explicit","gate_id":"2x2-e","gate_k":null,"gate_name":"hook",\
                "gate_rank":2,"rows":["11","10"],"trained_pathways":3,\
                "untrained_pathways":1}
                """)
    }

    @Test func `wide gates have two rows a line, and one without a class is one of its own`() throws
    {
        let gates = try list(
            17, "- {family: diagonal}\n    - {family: bernoulli, density: [0, 1]}")
        let lines = gates.all[0].text.split(separator: "\n")
        #expect(lines[0] == "diagonal  17x17-diagonal  rank 17  17 open")
        #expect(lines[1] == "▀▄" + String(repeating: "·", count: 15))
        #expect(lines[9] == String(repeating: "·", count: 16) + "▀" && lines.count == 10)
        #expect(gates.all[1]["gate_id"] == "unknown" && gates.classCount == 3)
    }

    @Test func `cells that a store kept before there were names are complete without one`() {
        #expect(GateColumns.complete(["mod"]).count == GateColumns.names.count)
        #expect(GateColumns.complete(["mod"]).prefix(2) == ["mod", ""])
    }
}
