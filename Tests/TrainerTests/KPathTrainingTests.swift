import Foundation
import Shared
import Testing

@testable import Trainer

@Suite struct KPathTrainingTests {
    static func dataset() throws -> Dataset {
        try Dataset(
            train: SmallNetworks.split(count: 60, seed: 1),
            test: SmallNetworks.split(count: 20, seed: 2))
    }

    private func train(_ configuration: KPathConfiguration) throws -> [MetricRow] {
        let training = try KPathTraining(configuration: configuration, dataset: Self.dataset())
        var rows: [MetricRow] = []
        while !training.isFinished {
            rows += try #require(training.trainEpoch(shouldStop: { false }))
        }
        return rows
    }

    @Test func `epochs are trained, and measured where it is due and after the last`() throws {
        var configuration = SmallNetworks.configuration(epochs: 5)
        configuration.evaluation = Evaluation(everyEpochs: 2)
        let rows = try train(configuration)
        #expect(rows.map(\.epoch) == [2, 2, 4, 4, 5, 5])
        #expect(rows.map(\.split) == [.test, .train, .test, .train, .test, .train])
        #expect(rows.allSatisfy { $0.values.count == 4 })
        let losses = rows.filter { $0.split == .train }.compactMap {
            $0.values[MetricName.lossTrainedPaths]?.value
        }
        let (first, last) = (try #require(losses.first), try #require(losses.last))
        #expect(last < first)
    }

    @Test func `where every gate is open there is no untrained metric`() throws {
        let rows = try train(SmallNetworks.configuration(gate: .fullyConnected))
        #expect(
            rows.allSatisfy {
                $0.values.keys.sorted() == ["accuracy_trained_paths", "loss_trained_paths"]
            })
    }

    @Test func `a training that has learnt enough ends there, also when it is gone on with`() throws
    {
        var configuration = SmallNetworks.configuration(epochs: 8)
        let whole = try train(configuration)
        let column = MeasuredColumn("train_loss_trained_paths")
        let losses = (1...8).compactMap { epoch in
            column.value(in: whole.filter { $0.epoch == epoch })
        }
        #expect(losses.count == 8)
        // Between the losses of the fourth and the fifth epoch.
        configuration.stop = StopRule(
            metric: column, bound: .below(Double(losses[3] + losses[4]) / 2))
        let first = try #require(losses.firstIndex { $0 < (losses[3] + losses[4]) / 2 }) + 1
        #expect(try train(configuration) == whole.filter { $0.epoch <= first })

        let training = try KPathTraining(configuration: configuration, dataset: Self.dataset())
        var rows: [MetricRow] = []
        while !training.isFinished {
            rows += try #require(training.trainEpoch(shouldStop: { false }))
        }
        #expect(training.epochsCompleted == first && first < 8)
        let again = try KPathTraining(configuration: configuration, dataset: Self.dataset())
        try again.resume(TrainingCheckpoint(state: training.checkpoint(), rows: rows))
        #expect(again.isFinished && again.trainEpoch(shouldStop: { false }) == nil)
    }

    @Test(arguments: [1, 2])
    func `where no gate is open nothing is trained, and only the untrained is measured`(layers: Int)
        throws
    {
        var configuration = SmallNetworks.configuration()
        configuration.layers = layers
        let closed = [Bool](repeating: false, count: configuration.domains)
        configuration.gate = GateRecipe(
            family: .explicit([[Bool]](repeating: closed, count: configuration.domains)))
        let rows = try train(configuration)
        let names = ["accuracy_untrained_paths", "loss_untrained_paths"]
        #expect(rows.allSatisfy { $0.values.keys.sorted() == names })
        let tests = rows.filter { $0.split == .test }.map(\.values)
        #expect(tests.count > 1 && Set(tests.map { $0.mapValues(\.text) }).count == 1)
        #expect(tests[0].values.allSatisfy { $0.value.isFinite })
    }

    @Test func `the same configuration gives the same rows, another seed others`() throws {
        let configuration = SmallNetworks.configuration(gate: .plusMod(k: 2), columns: .permuted)
        let rows = try train(configuration)
        #expect(try train(configuration) == rows)
        for path in [\Seeds.gate, \Seeds.weights, \Seeds.data] {
            var other = configuration
            other.seeds[keyPath: path] += 10
            #expect(try train(other) != rows)
        }
    }

    @Test func `the streams are independent of each other and of the width`() throws {
        let inputs = try Self.dataset().train.inputs
        func network(_ change: (inout KPathConfiguration) -> Void) throws -> KPathNetwork {
            var configuration = SmallNetworks.configuration(columns: .permuted)
            change(&configuration)
            let network = try KPathNetwork(configuration, inputs: inputs)
            network.initialize(configuration.initialization, seed: configuration.seeds.weights)
            return network
        }
        let first = try network { _ in }
        #expect(try network { $0.hiddenWidth = 9 }.gate == first.gate)
        #expect(try network { $0.seeds.weights = 8 }.gate == first.gate)
        let otherGate = try network { $0.seeds.gate = 8 }
        #expect(otherGate.gate != first.gate)
        #expect(otherGate.plan.outputs != first.plan.outputs)
        // The same weights by name, though they are kept in another order.
        #expect(otherGate.export() == first.export())
    }

    @Test func `a stop ends the epoch, and the training with it`() throws {
        let configuration = SmallNetworks.configuration()
        let training = try KPathTraining(configuration: configuration, dataset: Self.dataset())
        var asked = 0
        let rows = training.trainEpoch {
            asked += 1
            return asked == 4
        }
        #expect(rows == nil)
        #expect(asked == 4)
        #expect(training.epochsCompleted == 0)
        #expect(training.trainEpoch(shouldStop: { false }) == nil)
    }

