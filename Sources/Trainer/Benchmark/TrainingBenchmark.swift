import CKernels
import FoundationEssentials
public import Shared

/// How fast this host trains and evaluates the sweeps' workhorse, beside its own peak. The clock is
/// the caller's, in seconds: the trainer has none.
public struct TrainingBenchmark {
    public var data = Inputs.mnist
    public var domains = 100
    /// K, of `plus_mod` with permuted columns.
    public var trained = 50
    public var width = 128
    public var batch = 8
    public var optimizer = Optimizer.sgd(Optimizer.SGD(learningRate: 1e-4, momentum: 0.9))
    public var threads = 1

    public init() {}

    /// What the examples look like.
    public enum Inputs: String, CaseIterable, Sendable {
        /// Images of 28 x 28, the embedded digits, which are as sparse as MNIST's.
        case mnist
        /// 512 numbers without a zero, as a residual network's features are.
        case cifar10
    }

    public struct Times: Sendable {
        /// Seconds of a step, its share of the block's work included, by block.
        public let steps: [Double]
        /// By part of a step, in the order they run: the mean seconds of a step.
        public let parts: [(name: String, seconds: Double)]
        /// Multiplications and additions of a step that the result needs: gated pathways alone, and
        /// no input that is zero.
        public let usefulOperations: Double
        public let kernels: String
        /// Bytes of weights and of what the optimizer keeps.
        public let parameterBytes: Int
        public let stepsPerBlock: Int
    }

    /// Trains for about `seconds`, after a first block that is not counted, and for one block at
    /// least.
    /// - Parameter dataIsReady: called when the examples are there, before anything of the
    ///   training.
    public func train(
        seconds: Double, clock: () -> Double, dataIsReady: () -> Void = {}
    ) throws(TrainingError) -> Times {
        FloatEnvironment.setDefault()
        let split = makeSplit()
        dataIsReady()
        let (examples, network) = try make(split)
        let machine = try Machine(threads: threads)
        let state = OptimizerState(optimizer, count: network.layout.count)
        let step = KPathStep(network, optimizer: state, batch: batch, machine: machine)
        let perBlock = state.isLinear ? FirstLayer.blockSteps : 1
        let order = Array(0..<examples.count / (batch * perBlock) * batch * perBlock)
        var (marks, parts): ([Double], [Double]) = (
            [], [Double](repeating: 0, count: KPathStep.Part.allCases.count)
        )
        let start = clock()
        var (last, end) = (start, start + 3600)
        let warmBlocks = state.isLinear ? 1 : 4
        while marks.count <= warmBlocks || last < end {
            step.run(
                examples, rows: order[...],
                shouldStop: { clock() > end && marks.count > warmBlocks }
            ) { part in
                let now = clock()
                if marks.count >= warmBlocks { parts[part.rawValue] += now - last }
                if part == .firstLayer {
                    marks.append(now)
                    if marks.count == warmBlocks { end = now + seconds }
                }
                last = now
            }
        }
        let blocks = zip(marks[warmBlocks...], marks[(warmBlocks - 1)...]).map { $0 - $1 }
        let steps = Double(blocks.count * perBlock)
        return Times(
            steps: blocks.map { $0 / Double(perBlock) },
            parts: KPathStep.Part.allCases.map { ("\($0)", parts[$0.rawValue] / steps) },
            usefulOperations: operations(examples, network), kernels: machine.kernelName,
            parameterBytes: network.layout.count * 4 * (1 + state.states.count),
            stepsPerBlock: perBlock)
    }

    /// Seconds of one evaluation of all pathways on `count` examples.
    public func evaluate(examples count: Int, clock: () -> Double) throws(TrainingError) -> Double {
        FloatEnvironment.setDefault()
        let (examples, network) = try make(makeSplit())
        let evaluator = KPathEvaluator(network, machine: try Machine(threads: threads))
        let start = clock()
        var left = count
        while left > 0 {
            let rows = 0..<min(left, examples.count)
            _ = evaluator.evaluate(examples, rows: rows, shouldStop: { false })
            left -= rows.count
        }
        return clock() - start
    }

    /// Floating-point operations a second that all threads together reach in registers alone.
    public func peak(clock: () -> Double) throws(TrainingError) -> Double {
        FloatEnvironment.setDefault()
        let machine = try Machine(threads: threads)
        let (kernels, rounds) = (machine.kernels, 400_000)
        var best = 0.0
        // Half a second: threads that have just begun may share a processor at first.
        for _ in 0..<300 {
            let start = clock()
            let done = Buffer<Double>(count: threads)
            machine.crew.run(threads) { item, _ in
                let sink = FloatBuffer(count: Panels.width)
                sink.base[0] = 1
                done.base[item] = kernels.pointee.busy(rounds, sink.base)
            }
            best = max(best, done.values.reduce(0, +) / (clock() - start))
        }
        return best
    }

    private func operations(_ examples: ExampleSet, _ network: KPathNetwork) -> Double {
        let buffer = FloatBuffer(count: network.shape.features)
        var present = 0
        for row in 0..<examples.count {
            examples.copyInputs(row, to: buffer.base)
            present += buffer.values.count { $0 != 0 }
        }
        let (m, b, h) = (Double(domains), Double(batch), Double(width))
        let inputs = Double(present) / Double(examples.count)
        let logits = Double(network.gate.openCount * network.labels.outputClasses)
        // Forward and gradient of the first layer; forward and two gradients of the others.
        return 2 * b * (2 * m * inputs * h + 3 * m * h * h + 3 * logits * h)
    }

    private func makeSplit() -> Dataset.Split {
        switch data {
        case .mnist: return EmbeddedDataset.make().train
        case .cifar10:
            var random = SeededRandom(seed: 1, purpose: .embeddedData)
            return Dataset.Split(
                inputs: .features(
                    (0..<2_000 * 512).map { _ in Float(random.uniform()) + 0.01 }, count: 512),
                labels: (0..<2_000).map { UInt8($0 % 10) })
        }
    }

    private func make(_ split: Dataset.Split) throws(TrainingError) -> (ExampleSet, KPathNetwork) {
        let configuration = KPathConfiguration(
            dataset: "made up", domains: domains, inputTransform: .permute, hiddenWidth: width,
            gate: GateRecipe(family: .plusMod(k: trained), columns: .permuted),
            batchSize: batch, epochs: 1, optimizer: optimizer)
        let network = try KPathNetwork(configuration, inputs: split.inputs)
        network.initialize(Initialization(), seed: 1)
        return (try ExampleSet(split, name: "made-up", classes: 10, limit: nil), network)
    }
}
