import Foundation
import Shared
import TestSupport
import Testing

@testable import Trainer

/// What the presets are known to show, in numbers that follow from pencil and paper.
@Suite struct PresetTests {
    private func train(
        _ network: NetworkRecipe, gain: Double, epochs: Int, rate: Double,
        scheme: GatedPlan.Scheme = .balanced
    ) throws -> (GatedTraining, MetricRow) {
        let configuration = GatedNetworkConfiguration(
            hiddenWidth: 16, network: network,
            plan: GatedPlan(
                initialization: .init(scheme: scheme, gain: gain),
                method: .gradientFlow(learningRate: rate, tolerance: 1e-9), epochs: epochs),
            weightSeed: 2)
        let training = try GatedTraining(configuration)
        return (training, try #require(training.finish().last))
    }

    /// Corners: singular value sqrt(2)/4 and input variance 1/2; half-planes: 1/2 and 1/2.
    @Test(arguments: [(XORScheme.corners, 0.125.squareRoot()), (.halfPlanes, 0.5)])
    func `XOR's pathways have the singular values of the theory`(
        scheme: XORScheme, strength: Double
    ) throws {
        let gain = 0.01
        let (training, last) = try train(.xor(scheme), gain: gain, epochs: 400, rate: 0.1)
        #expect(training.theory.status == .exact, "\(training.theory.detail)")
        let correlations = training.model.network.correlations
        #expect(!correlations.targets.isEmpty)
        #expect(correlations.targets.count == correlations.pairs.count)
        for (target, pair) in zip(correlations.targets, correlations.pairs) {
            expectClose(singularValues(target)[0], strength, absolute: 1e-15)
            #expect(pair.first == pair.second)
        }
        let reduction = try #require(training.theory.reduction)
        let open = reduction.networks.flatMap(\.correlations.targets).filter {
            abs($0[0, 0]) > 1e-9
        }
        #expect(open.count == (scheme == .corners ? 4 : 2))
        expectClose(last[MetricName.trainingLoss], 0, absolute: 1e-4)
        expectClose(last[MetricName.theoryDeviationMax], 0, absolute: 1e-6)
        // u = b^2: du/dt = 2 u (s - u / 2) is at a half of its end, 2 s, when u = s.
        let half = log((2 * strength - gain * gain) / (gain * gain)) / (2 * strength)
        expectClose(last[MetricName.halfEpoch(1)] * 0.1, half, absolute: 0.05)
    }

    @Test func `in XOR's race the half-planes win`() throws {
        let (training, last) = try train(
            .xor(.both), gain: 0.001, epochs: 600, rate: 0.1, scheme: .orthogonal)
        training.model.network.computeSlopes()
        let norms = (0..<6).map { training.model.network.product(end: $0).squaredNorm }
        // Pathways 0 to 3 are the corners'.
        #expect(norms.allSatisfy(\.isFinite) && norms.count == 6, "\(norms)")
        #expect((norms[..<4].max() ?? 1) < 0.05 * (norms[4...].min() ?? 0), "\(norms)")
        expectClose(training.model.losses().training, 0, absolute: 1e-3)
        // The report says so: the shares of what is learnt.
        let shares = (1...6).map { last[MetricName.pathwayShare($0)] }
        expectClose(shares.reduce(0, +), 1, absolute: 1e-6)
        #expect((shares[..<4].max() ?? 1) < 0.05 && (shares[4...].min() ?? 0) > 0.4, "\(shares)")
        // And where the modes of the one scheme are not those of the other.
        #expect((1...6).contains(last[MetricName.theoryFirst]))
        #expect(last[MetricName.theoryRemainder] > 0.1)
    }

    /// What of a random start grows is known, and the rest does not matter. Only where one pathway
    /// learns several modes do these disturb each other a little.
    @Test(arguments: [
        (NetworkRecipe.xor(.corners), 1e-3), (.xor(.halfPlanes), 1e-3),
        (
            .tree(
                TreeTask(data: TreeData(depth: 2, branching: 2, strengths: [6, 4, 3]), layers: 1)),
            0.02
        ),
    ])
    func `from small random weights simulation and theory lie on one another`(
        network: NetworkRecipe, bound: Double
    ) throws {
        let (training, last) = try train(
            network, gain: 0.001, epochs: 600, rate: 0.1, scheme: .orthogonal)
        #expect(training.theory.status == .startNotDecoupled)
        expectClose(last[MetricName.theoryDeviationMax], 0, absolute: bound)
        for level in 1...2 {
            let (half, theory) = (
                last[MetricName.halfEpoch(level)], last[MetricName.theoryHalfEpoch(level)]
            )
            #expect(half > 10)
            expectClose(half, theory, relative: bound, "level \(level)")
        }
        expectClose(last[MetricName.trainingLoss], 0, absolute: 1e-3)
    }

    /// The balanced arms of `routing-pathways.yaml` and `routing-gain.yaml`, with fewer hidden
    /// numbers, on which a balanced start does not depend.
    @Test(arguments: [
        (10, 1, 0.08, 0.08, 400), (10, 4, 0.08, 0.02, 400), (7, 4, 0.2, 0.01026, 250),
        (7, 4, 2.5, 0.004421, 100),
    ])
    func `from a balanced start the routing flow is the theory`(
        domains: Int, k: Int, gain: Double, rate: Double, epochs: Int
    ) throws {
        var configuration = RoutingTrainingTests.configuration(
            domains: domains, k: k, epochs: epochs, scheme: .balanced,
            method: .gradientFlow(learningRate: rate, tolerance: 1e-9))
        (configuration.plan.initialization.gain, configuration.plan.everyEpochs) = (gain, 10)
        let last = try #require(try GatedTraining(configuration).finish().last)
        #expect(TheoryText.theory(last.values) == "exact")
        #expect(TheoryText.closedForm(last.values) == "applies")
        #expect(last[MetricName.theoryHalfEpochErrorMax] < 1e-6)
        #expect(last[MetricName.theoryDeviationMax] < 1e-6)
        for mode in 1...3 {
            // Halves are found by a straight line between evaluations ten epochs apart.
            let closed = last[MetricName.closedFormHalfEpoch(mode)]
            expectClose(last[MetricName.halfEpoch(mode)], closed, absolute: 3, "\(mode)")
        }
    }

    @Test func `the inputs of a contextual task are the item and the context`() {
        let task = ContextualTask(
            contextCount: 2, shared: TreeData(depth: 1, branching: 2, strengths: [2, 1]),
            contextualStrengths: [1, 1])
        let graph = NetworkRecipe.contextual(task).graph(hiddenWidth: 4)
        let names = graph.nodes.map(\.name)
        #expect(names.filter { $0.hasPrefix("context") } == ["context0", "context1"])
        for (index, context) in graph.contexts.enumerated() {
            #expect(context.moments.inputs.map { names[$0] } == ["item", "context\(index)"])
            // Each item half of the time, its context always.
            #expect(
                context.moments.inputInput.lists
                    == [[0.5, 0, 0.5], [0, 0.5, 0.5], [0.5, 0.5, 1]])
        }
        let edges = graph.edges.map { "\(names[$0.source])->\(names[$0.target])" }
        for edge in ["item->always", "context1->always", "context1->in1", "in1->only0"] {
            #expect(edges.contains(edge), "\(edge)")
        }
    }

