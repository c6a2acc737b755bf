import Foundation
import Shared
import TestSupport
import Testing

@Suite struct SweepTests {
    /// A right sweep with these axes, as the wire brings it.
    static func message(axes: [(String, [JSONValue])]) -> JSONValue {
        guard case .object(var base) = KPathConfigurationTests.small.json else { return .null }
        base["init"] = nil
        return .object([
            "name": .string("study"), "experiment": .string("k_path"), "base": .object(base),
            "axes": .array(axes.map { .object([$0.0: .array($0.1)]) }),
        ])
    }

    static func sweep(_ axes: (String, [JSONValue])...) throws -> Sweep {
        try Sweep(reading: SourceValue(message(axes: axes)))
    }

    static let widths: (String, [JSONValue]) = ("hidden_width", [.integer(8), .integer(16)])
    static let regime: (String, [JSONValue]) = (
        "regime",
        [
            .object(["init.gain": .integer(10), "optimizer.learning_rate": .number(0.001)]),
            .object(["init.gain": .number(0.5)]),
        ]
    )

    @Test func `a sweep without axes is one task`() throws {
        let sweep = try Self.sweep()
        #expect(sweep.count == 1)
        #expect(try sweep.expand().map(\.configuration) == [.kPath(KPathConfigurationTests.small)])
        #expect(sweep.attempts == 3)
    }

    /// How many mistakes are told of 300 widths of which one is wrong.
    private static func mistakes(wrongAt index: Int, inBase: Bool) -> Int {
        let widths = (0..<300).map { JSONValue.integer($0 == index ? -1 : $0 + 1) }
        guard case .object(var members) = message(axes: [("hidden_width", widths)]),
            case .object(var base)? = members["base"]
        else { return 0 }
        if inBase { base["epochs"] = .integer(-1) }
        members["base"] = .object(base)
        do throws(SweepMistakes) {
            _ = try Sweep(reading: SourceValue(.object(members)))
            return 0
        } catch {
            return error.all.count
        }
    }

    @Test func `every value is read, but not thousands beside a mistake`() {
        #expect(Self.mistakes(wrongAt: 299, inBase: false) == 1)
        #expect(Self.mistakes(wrongAt: 255, inBase: true) == 2)
        #expect(Self.mistakes(wrongAt: 256, inBase: true) == 1)
    }

    @Test func `which share is run again is told, and is no part of a task`() throws {
        guard case .object(var members) = Self.message(axes: [Self.widths]) else { return }
        let plain = try Sweep(reading: SourceValue(.object(members)))
        #expect(plain.recheckShare == 0.01)
        members["recheck"] = .object(["share": .integer(1)])
        let sweep = try Sweep(reading: SourceValue(.object(members)))
        #expect(sweep.recheckShare == 1)
        #expect(try Sweep(reading: SourceValue(sweep.json)).recheckShare == 1)
        #expect(try sweep.expand() == plain.expand())
    }

    @Test func `how often tasks are kept is told, and is no part of them`() throws {
        guard case .object(var members) = Self.message(axes: [Self.widths]) else { return }
        let plain = try Sweep(reading: SourceValue(.object(members)))
        #expect(plain.checkpointEveryEpochs == nil)
        members["checkpoint"] = .object(["every_epochs": .integer(7)])
        let sweep = try Sweep(reading: SourceValue(.object(members)))
        #expect(sweep.checkpointEveryEpochs == 7)
        #expect(try Sweep(reading: SourceValue(sweep.json)).checkpointEveryEpochs == 7)
        let digest = Digest(of: Data())
        let identities = try [plain, sweep].map { sweep in
            try sweep.expand().map { try $0.configuration.identity(dataDigest: digest) }
        }
        #expect(identities[0] == identities[1])
    }

    @Test func `tasks come in the order of the axes, the last one fastest`() throws {
        let sweep = try Self.sweep(("seeds.weights", [.integer(1), .integer(2)]), Self.widths)
        #expect(sweep.count == 4)
        #expect(sweep.axisColumns == ["seeds.weights", "hidden_width"])
        let cells = try sweep.expand().map(\.axisCells)
        #expect(cells == [["1", "8"], ["1", "16"], ["2", "8"], ["2", "16"]])
        #expect(try sweep.expand().map(\.position) == [0, 1, 2, 3])
    }

