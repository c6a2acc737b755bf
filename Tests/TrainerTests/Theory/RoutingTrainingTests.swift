import Foundation
import Shared
import TestSupport
import Testing

@testable import Trainer

/// Routing networks as sweeps train them.
@Suite struct RoutingTrainingTests {
    static func configuration(
        domains: Int, k: Int, epochs: Int, scheme: GatedPlan.Scheme = .orthogonal,
        method: GatedPlan.Method = .gradientDescent(learningRate: 0.04)
    ) -> RoutingConfiguration {
        RoutingConfiguration(
            domains: domains, hiddenWidth: 12,
            gate: GateRecipe(family: .plusMinusMod(k: k)),
            data: .tree(TreeData(depth: 2, branching: 2, strengths: [6, 4, 3])),
            plan: GatedPlan(
                initialization: .init(scheme: scheme, gain: 0.2), method: method, epochs: epochs,
                everyEpochs: 4),
            weightSeed: 5)
    }

    @Test func `the closed form is the reduction`() throws {
        let configuration = Self.configuration(
            domains: 5, k: 3, epochs: 200, scheme: .balanced,
            method: .gradientFlow(learningRate: 0.04, tolerance: 1e-9))
        let training = try GatedTraining(configuration)
        #expect(training.theory.status == .exact)
        let last = try #require(training.finish().last)
        expectClose(last[MetricName.theoryDeviationMax], 0, absolute: 1e-6)
        let reduction = try #require(training.theory.reduction)
        #expect(reduction.levels == [[0], [1], [2, 3]])
        for mode in 1...3 {
            let closed = last[MetricName.closedFormHalfEpoch(mode)]
            // A half is found between two evaluations four epochs apart.
            expectClose(
                last[MetricName.theoryHalfEpoch(mode)], closed, absolute: 0.5, "mode \(mode)")
            expectClose(last[MetricName.halfEpoch(mode)], closed, absolute: 0.5, "mode \(mode)")
            let hidden = reduction.networks[mode - 1].weight(configuration.hiddenEdge)[0, 0]
            expectClose(last[MetricName.closedFormFinalHidden(mode)], hidden, absolute: 1e-5)
        }
        // Every domain has learnt one representation, so untrained pathways work.
        expectClose(last[MetricName.representationSimilarity], 1, absolute: 1e-5)
        expectClose(last[MetricName.lossUntrainedPaths], 0, absolute: 1e-6)
    }

