public import Shared

/// Small trainings whose trajectories and final weights are known to the last bit. A host that gets
/// others computes differently, and its results must not stand beside another's.
///
/// The answers belong to `NumericVersion.current`: a change of a bit changes both.
public enum SelfTest {
    public struct Outcome: Sendable {
        public let name: String
        public let found: Digest
        public let wanted: Digest?
        public var isRight: Bool { found == wanted }
    }

    /// Trains every case.
    /// - Parameter kernels: by name; nil: those that GDLN_KERNELS names, or the fastest.
    /// Throws where there are no such kernels or threads.
    public static func run(kernels: String? = nil, threads: Int)
        throws(TrainingError) -> [Outcome]
    {
        try run(Machine(kernels: kernels ?? Machine.forcedKernels, threads: threads))
    }

    /// Trains every case with the kernels that a training here would have.
    /// Throws where there are no such threads.
    public static func report(threads: Int) throws(TrainingError) -> SelfTestReport {
        let machine = try Machine(threads: threads)
        let outcomes = try run(machine)
        return SelfTestReport(
            kernels: machine.kernelName,
            answers: Dictionary(
                uniqueKeysWithValues: outcomes.map { ($0.name, $0.found.hexadecimal) }))
    }

    private static func run(_ machine: Machine) throws(TrainingError) -> [Outcome] {
        FloatEnvironment.setDefault()
        let dataset = EmbeddedDataset.beginning(
            trainExamples: trainExamples, testExamples: testExamples)
        var outcomes: [Outcome] = []
        for (name, configuration) in cases {
            let training = try KPathTraining(
                configuration: configuration, dataset: dataset, machine: machine)
            outcomes.append(outcome(name, trainToEnd(training)))
        }
        for (name, configuration) in routingCases {
            outcomes.append(outcome(name, trainToEnd(try GatedTraining(configuration))))
        }
        for (name, configuration) in subnormalGatedCases {
            let training = try GatedTraining(configuration)
            outcomes.append(outcome(name, trainToEndWithWeights(training)))
        }
        return outcomes
    }

    private static func outcome(_ name: String, _ found: Digest) -> Outcome {
        Outcome(
            name: name, found: found,
            wanted: KnownAnswers.byCase[name].flatMap(Digest.init(hexadecimal:)))
    }

    /// Trains what is left. The answer is the SHA-256 of the trajectory's digest and the weights'
    /// bits: metrics are means, which can hide a last bit.
    /// - Parameter look: called where the training asks whether to stop.
    static func trainToEnd(_ training: KPathTraining, look: () -> Void = {}) -> Digest {
        let trajectory = trajectory(of: training, look: look)
        let weights = training.network.parameters.values.map(\.bitPattern.littleEndian)
        return Digest(
            of: Array(trajectory.hexadecimal.utf8) + weights.withUnsafeBytes(Array.init))
    }

    /// The trajectory's digest.
    private static func trainToEnd(_ training: GatedTraining) -> Digest {
        trajectory(of: training, look: {})
    }

    /// The SHA-256 of the trajectory's digest and the bits of the weights, edge after edge.
    /// - Parameter look: called where the training asks whether to stop.
    static func trainToEndWithWeights(_ training: GatedTraining, look: () -> Void = {}) -> Digest {
        let trajectory = trajectory(of: training, look: look)
        let network = training.model.network
        let weights = network.shapes.indices.flatMap { edge in
            network.weight(edge).values.map(\.bitPattern.littleEndian)
        }
        return Digest(
            of: Array(trajectory.hexadecimal.utf8) + weights.withUnsafeBytes(Array.init))
    }

    private static func trajectory(of training: any Training, look: () -> Void) -> Digest {
        var trajectory = TrajectoryDigest()
        func shouldStop() -> Bool {
            look()
            return false
        }
        while let rows = training.trainEpoch(shouldStop: shouldStop) {
            for row in rows { trajectory.append(row) }
        }
        return trajectory.digest
    }

    /// The kernels that this processor has, fastest first.
    public static var kernelNames: [String] { Machine.kernelNames }