    @Test func `one configuration is the one that expanding all gives there`() throws {
        let sweep = try Self.sweep(Self.widths, Self.regime)
        for point in try sweep.expand() {
            #expect(try sweep.configuration(at: point.position) == point.configuration)
            #expect(sweep.axisCells(at: point.position) == point.axisCells)
        }
        #expect(throws: SweepMistakes.self) { try sweep.configuration(at: 4) }
        #expect(throws: SweepMistakes.self) { try sweep.configuration(at: -1) }
    }

    @Test func `a grouped axis varies its paths together, one column each`() throws {
        let sweep = try Self.sweep(Self.regime)
        #expect(sweep.axisColumns == ["regime", "init.gain", "optimizer.learning_rate"])
        #expect(try sweep.expand().map(\.axisCells) == [["1", "10", "0.001"], ["2", "0.5", ""]])
        guard case .kPath(let second) = try sweep.configuration(at: 1) else { return }
        #expect(second.initialization.gain == 0.5)
        #expect(second.optimizer == KPathConfigurationTests.small.optimizer)
    }

    @Test func `a grouped axis has a column of labels, the values' own or their numbers`() throws {
        func entry(_ gains: [Double], _ label: String?) -> JSONValue {
            var members = ["init.gain": JSONValue.array(gains.map(JSONValue.number))]
            members["label"] = label.map(JSONValue.string)
            return .object(members)
        }
        let sweep = try Self.sweep(
            ("regime", [entry([8, 9], "rich"), entry([0.5], nil), entry([0.1], "lazy")]))
        let cells = [["rich", "8"], ["rich", "9"], ["3", "0.5"], ["lazy", "0.1"]]
        #expect(sweep.axisColumns == ["regime", "init.gain"])
        #expect(try sweep.expand().map(\.axisCells) == cells)
        let received = try Sweep(
            reading: SourceValue(JSONValue(parsing: sweep.json.canonicalData())))
        #expect(try received.expand() == sweep.expand())
        // A label is no part of a task.
        let plain = try Self.sweep(("init.gain", [8, 9, 0.5, 0.1].map(JSONValue.number)))
        #expect(
            try plain.expand().map(\.configuration) == sweep.expand().map(\.configuration))
    }

    @Test(arguments: ["state", "gate_k", "trained_pathways", "host", "train_loss_trained_paths"])
    func `a grouped axis must not have the name of another column`(name: String) throws {
        let error = #expect(throws: SweepMistakes.self) {
            try Self.sweep((name, [.object(["init.gain": .integer(1)])]))
        }
        let sentence = "axes.\(name): found an axis with the name of another column"
        #expect(error?.description.hasPrefix(sentence) == true)
    }

    @Test func `a list inside a structured value stands for one value each`() throws {
        let gate = JSONValue.object([
            "family": .string("plus_mod"), "k": .array([.integer(2), .integer(3)]),
            "permute_columns": .array([.bool(true), .bool(false)]),
        ])
        let sweep = try Self.sweep(("gate", [gate, .object(["family": .string("mod")])]))
        #expect(sweep.count == 5)
        #expect(sweep.axisColumns == [])
        let gates = try sweep.expand().map(\.configuration.gateRequest?.recipe)
        #expect(
            gates == [
                GateRecipe(family: .plusMod(k: 2), columns: .permuted),
                GateRecipe(family: .plusMod(k: 2), columns: .natural),
                GateRecipe(family: .plusMod(k: 3), columns: .permuted),
                GateRecipe(family: .plusMod(k: 3), columns: .natural),
                GateRecipe(family: .mod),
            ])
    }

    @Test func `a list that is the value of its path is not expanded`() throws {
        let orders = JSONValue.array((0..<10).reversed().map(JSONValue.integer))
        let gate = JSONValue.object([
            "family": .string("plus_mod"), "k": .array([.integer(2), .integer(3)]),
            "column_permutation": orders,
        ])
        #expect(try Self.sweep(("gate", [gate])).count == 2)
    }

    @Test func `a structured axis has a column for each of its leaves`() throws {
        let adam = JSONValue.object(["name": .string("adam"), "learning_rate": .number(0.01)])
        let sgd = JSONValue.object([
            "name": .string("sgd"), "learning_rate": .number(0.1), "momentum": .number(0.5),
        ])
        let sweep = try Self.sweep(("optimizer", [adam, sgd]))
        #expect(
            sweep.axisColumns == [
                "optimizer.name", "optimizer.learning_rate", "optimizer.momentum",
            ])
        #expect(
            try sweep.expand().map(\.axisCells) == [["adam", "0.01", ""], ["sgd", "0.1", "0.5"]])
    }

    @Test func `a sweep that has travelled makes the same tasks in the same order`() throws {
        // A map that loses the order of its keys on the way: k first here, by name second.
        let gate = SourceValue(
            .map([
                member("family", .string("plus_mod")),
                member("permute_columns", .list([value(.bool(true)), value(.bool(false))])),
                member("k", .list([value(.integer(2)), value(.integer(3))])),
            ]), at: Place())
        var document = SourceValue(Self.message(axes: [Self.widths, Self.regime]))
        document.setAxes([
            member("gate", .list([gate])), member("hidden_width", .list([value(.integer(8))])),
        ])
        let sweep = try Sweep(reading: document)
        let sent = try JSONValue(parsing: sweep.json.canonicalData())
        let received = try Sweep(reading: SourceValue(sent))
        #expect(try received.expand() == sweep.expand())
        #expect(try received.json.canonicalData() == sweep.json.canonicalData())
        #expect(sweep.count == 4)
    }

    @Test func `the size is refused before anything is expanded`() throws {
        let ten = (1...10).map(JSONValue.integer)
        let paths = [
            "seeds.weights", "seeds.data", "seeds.gate", "hidden_width", "epochs", "batch_size",
            "train_examples", "test_examples", "init.gain", "init.bias", "layers",
            "optimizer.weight_decay", "evaluation.every_epochs", "evaluation.train_examples",
        ]
        func mistake(_ axes: Int) -> String {
            let message = SourceValue(Self.message(axes: paths.prefix(axes).map { ($0, ten) }))
            let error = #expect(throws: SweepMistakes.self) { try Sweep(reading: message) }
            return error?.description ?? ""
        }
        let duration = processorTime {
            #expect(
                mistake(12)
                    == "axes: found 1000000000000 tasks, wanted at most 100000 in one "
                    + "sweep: split it"
            )
        }
        #expect(duration < .seconds(2))
        #expect(mistake(14).contains("found 100000000000000 tasks"))
    }

    @Test func `mistakes without number are reported up to a bound, and quickly`() throws {
        let wrong = (0..<50_000).map { JSONValue.object(["init.gian\($0)": .integer(1)]) }
        let message = SourceValue(Self.message(axes: [("regime", wrong)]))
        var error: SweepMistakes?
        let duration = processorTime {
            error = #expect(throws: SweepMistakes.self) { try Sweep(reading: message) }
        }
        #expect(error?.all.count == Limits.mistakesReportedMax)
        #expect(duration < .seconds(20))
    }

    @Test func `a size beyond all counting is refused as well`() throws {
        let many = JSONValue.array((0..<1_000).map(JSONValue.integer))
        let keys = [
            "scheme", "gain", "bias", "a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "l",
        ]
        let value = JSONValue.object(Dictionary(uniqueKeysWithValues: keys.map { ($0, many) }))
        let error = #expect(throws: SweepMistakes.self) { try Self.sweep(("init", [value])) }
        #expect(error?.all.first?.code == .tooManyTasks)
        #expect(error?.description.contains("found more than 10^38 tasks") == true)
    }

    private func value(_ content: SourceValue.Content) -> SourceValue {
        SourceValue(content, at: Place())
    }

    private func member(_ key: String, _ content: SourceValue.Content) -> SourceValue.Member {
        SourceValue.Member(key: key, keyPlace: Place(), value: value(content))
    }

}

extension SourceValue {
    fileprivate mutating func setAxes(_ axes: [Member]) {
        guard case .map(var members) = content else { return }
        members.removeAll { $0.key == "axes" }
        let value = SourceValue(.map(axes), at: Place(path: "axes"))
        members.append(Member(key: "axes", keyPlace: value.place, value: value))
        content = .map(members)
    }
}
