import Foundation
import TestSupport
import Testing

@testable import Shared

/// Axes of gates that are enumerated: what they mean, without being made, and how they travel.
@Suite struct EnumeratedAxisTests {
    private func sweep(
        _ domains: Int, axis: String = "gate", _ values: String, _ more: [String: JSONValue] = [:]
    ) throws -> Sweep {
        guard case .object(var message) = SweepTests.message(axes: []),
            case .object(var base)? = message["base"]
        else { throw Wrong() }
        base["domains"] = .integer(domains)
        base["gate"] = nil
        message["base"] = .object(base)
        message["axes"] = .array([
            .object([axis: .array([try JSONValue(parsing: Data(values.utf8))])])
        ])
        message.merge(more) { $1 }
        return try Sweep(reading: SourceValue(.object(message)))
    }

    private struct Wrong: Error {}

    private static let random: [String: JSONValue] = [
        "search": .object(["method": .string("random"), "tasks": .integer(50), "seed": .integer(3)])
    ]

    private func received(_ sweep: Sweep) throws -> Sweep {
        let sent = try sweep.json.canonicalData()
        #expect(sent.count < 3_000)
        return try Sweep(reading: SourceValue(JSONValue(parsing: sent)))
    }

    private func gates(_ sweep: Sweep) throws -> [GateStructure] {
        try sweep.expand().map { try #require(try $0.configuration.gateRequest?.structure()) }
    }

    @Test(arguments: [("all", 65_536), ("all_up_to_permutation", 317)])
    func `an enumeration of gates travels as it was written`(family: String, count: Int) throws {
        let sweep = try sweep(4, "{\"family\": \"\(family)\"}")
        #expect(sweep.count == count)
        let received = try received(sweep)
        for position in [0, 1, count / 2, count - 1] {
            #expect(try received.configuration(at: position) == sweep.configuration(at: position))
        }
    }

    @Test(arguments: [nil, 0, 1, 2, 3])
    func `a gate has the number that counting gives it`(rowsOpen: Int?) {
        let all = GateEnumeration(domains: 3, rowsOpen: rowsOpen, upToPermutation: false)
        var index = 0
        all.forEach { rows in
            #expect(all.rows(at: index) == rows)
            index += 1
        }
        #expect(all.count == TaskCount(index))
    }

    @Test(arguments: ["", ", \"rows_open\": 2"])
    func `a whole sweep has every gate, or those with k open a row, once`(rows: String) throws {
        let gates = try gates(sweep(3, "{\"family\": \"all\"\(rows)}"))
        #expect(gates.count == (rows.isEmpty ? 512 : 27) && Set(gates).count == gates.count)
        if !rows.isEmpty {
            #expect(gates.allSatisfy { $0.rows.allSatisfy { row in row.count { $0 } == 2 } })
            let classes = try self.gates(
                sweep(3, "{\"family\": \"all_up_to_permutation\"\(rows)}"))
            #expect(Set(classes.map(\.gateClass)) == Set(gates.map(\.gateClass)))
            #expect(classes.count == Set(gates.map(\.gateClass)).count)
        }
    }

    @Test(arguments: [5, 6])
    func `a random search draws from gates that nobody could make`(domains: Int) throws {
        let sweep = try sweep(domains, "{\"family\": \"all\"}", Self.random)
        let gates = try gates(sweep)
        #expect(Set(gates).count == 50 && gates.allSatisfy { $0.inputCount == domains })
        // Half of the pathways are open; 1,250 fair coins are within 0.08 but for one in 10^7.
        let share = gates.map(\.density).reduce(0, +) / 50
        expectClose(share, 0.5, absolute: 0.08)
        #expect(try received(sweep).expand() == sweep.expand())
    }

    /// Of each the order of the product is another.
    @Test(arguments: [
        #"{"gate": {"family": "all", "rows_open": 1}, "init.gain": [1, 2, 3]}"#,
        #"{"batch_size": [1, 2], "gate": {"family": "all"}}"#,
        #"{"gate": [{"family": "all"}, {"family": "mod"}], "relu": [true, false]}"#,
    ])
    func `in an axis of several paths gates travel as a recipe too`(values: String) throws {
        let sweep = try sweep(2, axis: "regime", values)
        let received = try received(sweep)
        #expect(try received.expand() == sweep.expand())
        #expect(!"\(sweep.json)".contains("explicit"))
        let many = try self.sweep(5, axis: "regime", values, Self.random)
        #expect(try self.received(many).expand() == many.expand())
    }

    /// As a file has it: what a map of JSON would put into another order.
    @Test(arguments: [("init.gain", "gate"), ("gate", "epochs")])
    func `an order that a map would lose is kept`(first: String, second: String) throws {
        func value(_ path: String) -> SourceValue {
            let gate = SourceValue(.object(["family": .string("all")]))
            let numbers = SourceValue(.array([.integer(1), .integer(2)]))
            return path == "gate" ? gate : numbers
        }
        let entry = SourceValue(
            .map(
                [first, second].map { path in
                    SourceValue.Member(key: path, keyPlace: Place(), value: value(path))
                }), at: Place())
        let expansion = ListExpansion(path: "", experiment: .kPath, domains: 2)
        let sent = expansion.travelling(entry).map { SourceValue($0.json) }
        #expect(sent.flatMap(expansion.values).map(\.cell) == expansion.values(entry).map(\.cell))
        #expect(sent.count == (first == "gate" ? 32 : 2))
        #expect(expansion.isIndexed(entry) == (second == "gate"))
        if second == "gate" {
            let all = (0..<32).map { expansion.value(entry, at: $0).cell }
            #expect(all == expansion.values(entry).map(\.cell))
        }
    }

    @Test func `more values than there are numbers are refused`() throws {
        let numbers = "[" + (1...400).map(String.init).joined(separator: ", ") + "]"
        let lists = ["batch_size", "epochs", "hidden_width", "train_examples"].map {
            "\"\($0)\": \(numbers)"
        }
        let values = "{\"gate\": {\"family\": \"all\"}, " + lists.joined(separator: ", ") + "}"
        #expect(throws: SweepMistakes.self) { try sweep(6, axis: "regime", values, Self.random) }
    }
}