    static let cases: [(name: String, configuration: KPathConfiguration)] =
        [
            ("sgd-momentum", configuration { _ in }),
            (
                "nesterov-decay",
                configuration {
                    $0.optimizer = .sgd(
                        .init(learningRate: 0.05, momentum: 0.9, weightDecay: 0.01, nesterov: true))
                }
            ),
            ("adam", configuration { $0.optimizer = .adam(.init(learningRate: 0.001)) }),
            (
                "relu-two-layers",
                configuration { ($0.relu, $0.layers, $0.hiddenLayers) = (true, 2, 2) }
            ),
            ("rotate", configuration { $0.inputTransform = .rotate }),
            (
                "class-combination",
                configuration {
                    ($0.targetTransform, $0.batchSize) = (.classCombination, 5)
                    $0.gate = GateRecipe(family: .plusMinusMod(k: 3))
                }
            ),
        ] + subnormalCases

    /// Trainings in float32 that subnormal numbers decide. The first one's weights, activations and
    /// gradients are subnormal, apart from the last layer's biases. The second one's gradients are
    /// about 1e-20 at first, so that Adam's squares of them are subnormal.
    static let subnormalCases: [(name: String, configuration: KPathConfiguration)] = [
        (
            "subnormal-products",
            configuration { $0.initialization = Initialization(gain: 1e-38) }
        ),
        (
            "subnormal-squares",
            configuration {
                $0.initialization = Initialization(gain: 1e-9)
                $0.optimizer = .adam(.init(learningRate: 1e-10, epsilon: 1e-30))
            }
        ),
    ]

    /// As many as the cases use.
    private static let (trainExamples, testExamples) = (150, 40)

    /// In float64, by steps and as a flow.
    static let routingCases: [(name: String, configuration: RoutingConfiguration)] = [
        ("routing-descent", routing(.orthogonal, .gradientDescent(learningRate: 0.04))),
        (
            "routing-flow",
            routing(.balanced, .gradientFlow(learningRate: 0.04, tolerance: 1e-8))
        ),
    ]

    /// Trainings in float64 that subnormal numbers decide: products of two weights of about 1e-155,
    /// which the learning rate makes as large as a thousandth of a weight; and metrics that are
    /// subnormal as float32, products of six weights of about 1e-7.
    static let subnormalGatedCases: [(name: String, configuration: GatedNetworkConfiguration)] = [
        ("subnormal-matrices", tree(layers: 2, gain: 1e-155, learningRate: 1e152)),
        ("subnormal-metrics", tree(layers: 5, gain: 1e-7, learningRate: 0.1)),
    ]

    private static func tree(layers: Int, gain: Double, learningRate: Double)
        -> GatedNetworkConfiguration
    {
        let data = TreeData(depth: 2, branching: 2, strengths: [3, 2, 1])
        return GatedNetworkConfiguration(
            hiddenWidth: 7, network: .tree(TreeTask(data: data, layers: layers)),
            plan: GatedPlan(
                initialization: .init(gain: gain),
                method: .gradientDescent(learningRate: learningRate), epochs: 20,
                everyEpochs: 10),
            weightSeed: 5)
    }

    private static func routing(_ scheme: GatedPlan.Scheme, _ method: GatedPlan.Method)
        -> RoutingConfiguration
    {
        RoutingConfiguration(
            domains: 4, hiddenWidth: 13, gate: GateRecipe(family: .plusMinusMod(k: 2)),
            data: .tree(TreeData(depth: 2, branching: 2, strengths: [6, 4, 3])),
            plan: GatedPlan(
                initialization: .init(scheme: scheme, gain: 0.2), method: method, epochs: 40,
                everyEpochs: 4),
            weightSeed: 5)
    }

    private static func configuration(_ change: (inout KPathConfiguration) -> Void)
        -> KPathConfiguration
    {
        var configuration = KPathConfiguration(
            dataset: EmbeddedDataset.name, trainExamples: trainExamples,
            testExamples: testExamples, domains: 6,
            hiddenWidth: 24, gate: GateRecipe(family: .plusMod(k: 2), columns: .permuted),
            batchSize: 8, epochs: 2,
            optimizer: .sgd(.init(learningRate: 0.05, momentum: 0.9)),
            evaluation: Shared.Evaluation(trainExamples: 20),
            seeds: Seeds(gate: 1, weights: 2, data: 3))
        change(&configuration)
        return configuration
    }
}
