import Foundation
import Shared
import TestSupport
import Testing

@testable import Trainer

/// How wrong the theory's columns say that the theory is: against half times made by hand, and
/// against the scalars of a routing network followed here, step by step.
@Suite struct TheoryErrorTests {
    @Test(
        arguments: [
            ([100], [150], 0.5),  // of the theory's time, not of the measured one
            ([150], [100], 1.0 / 3),
            ([64.59, 100], [67.07, 90], 0.1),
            ([64.59, nil], [67.07, nil], 2.48 / 64.59),
            ([10, nil], [10, 5], .infinity),
            ([10, 5], [10, nil], .infinity),
            ([nil, 8], [3, 8], .infinity),
            ([0], [0], 0),
            ([0], [5], .infinity),
            ([5], [0], 1),
            ([nil, nil], [nil, nil], nil),
            ([], [], nil),
        ] as [([Double?], [Double?], Double?)])
    func `the largest relative error of half times is over modes that either has come to`(
        theory: [Double?], measured: [Double?], wanted: Double?
    ) throws {
        let found = HalfTimes.largestError(of: theory, measured: measured)
        guard let wanted, wanted.isFinite else {
            #expect(found == wanted)
            return
        }
        expectClose(try #require(found), wanted, absolute: 1e-12)
    }

    @Test func `a half time is found between two measurements, and only once`() {
        var halves = HalfTimes(count: 4)
        halves.add(epoch: 0, [0, 0.6, 0, 0])
        halves.add(epoch: 10, [0.25, 0.4, .nan, 0.1])
        halves.add(epoch: 20, [0.75, 0.9, .nan, 0.2])
        halves.add(epoch: 30, [0.2, 0.9, .nan, 0.3])
        halves.add(epoch: 40, [0.9, 0.9, .nan, 0.4])
        #expect(halves.epochs == [15, 0, nil, nil])
        var copy = HalfTimes(count: 4)
        copy.resume(halves.state)
        #expect(copy.epochs == halves.epochs)
        #expect(copy.state.map(\.bitPattern) == halves.state.map(\.bitPattern))
    }

    /// Two hidden layers, small random weights: the guessed start is so small that the reduction is
    /// still at nothing when the network has learnt its first mode.
    @Test func `a mode that only the network has learnt is not hidden`() throws {
        let tree = TreeTask(
            data: TreeData(depth: 2, branching: 2, strengths: [6, 4, 3]), layers: 2)
        let training = try GatedTraining(
            GatedNetworkConfiguration(
                hiddenWidth: 32, network: .tree(tree),
                plan: GatedPlan(
                    initialization: .init(scheme: .orthogonal, gain: 0.01),
                    method: .gradientFlow(learningRate: 0.5, tolerance: 1e-9), epochs: 100),
                weightSeed: 1))
        let rows = training.finish()
        let name = MetricName.theoryHalfEpochErrorMax
        #expect(rows.first?.values[name] == nil)
        let last = try #require(rows.last)
        #expect(last[MetricName.halfEpoch(1)] < 100)
        #expect(last.values[MetricName.theoryHalfEpoch(1)] == nil)
        #expect(last[name] == .infinity)
        #expect(
            try #require(TheoryText.theory(last.values)).hasPrefix(
                "approximate: the start is not decoupled and is guessed as gain / 2.5"))
        #expect(training.theoryNote.contains("guessed as gain / 2.5 ("))
    }

    /// A routing network's scalars under gradient descent, and its loss after each epoch.
    private func steppedLosses(
        domains: Int, k: Int, rate: Double, gain: Double, strengths: [Double], size: Double,
        epochs: Int
    ) -> [Double] {
        let (r, m, k) = (2 * rate / size, Double(domains), Double(k))
        var modes = strengths.map { (s: $0, b1: gain, b2: gain, b3: gain) }
        return (0...epochs).map { epoch in
            if epoch > 0 {
                modes = modes.map { mode in
                    let (s, b1, b2, b3) = mode
                    let error = s - b1 * b2 * b3
                    return (
                        s, b1 + r * k * b2 * b3 * error, b2 + r * k * m * b1 * b3 * error,
                        b3 + r * k * b1 * b2 * error
                    )
                }
            }
            return k * m / size
                * modes.reduce(0) { sum, mode in
                    let error = mode.s - mode.b1 * mode.b2 * mode.b3
                    return sum + error * error
                }
        }
    }

    /// The deviation from the flow is then the finite step's alone, and the columns say so.
    @Test(arguments: [(1, 0.1), (3, 0.03)])
    func `from a decoupled start the reduction under finite steps is gradient descent`(
        k: Int, rate: Double
    ) throws {
        let (domains, epochs, gain) = (5, 160, 0.2)
        let configuration = RoutingTrainingTests.configuration(
            domains: domains, k: k, epochs: epochs, scheme: .balanced,
            method: .gradientDescent(learningRate: rate))
        let training = try GatedTraining(configuration)
        let rows = training.finish()
        let table = configuration.data.table
        let losses = steppedLosses(
            domains: domains, k: k, rate: rate, gain: gain,
            strengths: singularValues(table.targets),
            size: Double(table.targets.rows * table.targets.columns), epochs: epochs)
        var deviation = 0.0
        for row in rows {
            let (loss, first) = (losses[row.epoch], losses[0])
            expectClose(row[MetricName.trainingLoss], loss, absolute: 1e-6 * first)
            // no expectClose: the deviation is what is compared below, and NaN is not close.
            let now = abs(row[MetricName.theoryLoss] - loss) / first
            deviation = now.isNaN ? .nan : max(deviation, now)
            // To float32, of which the metrics are.
            expectClose(row[MetricName.theoryDeviationMax], deviation, absolute: 1e-6)
        }
        let last = try #require(rows.last)
        #expect(last[MetricName.theoryDeviationMax] > 0.01, "\(deviation)")
        #expect(last[MetricName.theoryStepDeviationMax] < 1e-10)
        #expect(last[MetricName.theoryStepHalfEpochErrorMax] < 1e-10)
        let errors = (1...3).map { mode in
            let theory = last[MetricName.theoryHalfEpoch(mode)]
            // no expectClose: the errors are what is compared below.
            return abs(last[MetricName.halfEpoch(mode)] - theory) / theory
        }
        let error = last[MetricName.theoryHalfEpochErrorMax]
        #expect(error > 0.005 && errors.allSatisfy(\.isFinite))
        expectClose(error, errors.max() ?? 0, absolute: 1e-6)
        #expect(
            TheoryText.theory(last.values)
                == "exact for gradient flow; trained by steps of \(Float(rate))")
        #expect(training.theoryNote == TheoryText.theory(last.values))
    }

    @Test(arguments: 0..<12 as Range<UInt64>)
    func `any graph's reduction under finite steps is gradient descent`(seed: UInt64) throws {
        let data = try DiagonalData(seed: seed)
        let training = try GatedTraining(
            data.graph,
            plan: GatedPlan(
                initialization: .init(scheme: .balanced, gain: 0.3),
                method: .gradientDescent(learningRate: 0.05), epochs: 100),
            seed: seed)
        let last = try #require(training.finish().last)
        #expect(last[MetricName.theoryStepDeviationMax] < 1e-10)
        #expect(last[MetricName.theoryDeviationMax] > 1e-5)
    }

    @Test func `a flow takes no steps`() throws {
        let last = try #require(
            try GatedTraining(
                RoutingTrainingTests.configuration(
                    domains: 3, k: 2, epochs: 8, scheme: .balanced,
                    method: .gradientFlow(learningRate: 0.04, tolerance: 1e-9))
            ).finish().last)
        for name in [
            MetricName.theoryStep, MetricName.theoryStepDeviationMax,
            MetricName.theoryStepHalfEpochErrorMax, MetricName.theoryStart,
        ] {
            #expect(last.values[name] == nil, "\(name)")
        }
        #expect(TheoryText.theory(last.values) == "exact")
    }

    /// What the start is of, by the plan and the number of hidden layers.
    @Test(
        arguments: [
            (1, nil, TheoryStart.computed), (2, nil, .guessed), (1, 0.05, .given),
            (2, 0.05, .given),
        ] as [(Int, Double?, TheoryStart)])
    func `the theory says where it starts`(layers: Int, given: Double?, wanted: TheoryStart) throws
    {
        let tree = TreeTask(
            data: TreeData(depth: 1, branching: 2, strengths: [2, 1]), layers: layers)
        let training = try GatedTraining(
            GatedNetworkConfiguration(
                hiddenWidth: 8, network: .tree(tree),
                plan: GatedPlan(
                    initialization: .init(scheme: .orthogonal, gain: 0.1),
                    method: .gradientDescent(learningRate: 0.1), epochs: 1, theoryStart: given),
                weightSeed: 1))
        let row = try #require(training.finish().last)
        #expect(row[MetricName.theoryStart] == Double(wanted.rawValue))
        #expect(row.values[MetricName.theoryStartValue]?.value == given.map(Float.init))
        let start = try #require(training.theory.reduction).networks[0].weight(0)[0, 0]
        if wanted == .guessed { expectClose(start, 0.04, absolute: 0.01) }
    }
}
