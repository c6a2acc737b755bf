import FoundationEssentials
public import Shared

/// How long a training step and an evaluation of the sweeps' workhorse take, on made-up images with
/// as many dark pixels as MNIST has. The clock is the caller's, in seconds: the trainer has none.
public struct StepBenchmark {
    public var domains = 100
    /// K, of `plus_mod` with permuted columns.
    public var openPerInput = 50
    public var width = 128
    public var batch = 8
    public var optimizer = Optimizer.sgd(Optimizer.SGD(learningRate: 1e-4, momentum: 0.9))

    public init() {}

    /// Median seconds of a step, whole and by phase.
    public struct StepTimes: Sendable {
        public let step: Double
        public let forward: Double
        public let decoders: Double
        public let backward: Double
        public let update: Double
    }

    public func step(steps: Int, clock: () -> Double) throws(TrainingError) -> StepTimes {
        let (examples, network) = try make(examples: batch * 64)
        let state = OptimizerState(optimizer, count: network.layout.count)
        let step = KPathStep(network, optimizer: state, batch: batch)
        let order = Array(0..<examples.count)
        var times: [[Double]] = []
        for s in 0..<max(steps, 1) {
            let start = s % 64 * batch
            var marks = [clock()]
            _ = step.run(examples, rows: order[start..<start + batch]) { marks.append(clock()) }
            times.append([marks[4] - marks[0]] + (0..<4).map { marks[$0 + 1] - marks[$0] })
        }
        func median(_ part: Int) -> Double { times.map { $0[part] }.sorted()[times.count / 2] }
        return StepTimes(
            step: median(0), forward: median(1), decoders: median(2), backward: median(3),
            update: median(4))
    }

    /// Seconds of one evaluation of all pathways.
    public func evaluation(examples count: Int, clock: () -> Double) throws(TrainingError) -> Double
    {
        let (examples, network) = try make(examples: count)
        let evaluator = KPathEvaluator(network)
        let start = clock()
        _ = evaluator.evaluate(examples, rows: 0..<count, shouldStop: { false })
        return clock() - start
    }

    private func make(examples count: Int) throws(TrainingError) -> (ExampleSet, KPathNetwork) {
        let configuration = KPathConfiguration(
            dataset: "made up", domains: domains, hiddenWidth: width,
            gate: GateRecipe(family: .plusMod(k: openPerInput), columns: .permuted),
            batchSize: batch, epochs: 1, optimizer: optimizer)
        var random = SeededRandom(seed: 1, purpose: .embeddedData)
        var pixels = Data(count: count * 784)
        for i in pixels.indices where random.below(100) < 19 {
            pixels[i] = UInt8(random.below(256))
        }
        let split = Dataset.Split(
            inputs: .images(pixels: pixels, rows: 28, columns: 28),
            labels: (0..<count).map { UInt8($0 % 10) })
        let network = try KPathNetwork(configuration, inputs: split.inputs)
        network.initialize(Initialization(), seed: 1)
        return (try ExampleSet(split, name: "made-up", classes: 10, limit: nil), network)
    }
}
