import TestSupport
import Testing

@testable import Shared

/// Random search, exclusion and the gates that are enumerated: which tasks a sweep has.
@Suite struct SearchTests {
    private func sweep(_ axes: [(String, JSONValue)], _ more: [String: JSONValue] = [:]) throws
        -> Sweep
    {
        guard case .object(var members) = SweepTests.message(axes: []) else { throw Wrong() }
        members["axes"] = .array(axes.map { .object([$0.0: $0.1]) })
        members.merge(more) { $1 }
        return try Sweep(reading: SourceValue(.object(members)))
    }

    private struct Wrong: Error {}

    private func random(_ tasks: Int, seed: Int = 7) -> [String: JSONValue] {
        [
            "search": .object([
                "method": .string("random"), "tasks": .integer(tasks), "seed": .integer(seed),
            ])
        ]
    }

    private static let gains = JSONValue.object([
        "log_uniform": .array([.number(1e-4), .integer(10)])
    ])
    private static let widths = JSONValue.object([
        "integer": .array([.integer(3), .integer(9)])
    ])
    private static let rates = JSONValue.object(["uniform": .array([.integer(0), .integer(1)])])

    @Test func `a random search has as many different tasks as it says, all within bounds`() throws
    {
        let axes = [
            ("init.gain", Self.gains), ("hidden_width", Self.widths), ("init.bias", Self.rates),
            ("seeds.weights", .array([.integer(1), .integer(2)])),
        ]
        let points = try sweep(axes, random(2_000)).expand()
        #expect(points.count == 2_000 && Set(points.map(\.configuration)).count == 2_000)
        let numbers = try points.map { try $0.axisCells.map { try #require(Double($0)) } }
        #expect(numbers.allSatisfy { (1e-4...10).contains($0[0]) && (0...1).contains($0[2]) })
        #expect(Set(numbers.map { $0[1] }) == Set((3...9).map(Double.init)))
        #expect(Set(numbers.map { $0[3] }) == [1, 2])
        // Half of the draws lie below the middle, of a gain below its geometric one; 2,000 fair
        // coins are within 0.06 of that in all but one of ten million cases.
        func share(_ isBelow: (Double) -> Bool, _ axis: Int) -> Double {
            Double(numbers.count { isBelow($0[axis]) }) / 2_000
        }
        expectClose(share({ $0 < 0.0316228 }, 0), 0.5, absolute: 0.06)
        expectClose(share({ $0 < 0.5 }, 2), 0.5, absolute: 0.06)
        expectClose(share({ $0 <= 5 }, 1), 3.0 / 7, absolute: 0.06)
        // Six digits say all of a number.
        #expect(points.allSatisfy { $0.axisCells[0].count { $0.isNumber } <= 11 })
    }

    @Test func `more tasks begin with the same, another seed has others, and axes are apart`()
        throws
    {
        let gain = [("init.gain", Self.gains)]
        let few = try sweep(gain, random(5)).expand().map(\.axisCells)
        let many = try sweep(gain, random(50)).expand().map(\.axisCells)
        #expect(Array(many.prefix(5)) == few)
        #expect(try sweep(gain, random(5, seed: 8)).expand().map(\.axisCells) != few)
        let two = try sweep(gain + [("hidden_width", Self.widths)], random(5)).expand()
        #expect(two.map { [$0.axisCells[0]] } == few)
    }

    @Test func `lists alone are drawn without repeats, down to the last combination`() throws {
        let axes = [
            ("seeds.weights", JSONValue.array((1...4).map(JSONValue.integer))),
            ("hidden_width", .array([.integer(8), .integer(16)])),
        ]
        let cells = try sweep(axes, random(8)).expand().map(\.axisCells)
        #expect(Set(cells).count == 8)
        #expect(cells != cells.sorted { $0.lexicographicallyPrecedes($1) })
    }

    @Test func `what has travelled makes the same tasks`() throws {
        let exclude = JSONValue.array([.object(["seeds.weights": .integer(2)])])
        let axes = [
            ("init.gain", Self.gains), ("seeds.weights", .array((1...4).map(JSONValue.integer))),
        ]
        for more in [random(20), random(20).merging(["exclude": exclude]) { $1 }] {
            let sweep = try sweep(axes, more)
            let sent = try JSONValue(parsing: sweep.json.canonicalData())
            let received = try Sweep(reading: SourceValue(sent))
            #expect(try received.expand() == sweep.expand())
            #expect(try received.json.canonicalData() == sweep.json.canonicalData())
        }
    }

    @Test func `ends of more than six digits travel as they are`() throws {
        let ends: [(String, JSONValue)] = [
            ("uniform", .array([.number(0.1234567), .number(0.9)])),
            ("log_uniform", .array([.number(0.123456789), .number(9.87654321)])),
        ]
        for (kind, bounds) in ends {
            let sweep = try sweep([("init.gain", .object([kind: bounds]))], random(50))
            let sent = try JSONValue(parsing: sweep.json.canonicalData())
            #expect(try Sweep(reading: SourceValue(sent)).expand() == sweep.expand())
            #expect(sent["axes"] == .array([.object(["init.gain": .object([kind: bounds])])]))
        }
    }

    /// 10 to the power that such a number is rounded with is infinite.
    @Test(arguments: ["uniform", "log_uniform"])
    func `a distribution whose ends are too near zero is refused`(kind: String) throws {
        for end in [1e-305, .leastNonzeroMagnitude, 9.9e-31] {
            let ends = JSONValue.object([kind: .array([.number(end), .integer(1)])])
            #expect(throws: SweepMistakes.self) {
                try sweep([("init.gain", ends)], random(5)).expand()
            }
        }
        let least = JSONValue.object([kind: .array([.number(1e-30), .number(2e-30)])])
        #expect(try sweep([("init.gain", least)], random(5)).expand().count == 5)
    }

    @Test func `rounding leaves no number without an answer`() {
        let numbers = [
            1e-305, .leastNonzeroMagnitude, 1.234567e-300, 1.79e308, -1e300, 0, .infinity,
        ]
        for number in numbers {
            expectClose(Distribution.rounded(number), number, relative: 5e-6)
        }
        #expect(Distribution.rounded(.nan).isNaN)
        #expect(Distribution.rounded(0.12345678) == 0.123457)
        #expect(Distribution.rounded(-98_765_432) == -98_765_400)
    }

    @Test func `excluded combinations are no tasks, and positions close up`() throws {
        let axes = [
            ("hidden_width", JSONValue.array([.integer(8), .integer(16)])),
            ("init.gain", .array([.integer(10), .integer(1), .number(0.1)])),
        ]
        let exclude = JSONValue.array([
            .object(["hidden_width": .number(16), "init": .object(["gain": .integer(10)])]),
            .object([
                "init.gain": .array([.number(0.1), .integer(7)]), "hidden_width": .integer(8),
            ]),
        ])
        // The second has a value that nothing has.
        #expect(throws: SweepMistakes.self) { try sweep(axes, ["exclude": exclude]) }
        let right = JSONValue.array([
            .object(["hidden_width": .number(16), "init": .object(["gain": .integer(10)])]),
            .object([
                "init.gain": .array([.number(0.1), .integer(1)]), "hidden_width": .integer(8),
            ]),
        ])
        let points = try sweep(axes, ["exclude": right]).expand()
        #expect(points.map(\.axisCells) == [["8", "10"], ["16", "1"], ["16", "0.1"]])
        #expect(points.map(\.position) == [0, 1, 2])
    }

    @Test func `what would be wrong can be left out`() throws {
        let axes = [
            ("domains", JSONValue.array([.integer(4), .integer(10)])),
            (
                "gate",
                .array(
                    [2, 8].map {
                        .object(["family": .string("plus_mod"), "k": .integer($0)])
                    })
            ),
        ]
        #expect(throws: SweepMistakes.self) { try sweep(axes).expand() }
        let exclude = JSONValue.array([
            .object(["domains": .integer(4), "gate": .object(["k": .integer(8)])])
        ])
        #expect(try sweep(axes, ["exclude": exclude]).expand().count == 3)
    }

}