    @Test func `an evaluation can be stopped`() throws {
        let configuration = SmallNetworks.configuration()
        let training = try KPathTraining(configuration: configuration, dataset: Self.dataset())
        let used = try ExampleSet(
            Self.dataset().train, name: "training", classes: 4, limit: nil)
        var asked = 0
        let rows = training.trainEpoch {
            asked += 1
            return asked > used.count / 3
        }
        #expect(rows == nil)
        #expect(asked == used.count / 3 + 1)
    }

    @Test(arguments: [false, true])
    func `a training that diverges reports it, and continues if it is told to`(relu: Bool) throws {
        var configuration = SmallNetworks.configuration(
            layers: 2, relu: relu, optimizer: .sgd(.init(learningRate: 1e30)))
        #expect(try train(configuration).count == 2)
        configuration.onDivergence = .trainOn
        let rows = try train(configuration)
        #expect(rows.count == 4)
        let losses = rows.compactMap { $0.values[MetricName.lossTrainedPaths]?.value }
        #expect(losses.allSatisfy { !$0.isFinite })
    }

    @Test func `only examples of the classes are used, the first of them`() throws {
        let split = Dataset.Split(
            inputs: .features([0, 1, 2, 3, 4, 5, 6, 7], count: 2), labels: [0, 5, 1, 0])
        let set = try ExampleSet(split, name: "training", classes: 2, limit: 2)
        #expect(set.count == 2)
        #expect(set.label(1) == 1)
        let buffer = FloatBuffer(count: 2)
        set.copyInputs(1, to: buffer.base)
        #expect(buffer.values == [4, 5])
    }

    @Test func `pixels are divided by 255`() throws {
        let split = Dataset.Split(
            inputs: .images(pixels: Data([0, 51, 255, 1]), rows: 1, columns: 2), labels: [0, 0])
        let set = try ExampleSet(split, name: "test", classes: 1, limit: nil)
        let buffer = FloatBuffer(count: 2)
        set.copyInputs(1, to: buffer.base)
        #expect(buffer.values == [1, 1 / 255])
    }

    typealias Change = @Sendable (inout KPathConfiguration) -> Void

    static let misfits: [(change: Change, reason: String)] = [
        ({ $0.batchSize = 61 }, "A batch has 61 examples, but only"),
        ({ $0.batchSize = 0 }, "batch_size is 0; it must be from 1 to 4096."),
        ({ $0.domains = 25 }, "There are 25 domains, but only 24 permutations of 4 classes"),
        ({ $0.domains = 0 }, "The gate does not fit"),
        ({ $0.classes = 0 }, "None of the 60 training examples has a label below 0"),
        ({ $0.hiddenWidth = 20_000 }, "hidden_width is 20000; it must be from 1 to 16384."),
        ({ $0.layers = 0 }, "layers is 0; it must be from 1 to 16."),
        ({ $0.hiddenLayers = 17 }, "hidden_layers is 17; it must be from 1 to 16."),
        ({ $0.epochs = 0 }, "epochs is 0; it must be at least 1."),
        ({ $0.trainExamples = 0 }, "0 training examples are asked for"),
        ({ $0.evaluation.everyEpochs = 0 }, "evaluation.every_epochs is 0; it must be"),
        ({ $0.evaluation.trainExamples = -1 }, "evaluation.train_examples is -1; it must be"),
    ]

    @Test(arguments: misfits.indices)
    func `what does not fit is refused with a reason`(index: Int) throws {
        var configuration = SmallNetworks.configuration()
        let (change, reason) = Self.misfits[index]
        change(&configuration)
        let data = try Self.dataset()
        let error = try #require(throws: TrainingError.self) {
            try KPathTraining(configuration: configuration, dataset: data)
        }
        #expect(error.description.hasPrefix(reason), "\(error)")
    }

    @Test func `a network over the limit of parameters is refused before it is allocated`() throws {
        let configuration = SmallNetworks.configuration(width: 16_384, layers: 16)
        let data = try Self.dataset()
        let error = try #require(throws: TrainingError.self) {
            try KPathTraining(configuration: configuration, dataset: data)
        }
        #expect(error.description.hasSuffix("parameters, over the limit of 4294967296."))
    }

    @Test(arguments: SmallNetworks.all.indices)
    func `parameters go out and come in as they were`(index: Int) throws {
        let configuration = SmallNetworks.all[index]
        let inputs = try Self.dataset().train.inputs
        let network = try KPathNetwork(configuration, inputs: inputs)
        network.initialize(configuration.initialization, seed: 1)
        let file = network.export()
        let other = try KPathNetwork(configuration, inputs: inputs)
        try other.load(file)
        #expect(other.parameters.values == network.parameters.values)
        let elements = file.tensors.values.map { $0.bytes.count / 4 }.reduce(0, +)
        #expect(elements == network.shape.parameterCount)
    }

    @Test func `a file of another network is refused`() throws {
        let inputs = try Self.dataset().train.inputs
        let network = try KPathNetwork(SmallNetworks.configuration(), inputs: inputs)
        let wide = try KPathNetwork(SmallNetworks.configuration(width: 7), inputs: inputs)
        #expect(
            throws: TrainingError(
                "The tensor 'encoders.0.1.weight' has the shape [7, 35]; [6, 35] was wanted.")
        ) { try network.load(wide.export()) }
        #expect(throws: SafetensorsError.self) { try network.load(Safetensors()) }
    }
}