    @Test func `a contextual task is reduced exactly`() throws {
        let task = ContextualTask(
            contextCount: 3, shared: TreeData(depth: 2, branching: 2, strengths: [3, 2, 1]),
            contextualStrengths: [2, 1, 1])
        let (training, last) = try train(.contextual(task), gain: 0.05, epochs: 120, rate: 0.5)
        #expect(training.theory.status == .exact, "\(training.theory.detail)")
        expectClose(last[MetricName.theoryDeviationMax], 0, absolute: 1e-6)
        #expect(training.theory.reduction?.levels.map(\.count) == [1, 1, 2])
        let shares = (1...4).map { last[MetricName.pathwayShare($0)] }
        #expect(shares[0] > 0.4, "\(shares)")
        expectClose(shares.reduce(0, +), 1, absolute: 1e-6)
        #expect(last[MetricName.trainingLoss] < 0.01 * training.theory.state[0])
    }

    /// A deep linear network learns a tree level by level, each as late as its value is small.
    @Test(arguments: [(1, 3), (2, 2), (3, 2), (2, 3), (4, 2)])
    func `a tree is learnt from the root down`(depth: Int, branching: Int) throws {
        let strengths = (0...depth).map { Double(depth + 1 - $0) * 2 }
        let data = TreeData(depth: depth, branching: branching, strengths: strengths)
        let items = try #require(data.items)
        let (training, last) = try train(
            .tree(TreeTask(data: data, layers: 1)), gain: 0.02, epochs: 60 + 20 * depth, rate: 0.5)
        #expect(training.theory.status == .exact, "\(training.theory.detail)")
        let reduction = try #require(training.theory.reduction)
        #expect(reduction.networks.count == items)
        // Distinctions of one level are alike: 1, b - 1, b (b - 1), ... of them, and the square of
        // each value is the sum over levels below of strength^2 times the items that share it.
        var wanted: [Double] = []
        for level in 0...depth {
            let count =
                level == 0 ? 1 : width(of: level, branching) - width(of: level - 1, branching)
            var square = 0.0
            for below in level...depth {
                let sharing = Double(items / width(of: below, branching))
                square += strengths[below] * strengths[below] * sharing
            }
            wanted += [Double](repeating: square.squareRoot(), count: count)
        }
        let found = singularValues(data.table.targets)
        expectClose(found, wanted, absolute: 1e-12)
        #expect(wanted.count == items)
        // A number for each level, down to the last.
        let halves = (1...depth + 1).map { last[MetricName.theoryHalfEpoch($0)] }
        #expect(halves == halves.sorted() && (halves.first ?? 0) > 0, "\(halves)")
        #expect(last.values[MetricName.theoryHalfEpoch(depth + 2)] == nil)
        for (level, value) in Set(wanted).sorted(by: >).enumerated() {
            let names = [MetricName.singularValue, MetricName.theorySingularValue]
            for name in names { expectClose(last[name(level + 1)], value, relative: 1e-3) }
        }
        expectClose(last[MetricName.theoryDeviationMax], 0, absolute: 1e-6)
    }

    private func width(of level: Int, _ branching: Int) -> Int {
        (0..<level).reduce(1) { count, _ in count * branching }
    }
}
