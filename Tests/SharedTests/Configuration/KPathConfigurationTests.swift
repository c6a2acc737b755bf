import Foundation
import Shared
import Testing

@Suite struct KPathConfigurationTests {
    static let small = KPathConfiguration(
        dataset: "mnist", domains: 10, hiddenWidth: 64,
        gate: GateRecipe(family: .plusMod(k: 4), columns: .permuted), batchSize: 8, epochs: 10,
        optimizer: .sgd(Optimizer.SGD(learningRate: 1e-4, momentum: 0.9)))

    /// What a message goes through on its way.
    private func travelled(_ json: JSONValue) throws -> JSONValue {
        try JSONValue(parsing: json.canonicalData())
    }

    @Test func `reading the JSON of a configuration gives it back, whatever it is`() throws {
        for seed in 0..<300 as Range<UInt64> {
            var random = SeededRandom(seed: seed, purpose: .embeddedData)
            let configuration = KPathConfiguration.random(&random)
            let json = try travelled(configuration.json)
            #expect(try KPathConfiguration(reading: SourceValue(json)) == configuration)
            let whole = Configuration.kPath(configuration)
            #expect(try Configuration(reading: SourceValue(travelled(whole.json))) == whole)
        }
    }

    @Test func `the paths are the keys that configurations have, all of them together`() {
        var paths: Set<String> = []
        for seed in 0..<300 as Range<UInt64> {
            var random = SeededRandom(seed: seed, purpose: .embeddedData)
            addPaths(of: KPathConfiguration.random(&random).json, below: "", to: &paths)
        }
        // A gate's name is no part of a configuration.
        #expect(paths == Set(KPathConfiguration.paths).subtracting(["gate.name"]))
    }

    private func addPaths(of json: JSONValue, below path: String, to paths: inout Set<String>) {
        guard case .object(let members) = json else { return }
        for (key, value) in members {
            paths.insert(path + key)
            addPaths(of: value, below: path + key + ".", to: &paths)
        }
    }

    @Test func `the canonical JSON is this text`() throws {
        let text = String(decoding: try Self.small.json.canonicalData(), as: UTF8.self)
        #expect(
            text == """
                {"batch_size":8,"classes":10,"dataset":"mnist","domains":10,"epochs":10,\
                "evaluation":{"every_epochs":1},"gate":{"family":"plus_mod","k":4,\
                "permute_columns":true},"hidden_layers":1,"hidden_width":64,"init":{"bias":0,\
                "gain":1,"scheme":"xavier_uniform"},"input_transform":"permute","layers":1,\
                "optimizer":{"dampening":0,"learning_rate":0.0001,"momentum":0.9,"name":"sgd",\
                "nesterov":false,"weight_decay":0},"relu":false,"seeds":{"data":0,"gate":0,\
                "weights":0},"target_transform":"permute"}
                """)
    }

    @Test func `keys with a default may be left out`() throws {
        let least = JSONValue.object([
            "dataset": .string("mnist"), "domains": .integer(10), "hidden_width": .integer(64),
            "batch_size": .integer(8), "epochs": .integer(10),
            "gate": .object([
                "family": .string("plus_mod"), "k": .integer(4), "permute_columns": .bool(true),
            ]),
            "optimizer": .object([
                "name": .string("sgd"), "learning_rate": .number(1e-4), "momentum": .number(0.9),
            ]),
        ])
        #expect(try KPathConfiguration(reading: SourceValue(least)) == Self.small)
    }

    @Test func `domains default to half the combinations of classes`() throws {
        guard case .object(var members) = Self.small.json else { return }
        members["domains"] = nil
        members["classes"] = .integer(6)
        members["target_transform"] = .string("class_combination")
        let read = try KPathConfiguration(reading: SourceValue(.object(members)))
        #expect(read.domains == 10)
        #expect(read.outputClasses == 2)
    }

    @Test func `a whole number may be written with a fraction of zero`() throws {
        guard case .object(var members) = Self.small.json else { return }
        members["epochs"] = try JSONValue(parsing: Data("10.0".utf8))
        members["init"] = .object(["gain": .integer(1)])
        #expect(try KPathConfiguration(reading: SourceValue(.object(members))) == Self.small)
    }

    @Test func `parameters are counted part by part`() {
        // 10 encoders of 784 x 64 + 64, one layer of 64 x 64 + 64, 10 decoders of 64 x 10 + 10.
        #expect(Self.small.parameterCount(inputFeatures: 784) == 10 * 50_240 + 4_160 + 10 * 650)
    }

    @Test func `an identity depends on the configuration and on the data, and is this one`() throws
    {
        let configuration = Configuration.kPath(Self.small)
        let identity = try configuration.identity(dataDigest: nil)
        // The SHA-256 of the text above inside {"configuration": …}, by another program.
        let digits = "a3c6e803865f653f2c7f4efde33b54814cf7194a59de0a48ef0a5b261163bfc3"
        #expect(identity.hexadecimal == digits)
        #expect(SweepTaskID(identity: identity).rawValue == String(digits.prefix(32)))
        var other = Self.small
        other.seeds.weights = 1
        #expect(try Configuration.kPath(other).identity(dataDigest: nil) != identity)
        let digest = Digest(of: Data([1]))
        #expect(try configuration.identity(dataDigest: digest) != identity)
    }
}