    /// A ring of domains (k = 2), and domains that no correlation joins (k = 1), have modes too.
    @Test(arguments: [(10, 1), (10, 2), (10, 3), (7, 4), (10, 6)])
    func `every gate of the family has one mode for each singular value`(domains: Int, k: Int)
        throws
    {
        let configuration = Self.configuration(domains: domains, k: k, epochs: 1)
        let training = try GatedTraining(configuration)
        #expect(training.theory.status == .startNotDecoupled, "\(training.theoryNote)")
        let row = try #require(training.finish().last)
        #expect(training.theory.reduction?.networks.count == 4)
        for mode in 1...3 { #expect(row[MetricName.theorySingularValue(mode)].isFinite) }
        #expect(row.values[MetricName.theorySingularValue(4)] == nil)
    }

    /// Of 40 seeds none was outside: with one trained output an input the others fail, with four
    /// they work.
    @Test(arguments: [(1, 0.08, 1500, 100.0...300), (4, 0.02, 700, 0.0...2)])
    func `untrained pathways work once enough are trained`(
        k: Int, rate: Double, epochs: Int, error: ClosedRange<Double>
    ) throws {
        var configuration = Self.configuration(
            domains: 10, k: k, epochs: epochs, method: .gradientDescent(learningRate: rate))
        (configuration.hiddenWidth, configuration.plan.everyEpochs) = (64, 100)
        let last = try #require(try GatedTraining(configuration).finish().last)
        expectClose(last[MetricName.lossTrainedPaths], 0, absolute: 0.05)
        #expect(error.contains(last[MetricName.lossUntrainedPaths]), "\(last)")
        let similarity = last[MetricName.representationSimilarity]
        #expect(similarity.isFinite && (similarity > 0.6) == (k == 4))
    }

    @Test func `singular values stand beside the theory's, in pathways and in the hidden layer`()
        throws
    {
        let rows = try GatedTraining(
            Self.configuration(
                domains: 5, k: 3, epochs: 200, scheme: .balanced,
                method: .gradientFlow(learningRate: 0.04, tolerance: 1e-9))
        ).finish()
        #expect(!rows.isEmpty)
        for row in rows {
            for level in 1...3 {
                for (found, theory) in [
                    (MetricName.singularValue(level), MetricName.theorySingularValue(level)),
                    (
                        MetricName.hiddenSingularValue(level),
                        MetricName.theoryHiddenSingularValue(level)
                    ),
                ] {
                    expectClose(row[found], row[theory], absolute: 1e-5, found)
                }
            }
        }
        // The task's own, when all is learnt.
        let data = TreeData(depth: 2, branching: 2, strengths: [6, 4, 3])
        for (level, index) in [(1, 0), (2, 1), (3, 2)] {
            let wanted = singularValues(data.table.targets)[index]
            expectClose(
                rows.last?[MetricName.singularValue(level)] ?? .nan, wanted, absolute: 1e-4)
        }
    }

    /// Every number that a row may have, where there are as many modes as are told of.
    @Test(arguments: [GatedPlan.Scheme.orthogonal, .balanced])
    func `a row has no more metrics than the wire takes`(scheme: GatedPlan.Scheme) throws {
        var configuration = Self.configuration(domains: 3, k: 2, epochs: 1, scheme: scheme)
        let targets = (0..<8).map { row in (0..<8).map { $0 == row ? Double(row + 1) : 0 } }
        configuration.data = .examples(inputs: nil, targets: try #require(Matrix(targets)))
        let training = try GatedTraining(configuration)
        let row = try #require(training.finish().last)
        #expect(row.values[MetricName.theoryHalfEpoch(6)] == nil)
        #expect(row.values[MetricName.theorySingularValue(6)] != nil)
        let closed = row.values[MetricName.closedFormHalfEpoch(6)]
        #expect((closed != nil) == (scheme == .balanced))
        // Half times and their errors, which are not there yet, and what a start may say.
        let missing = 2 * Limits.reportedModesMax + 2 + 5
        #expect(row.values.count + missing <= Limits.metricsPerRowMax)
        #expect(MetricBatch([row]).bytes.count + missing * 40 <= Limits.rowBytesMax)
        let gated =
            16 + 6 * Limits.reportedModesMax + Limits.reportedPathwaysMax
            + TheoryReason(remainder: 1, first: 1, second: 1).values.count
        #expect(gated <= Limits.metricsPerRowMax)
    }

    @Test(arguments: [GatedPlan.Scheme.orthogonal, .balanced])
    func `where nothing is trained all is measured, and nothing changes`(scheme: GatedPlan.Scheme)
        throws
    {
        var configuration = Self.configuration(domains: 3, k: 1, epochs: 8, scheme: scheme)
        configuration.gate = GateRecipe(
            family: .explicit([[Bool]](repeating: [false, false, false], count: 3)))
        let training = try GatedTraining(configuration)
        let before = training.checkpoint().tensors["edges.0.weight"]
        let rows = training.finish()
        #expect(training.checkpoint().tensors["edges.0.weight"] == before)
        #expect(rows.count == 2 && rows[0].values == rows[1].values)
        let row = try #require(rows.last)
        #expect(row[MetricName.lossUntrainedPaths] > 50)
        #expect(row[MetricName.theoryStatus] == Double(TheoryStatus.nothingTrained.rawValue))
        for name in [MetricName.trainingLoss, MetricName.lossTrainedPaths, MetricName.theoryLoss] {
            #expect(row.values[name] == nil, "\(name)")
        }
    }

    @Test func `a training ends when it has learnt enough, also after it was resumed`() throws {
        var configuration = Self.configuration(domains: 3, k: 2, epochs: 400)
        let whole = try GatedTraining(configuration).finish()
        let bound = 1.0
        configuration.plan.stop = StopRule(
            metric: MeasuredColumn(MetricName.trainingLoss), bound: .below(bound))
        let stopped = try GatedTraining(configuration)
        let rows = stopped.finish()
        #expect(rows.count > 2 && rows.count < whole.count && rows == Array(whole[..<rows.count]))
        let losses = rows.map { $0[MetricName.trainingLoss] }
        #expect(losses.dropLast().allSatisfy { $0 >= bound } && (losses.last ?? .nan) < bound)
        #expect(stopped.isFinished && stopped.epochsCompleted == rows.last?.epoch)
        #expect(stopped.trainEpoch { false } == nil)
        // Where it has ended it stays ended; where it has not, it ends there.
        func resumed(_ file: Safetensors, _ rows: some Sequence<MetricRow>) throws -> GatedTraining
        {
            let training = try GatedTraining(configuration)
            try training.resume(
                TrainingCheckpoint(
                    state: Safetensors(parsing: file.serialized()), rows: Array(rows)))
            return training
        }
        #expect(try resumed(stopped.checkpoint(), rows).isFinished)
        let first = try GatedTraining(configuration)
        for _ in 0..<5 { _ = first.trainEpoch { false } }
        #expect(try resumed(first.checkpoint(), rows.prefix(1)).finish() == Array(rows[1...]))
        // It ended there, whatever a checkpoint says of it.
        var other = stopped.checkpoint()
        other.metadata["has_learnt_enough"] = "false"
        #expect(throws: TrainingError.self) { try resumed(other, rows) }
    }

    /// The reduction starts where the weights do, so the closed form must.
    @Test func `a stated start does not part the closed form from a decoupled reduction`() throws {
        var configuration = Self.configuration(
            domains: 5, k: 3, epochs: 100, scheme: .balanced,
            method: .gradientFlow(learningRate: 0.04, tolerance: 1e-9))
        configuration.plan.theoryStart = 0.01
        let last = try #require(try GatedTraining(configuration).finish().last)
        let closed = last[MetricName.closedFormHalfEpoch(1)]
        expectClose(last[MetricName.theoryHalfEpoch(1)], closed, absolute: 0.5)
    }

    @Test func `a training that was stopped goes on as if it had not been`() throws {
        for method: GatedPlan.Method in [
            .gradientDescent(learningRate: 0.04),
            .gradientFlow(learningRate: 0.04, tolerance: 1e-6),
        ] {
            let configuration = Configuration.routing(
                Self.configuration(domains: 3, k: 2, epochs: 24, method: method))
            func make(_ file: TrainingCheckpoint? = nil) throws -> GatedTraining {
                try #require(
                    configuration.makeTraining(dataset: nil, resuming: file) as? GatedTraining)
            }
            let whole = try make().finish()
            #expect(whole.count == 6)
            for epochs in [0, 1, 9, 24] {
                let first = try make()
                var rows: [MetricRow] = []
                for _ in 0..<epochs { rows += try #require(first.trainEpoch { false }) }
                let file = try Safetensors(parsing: first.checkpoint().serialized())
                let second = try make(TrainingCheckpoint(state: file, rows: rows))
                #expect(second.epochsCompleted == epochs)
                #expect(second.checkpoint() == file)
                #expect(rows + second.finish() == whole)
            }
        }
    }

    @Test func `a checkpoint that does not fit is refused with a reason`() throws {
        let configuration = Self.configuration(domains: 3, k: 2, epochs: 4)
        let file = try GatedTraining(configuration).checkpoint()
        var (wide, more) = (configuration, file)
        wide.hiddenWidth = 7
        more.metadata["epochs_completed"] = "5"
        for (other, checkpoint, reason) in [
            (wide, file, "The checkpoint's weight 0 is [12, 4]"),
            (configuration, more, "The checkpoint has 5 epochs; the configuration has 4."),
        ] {
            let training = try GatedTraining(other)
            let error = try #require(throws: TrainingError.self) {
                try training.resume(TrainingCheckpoint(state: checkpoint, rows: []))
            }
            #expect(error.description.hasPrefix(reason), "\(error)")
        }
    }

    /// By gradient descent a large network has one step an epoch, which takes seconds.
    @Test func `a large network looks around within a step and within an evaluation`() throws {
        var configuration = Self.configuration(domains: 6, k: 2, epochs: 4)
        configuration.hiddenWidth = 600
        func looks(stoppedAfter limit: Int = .max) throws -> (count: Int, isThrough: Bool) {
            let training = try GatedTraining(configuration)
            var looks = 0
            let rows = training.trainEpoch {
                looks += 1
                return looks > limit
            }
            return (looks, rows != nil)
        }
        configuration.plan.everyEpochs = 2
        let step = try looks().count
        #expect(step > 2)
        configuration.plan.everyEpochs = 1
        let all = try looks().count
        #expect(all > step + configuration.domains)
        let stopped = try looks(stoppedAfter: step)
        #expect(stopped.count == step + 1 && !stopped.isThrough)
    }

    @Test func `a stop within an epoch ends the training`() throws {
        let training = try GatedTraining(Self.configuration(domains: 3, k: 2, epochs: 4))
        #expect(training.trainEpoch { true } == nil)
        #expect(training.trainEpoch { false } == nil)
        #expect(training.epochsCompleted == 0)
    }
}
