import Foundation
import Shared
import TestSupport
import Testing

@testable import Coordinator

@Suite struct SweepFileTests {
    private static let sweeps = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "deploy/sweeps")

    private func read(_ name: String) throws -> Sweep {
        try SweepFile.read(path: Self.sweeps.appending(path: name).path)
    }

    private func kPath(_ sweep: Sweep, at position: Int) throws -> KPathConfiguration {
        guard case .kPath(let configuration) = try sweep.configuration(at: position) else {
            throw TestFailure("\(sweep.name) trains no k-path networks")
        }
        return configuration
    }

    @Test(arguments: [
        ("mnist.yaml", 216), ("cifar10.yaml", 168), ("mnist-small.yaml", 54),
        ("quickstart.yaml", 16), ("routing-pathways.yaml", 105), ("routing-gain.yaml", 126),
        ("xor.yaml", 15), ("contextual.yaml", 12), ("tree.yaml", 20), ("gates-4x4.yaml", 317),
    ])
    func `every sweep that we ship is right and has its number of tasks`(name: String, count: Int)
        throws
    {
        let sweep = try read(name)
        #expect(sweep.count == count)
        #expect(try sweep.expand().count == count)
    }

    /// From random weights the theory is only near; beside them stands what it is exact for.
    @Test(arguments: ["routing-pathways.yaml", "routing-gain.yaml"])
    func `a routing sweep has a balanced flow for each of its settings`(name: String) throws {
        let sweep = try read(name)
        var settings: [GatedPlan.Scheme: Set<String>] = [:]
        for position in 0..<sweep.count {
            guard case .routing(let task) = try sweep.configuration(at: position) else {
                throw TestFailure("\(name) trains no routing networks")
            }
            let scheme = task.plan.initialization.scheme
            settings[scheme, default: []].insert(
                "\(task.gate) \(task.plan.method.learningRate) \(task.plan.epochs)")
            guard case .gradientFlow = task.plan.method else {
                #expect(scheme == .orthogonal)
                continue
            }
            #expect(scheme == .balanced)
        }
        #expect((settings[.balanced]?.count ?? 0) > 4)
        #expect(settings[.balanced] == settings[.orthogonal])
    }

    @Test func `no sweep that we ship is left out of these tests`() throws {
        let files = try FileManager.default.contentsOfDirectory(atPath: Self.sweeps.path)
        #expect(
            files.sorted() == [
                "cifar10.yaml", "contextual.yaml", "gates-4x4.yaml", "mnist-small.yaml",
                "mnist.yaml", "quickstart.yaml", "routing-gain.yaml", "routing-pathways.yaml",
                "tree.yaml",
                "xor.yaml",
            ])
    }

    @Test func `the first and the last task of the paper's first sweep are these`() throws {
        let sweep = try read("mnist.yaml")
        #expect(sweep.axisColumns == ["seeds", "hidden_width", "init.gain"])
        let first = KPathConfiguration(
            dataset: "mnist", domains: 100, hiddenWidth: 128,
            initialization: Initialization(gain: 10),
            gate: GateRecipe(family: .plusMod(k: 10), columns: .permuted), batchSize: 8,
            epochs: 1_000, optimizer: .sgd(Optimizer.SGD(learningRate: 1e-4, momentum: 0.9)),
            seeds: Seeds(gate: 1, weights: 1, data: 1))
        #expect(try kPath(sweep, at: 0) == first)
        var last = first
        last.hiddenWidth = 1_024
        last.initialization.gain = 1e-4
        last.gate.family = .plusMod(k: 90)
        last.seeds = Seeds(gate: 2, weights: 2, data: 2)
        #expect(try kPath(sweep, at: 215) == last)
        #expect(sweep.axisCells(at: 215) == ["2", "1024", "0.0001"])
    }

    @Test func `the paper's second sweep turns the features of forty domains`() throws {
        let sweep = try read("cifar10.yaml")
        let last = try kPath(sweep, at: 167)
        #expect(last.domains == 40)
        #expect(last.inputTransform == .rotate)
        #expect(last.gate == GateRecipe(family: .plusMod(k: 35), columns: .permuted))
    }

    @Test func `every task of the small sweep leaves pathways untrained`() throws {
        for point in try read("mnist-small.yaml").expand() {
            guard case .kPath(let configuration) = point.configuration else { return }
            #expect((configuration.gate.family.k ?? 10) < configuration.domains)
        }
    }

    @Test func `the line ends of another system change nothing`() throws {
        let text = SweepMistakeTests.good.replacingOccurrences(of: "\n", with: "\r\n")
        #expect(try SweepFile.parse(text).count == 4)
        #expect(try SweepFile.parse("\u{feff}" + SweepMistakeTests.good).count == 4)
    }

    @Test(arguments: [
        ("8", SourceValue.Content.integer(8)), ("-3", .integer(-3)), ("+3", .integer(3)),
        ("1e-4", .number(1e-4)), ("1.0e-4", .number(1e-4)), ("1E3", .integer(1_000)),
        (".5", .number(0.5)), ("1.", .integer(1)), ("0", .integer(0)), ("0.5", .number(0.5)),
        ("true", .bool(true)), ("~", .null), ("", .null), ("yes", .string("yes")),
        ("010", .string("010")), ("0x1f", .string("0x1f")), ("1_000", .string("1_000")),
        ("1:30", .string("1:30")), ("e4", .string("e4")), ("-", .string("-")),
        ("nan", .string("nan")), ("1e", .string("1e")), (".", .string(".")),
    ])
    func `a scalar without quotes is what YAML 1.2 says`(text: String, content: SourceValue.Content)
        throws
    {
        let found = try YAMLDocument.content(ofPlain: text)
        #expect("\(found)" == "\(content)")
    }

    @Test func `a whole number too large for 64 bits is a number`() throws {
        let content = try YAMLDocument.content(ofPlain: "100000000000000000000")
        #expect("\(content)" == "number(1e+20)")
    }

    @Test func `a file that is none, too long, empty or not UTF-8 is refused`() throws {
        func mistake(_ bytes: Data) -> String {
            let error = #expect(throws: SweepMistakes.self) { try SweepFile.parse(bytes: bytes) }
            return error?.description ?? ""
        }
        let empty = "found an empty file, wanted a sweep: name, experiment, base and axes"
        #expect(mistake(Data()) == empty)
        #expect(mistake(Data("# nothing\n\n".utf8)) == empty)
        #expect(
            mistake(Data("a: 1\nb: ".utf8) + [0xff, 0x0a])
                == "line 2: column 4: found bytes that are not UTF-8, wanted UTF-8 text")
        #expect(
            mistake(Data(repeating: 32, count: Limits.sweepFileBytesMax + 1))
                == "found a file of more than 1048576 bytes, wanted at most that")
        #expect(
            mistake(Data("[1, 2]".utf8))
                == "line 1: found a list, wanted a map of name, experiment, base and axes")
        let absent = #expect(throws: SweepMistakes.self) { try read("absent.yaml") }
        #expect(absent?.description.contains("cannot read ") == true)
        #expect(absent?.description.contains("absent.yaml") == true)
    }

    @Test func `a sweep of 10^12 tasks is refused in milliseconds`() throws {
        let ten = "[1, 2, 3, 4, 5, 6, 7, 8, 9, 10]"
        let paths = [
            "seeds.weights", "seeds.data", "seeds.gate", "hidden_width", "epochs", "batch_size",
            "train_examples", "test_examples", "init.gain", "init.bias", "layers", "hidden_layers",
        ]
        let axes = paths.map { "  \($0): \(ten)\n" }.joined()
        let file = "name: x\nexperiment: k_path\nbase: {dataset: mnist}\naxes:\n" + axes
        let duration = processorTime {
            let error = #expect(throws: SweepMistakes.self) { try SweepFile.parse(file) }
            #expect(
                error?.description
                    == "line 4, axes: found 1000000000000 tasks, wanted at most 100000 in one "
                    + "sweep: split it")
        }
        #expect(duration < .seconds(2))
    }
}