extension KPathConfiguration {
    /// A right configuration with every field drawn.
    static func random(_ random: inout SeededRandom) -> KPathConfiguration {
        func maybe(_ value: Int) -> Int? { random.below(2) == 0 ? nil : value }
        func flag() -> Bool { random.below(2) == 0 }
        let domains = 2 + random.below(19)
        let scale = [1.0, 1e-4, 1e6, 1.0 / 3.0][random.below(4)]
        let sgd = Optimizer.SGD(
            learningRate: random.uniform() * scale, momentum: 0.01 + random.uniform() * 0.9,
            dampening: 0, weightDecay: random.uniform(), nesterov: flag())
        let adam = Optimizer.Adam(
            learningRate: random.uniform() * scale, beta1: random.uniform(),
            beta2: random.uniform(), epsilon: random.uniform() * 1e-8,
            weightDecay: random.uniform(), amsgrad: flag())
        return KPathConfiguration(
            dataset: "mnist-\(random.below(9))", trainExamples: maybe(100), testExamples: maybe(50),
            domains: domains, classes: 6 + 2 * random.below(3),
            inputTransform: InputTransform.allCases[random.below(3)],
            targetTransform: TargetTransform.allCases[random.below(3)],
            hiddenWidth: 1 + random.below(2_000), layers: 1 + random.below(3),
            hiddenLayers: 1 + random.below(3), relu: flag(),
            initialization: Initialization(
                scheme: Initialization.Scheme.allCases[random.below(2)],
                gain: random.uniform() * scale, bias: random.uniform() - 0.5),
            gate: gate(domains: domains, &random), batchSize: 1 + random.below(64),
            epochs: 1 + random.below(1_000), optimizer: flag() ? .sgd(sgd) : .adam(adam),
            evaluation: Evaluation(everyEpochs: 1 + random.below(9), trainExamples: maybe(7)),
            stop: stop(&random), onDivergence: random.below(2) == 0 ? .stop : .trainOn,
            seeds: Seeds(
                gate: random.next() >> 1, weights: random.next() >> 1, data: random.next() >> 40))
    }

    private static func stop(_ random: inout SeededRandom) -> StopRule? {
        let bounds: [StopRule.Bound] = [.below(random.uniform()), .above(-random.uniform())]
        let column = ["train_loss_trained_paths", "accuracy_untrained_paths"][random.below(2)]
        let rule = StopRule(metric: MeasuredColumn(column), bound: bounds[random.below(2)])
        return [nil, rule][random.below(2)]
    }

    private static func gate(domains: Int, _ random: inout SeededRandom) -> GateRecipe {
        let k = 1 + random.below(domains)
        let rows = (0..<domains).map { row in (0..<domains).map { $0 == row || $0 < k } }
        let families: [GateRecipe.Family] = [
            .plusMod(k: k), .plusMinusMod(k: k), .mod, .fullyConnected, .explicit(rows), .diagonal,
            .blocks(count: k), .randomRegular(k: k), .bernoulli(density: random.uniform()),
        ]
        let orders: [GateRecipe.ColumnOrder] = [
            .natural, .permuted, .explicit(random.permutation(domains)),
        ]
        return GateRecipe(
            family: families[random.below(families.count)],
            columns: orders[random.below(orders.count)])
    }
}
