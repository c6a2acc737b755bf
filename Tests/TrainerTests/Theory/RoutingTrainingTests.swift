import Foundation
import Shared
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
        #expect(last[MetricName.theoryDeviationMax] < 1e-6)
        let reduction = try #require(training.theory.reduction)
        for mode in 1...4 {
            let closed = last[MetricName.closedFormHalfEpoch(mode)]
            // A half is found between two evaluations four epochs apart.
            #expect(abs(closed - last[MetricName.theoryHalfEpoch(mode)]) < 0.5, "mode \(mode)")
            #expect(abs(closed - last[MetricName.halfEpoch(mode)]) < 0.5)
            let hidden = reduction.networks[mode - 1].weight(configuration.hiddenEdge)[0, 0]
            #expect(abs(hidden - last[MetricName.closedFormFinalHidden(mode)]) < 1e-5)
        }
        // Every domain has learnt one representation, so untrained pathways work.
        #expect(abs(last[MetricName.representationSimilarity] - 1) < 1e-5)
        #expect(last[MetricName.lossUntrainedPaths] < 1e-6)
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
        for mode in 1...4 { #expect(row[MetricName.closedFormHalfEpoch(mode)].isFinite) }
    }

    @Test func `a training that was stopped goes on as if it had not been`() throws {
        for method: GatedPlan.Method in [
            .gradientDescent(learningRate: 0.04),
            .gradientFlow(learningRate: 0.04, tolerance: 1e-6),
        ] {
            let configuration = Configuration.routing(
                Self.configuration(domains: 3, k: 2, epochs: 24, method: method))
            func make(_ file: Safetensors? = nil) throws -> GatedTraining {
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
                let second = try make(file)
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
            let error = try #require(throws: TrainingError.self) { try training.resume(checkpoint) }
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
