import Foundation
import Shared
import TestSupport
import Testing

@testable import Trainer

/// Trainings whose loss stops being finite, of every experiment.
@Suite struct DivergenceTests {
    enum Kind: CaseIterable {
        case kPath, kPathAdam, routing, graph

        /// - Parameter rate: of learning; the larger, the sooner it diverges.
        func configuration(
            rate: Double, epochs: Int, every: Int, _ policy: DivergencePolicy
        ) throws -> Configuration {
            switch self {
            case .kPath, .kPathAdam:
                var network = SmallNetworks.configuration(epochs: epochs)
                network.optimizer =
                    self == .kPath
                    ? .sgd(.init(learningRate: rate)) : .adam(.init(learningRate: rate))
                network.evaluation = Evaluation(everyEpochs: every)
                network.onDivergence = policy
                return .kPath(network)
            case .routing, .graph:
                var plan = GatedPlan(
                    initialization: .init(gain: 0.5),
                    method: .gradientDescent(learningRate: rate), epochs: epochs)
                (plan.everyEpochs, plan.onDivergence) = (every, policy)
                if self == .graph {
                    return .gatedNetwork(
                        GatedNetworkConfiguration(
                            hiddenWidth: 4, network: .xor(.both), plan: plan, weightSeed: 1))
                }
                let tree = TreeData(depth: 1, branching: 2, strengths: [2, 1])
                return .routing(
                    RoutingConfiguration(
                        domains: 3, hiddenWidth: 4, gate: GateRecipe(family: .plusMod(k: 2)),
                        data: .tree(tree), plan: plan, weightSeed: 1))
            }
        }

        func divergingRate() throws -> Double {
            try #require(try DivergenceTests.rates.get()[self])
        }
    }

    /// The smallest rate of a ladder at which the loss leaves the float32 range within the epochs
    /// of these tests, for SGD and gradient descent not in the first one. (Adam's second moments
    /// overflow long before the loss does, and stop it: only a loss that leaves the range at once
    /// leaves it at all.)
    private static let rates = Result {
        try Dictionary(
            uniqueKeysWithValues: Kind.allCases.map { kind in
                var rate = kind == .kPathAdam ? 1e11 : 0.1
                while rate < 1e15 {
                    let training = try training(
                        kind.configuration(rate: rate, epochs: epochs, every: 1, .stop))
                    _ = try finish(training)
                    if let epoch = training.divergedEpoch, epoch > 1 || kind == .kPathAdam {
                        return (kind, rate)
                    }
                    rate *= 1.5
                }
                throw TestFailure("no rate of the ladder diverges")
            })
    }

    fileprivate static let epochs = 200

    fileprivate static func training(
        _ configuration: Configuration, resuming: TrainingCheckpoint? = nil
    )
        throws -> any Training
    {
        try configuration.makeTraining(
            dataset: configuration.dataset == nil ? nil : KPathTrainingTests.dataset(),
            resuming: resuming)
    }

    fileprivate static func finish(_ training: any Training) throws -> [MetricRow] {
        var rows: [MetricRow] = []
        while !training.isFinished {
            rows += try #require(training.trainEpoch(shouldStop: { false }))
        }
        return rows
    }

    private static let lossesAndAccuracies = [
        MetricName.trainingLoss, MetricName.lossTrainedPaths, MetricName.lossUntrainedPaths,
        MetricName.accuracyTrainedPaths, MetricName.accuracyUntrainedPaths,
    ]

    /// Whether no number that says how well something is learnt is one.
    private static func saysNothing(_ row: MetricRow) -> Bool {
        row.isDiverged
            && lossesAndAccuracies.allSatisfy { row.values[$0]?.value.isNaN ?? true }
    }

