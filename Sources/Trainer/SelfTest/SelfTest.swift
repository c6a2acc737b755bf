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
        return outcomes
    }

    private static func outcome(_ name: String, _ found: Digest) -> Outcome {
        Outcome(
            name: name, found: found,
            wanted: KnownAnswers.byCase[name].flatMap(Digest.init(hexadecimal:)))
    }

    /// Trains what is left. The answer is the SHA-256 of the trajectory's digest and the weights'
    /// bits: metrics are means, which can hide a last bit.
    static func trainToEnd(_ training: KPathTraining) -> Digest {
        var trajectory = TrajectoryDigest()
        while let rows = training.trainEpoch(shouldStop: { false }) {
            for row in rows { trajectory.append(row) }
        }
        let weights = training.network.parameters.values.map(\.bitPattern.littleEndian)
        return Digest(
            of: Array(trajectory.digest.hexadecimal.utf8) + weights.withUnsafeBytes(Array.init))
    }

    /// The trajectory's digest.
    private static func trainToEnd(_ training: GatedTraining) -> Digest {
        var trajectory = TrajectoryDigest()
        while let rows = training.trainEpoch(shouldStop: { false }) {
            for row in rows { trajectory.append(row) }
        }
        return trajectory.digest
    }

    /// The kernels that this processor has, fastest first.
    public static var kernelNames: [String] { Machine.kernelNames }

    static let cases: [(name: String, configuration: KPathConfiguration)] = [
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