    @Test(arguments: Kind.allCases)
    func `the first epoch that is not finite is the last, and has a row without numbers`(
        kind: Kind
    ) throws {
        let training = try Self.training(
            kind.configuration(
                rate: kind.divergingRate(), epochs: Self.epochs, every: 1, .stop))
        let rows = try Self.finish(training)
        let epoch = try #require(training.divergedEpoch)
        #expect(
            epoch == training.epochsCompleted && epoch < Self.epochs
                && (epoch > 1 || kind == .kPathAdam))
        #expect(training.trainEpoch(shouldStop: { false }) == nil)
        for row in rows where row.epoch < epoch { #expect(!row.isDiverged, "\(row)") }
        let last = rows.filter { $0.epoch == epoch }
        #expect(last.count == (kind == .kPath || kind == .kPathAdam ? 2 : 1))
        for row in last { #expect(Self.saysNothing(row), "\(row)") }
        #expect(rows.map(\.epoch).max() == epoch)
    }

    /// What is found does not depend on when all pathways are measured, except for an epoch whose
    /// last step alone left the range: that is found by an evaluation, or one epoch later.
    @Test(arguments: Kind.allCases)
    func `an epoch diverges also where no evaluation is due`(kind: Kind) throws {
        let rate = try kind.divergingRate()
        let often = try Self.training(
            kind.configuration(rate: rate, epochs: Self.epochs, every: 1, .stop))
        _ = try Self.finish(often)
        let seldom = try Self.training(
            kind.configuration(rate: rate, epochs: Self.epochs, every: 197, .stop))
        let rows = try Self.finish(seldom)
        let (first, second) = (
            try #require(often.divergedEpoch), try #require(seldom.divergedEpoch)
        )
        #expect((first...first + 1).contains(second))
        #expect(Set(rows.map(\.epoch)) == [second])
        #expect(rows.allSatisfy(Self.saysNothing))
    }

    @Test(arguments: Kind.allCases)
    func `asked to continue, all epochs are trained, and no row after it has numbers`(
        kind: Kind
    ) throws {
        let (epochs, every) = (Self.epochs, 7)
        let configuration = try kind.configuration(
            rate: kind.divergingRate(), epochs: epochs, every: every, .trainOn)
        let training = try Self.training(configuration)
        let rows = try Self.finish(training)
        #expect(training.epochsCompleted == epochs)
        let diverged = try #require(training.divergedEpoch)
        let due = (1...epochs).filter { $0 % every == 0 || $0 == epochs }
        #expect(Set(rows.map(\.epoch)) == Set(due + [diverged]))
        for row in rows { #expect(row.isDiverged == (row.epoch >= diverged), "\(row)") }
        for row in rows where row.epoch >= diverged { #expect(Self.saysNothing(row)) }

        // Resumed on either side of it, it gives the same rows and the same state.
        for stop in [max(1, diverged - 1), diverged, diverged + 1] {
            let half = try Self.training(configuration)
            var before: [MetricRow] = []
            while half.epochsCompleted < stop {
                before += try #require(half.trainEpoch(shouldStop: { false }))
            }
            let file = try Safetensors(parsing: half.checkpoint().serialized())
            let rest = try Self.training(
                configuration, resuming: TrainingCheckpoint(state: file, rows: before))
            #expect(rest.divergedEpoch == half.divergedEpoch)
            #expect(try before + Self.finish(rest) == rows)
            #expect(rest.divergedEpoch == diverged)
        }
    }

    @Test func `a checkpoint of a training that has diverged is finished when it is resumed`()
        throws
    {
        for kind in Kind.allCases {
            let configuration = try kind.configuration(
                rate: kind.divergingRate(), epochs: Self.epochs, every: 1, .stop)
            let training = try Self.training(configuration)
            let rows = try Self.finish(training)
            let again = try Self.training(
                configuration,
                resuming: TrainingCheckpoint(state: training.checkpoint(), rows: rows))
            #expect(again.isFinished && again.divergedEpoch == training.divergedEpoch)
        }
    }

    @Test func `a checkpoint's rows end where its training diverged, unless it continues`() throws {
        for kind in Kind.allCases {
            let rate = try kind.divergingRate()
            let going = try Self.training(
                kind.configuration(rate: rate, epochs: Self.epochs, every: 7, .trainOn))
            var rows: [MetricRow] = []
            while going.divergedEpoch.map({ going.epochsCompleted == $0 }) ?? true {
                rows += try #require(going.trainEpoch(shouldStop: { false }))
            }
            let checkpoint = TrainingCheckpoint(state: going.checkpoint(), rows: rows)
            let stopping = try kind.configuration(
                rate: rate, epochs: Self.epochs, every: 7, .stop)
            #expect(throws: TrainingError.self) {
                _ = try Self.training(stopping, resuming: checkpoint)
            }
        }
    }

    @Test func `with nothing trained nothing diverges`() throws {
        var network = SmallNetworks.configuration(
            gate: .explicit((0..<5).map { _ in (0..<5).map { _ in false } }), epochs: 2)
        network.optimizer = .sgd(.init(learningRate: 1e30))
        let training = try Self.training(.kPath(network))
        #expect(try Self.finish(training).allSatisfy { !$0.isDiverged })
        #expect(training.divergedEpoch == nil && training.epochsCompleted == 2)
    }

    /// The bound may say nothing, but never that a loss is finite where it is not.
    @Test(arguments: [0.0, 1e-3, 1, 30, 1e3, 1e5, 1e7, 1e10, 1e30, 1e200])
    func `a loss that is finite for sure is finite`(scale: Double) throws {
        for kind in [Kind.routing, .graph] {
            let configuration = try kind.configuration(rate: 1, epochs: 1, every: 1, .stop)
            let training = try #require(try Self.training(configuration) as? GatedTraining)
            let model = training.model
            var random = SeededRandom(seed: 3, purpose: .embeddedData)
            for (edge, shape) in model.network.shapes.enumerated() {
                let values = (0..<shape.rows * shape.columns).map { _ in
                    scale * (2 * random.uniform() - 1)
                }
                model.network.setWeight(
                    edge, Matrix(rows: shape.rows, columns: shape.columns, values: values))
            }
            let isFinite = !model.losses().isDiverged
            if model.hasFiniteLossForSure { #expect(isFinite) }
            // It is of use where trainings are.
            if scale <= 30 { #expect(model.hasFiniteLossForSure) }
            if scale >= 1e30 { #expect(!isFinite && !model.hasFiniteLossForSure) }
        }
    }
}
