import Foundation
import Shared
import TestSupport
import Testing

@testable import Trainer

/// The reduction against the network it reduces.
@Suite struct ReductionTests {
    private func plan(
        _ method: GatedPlan.Method, epochs: Int, gain: Double = 0.3,
        scheme: GatedPlan.Scheme = .balanced
    ) -> GatedPlan {
        GatedPlan(
            initialization: .init(scheme: scheme, gain: gain), method: method, epochs: epochs)
    }

    /// Stated: flow and reduction agree to 1e-6 of the loss at the start.
    @Test(arguments: 0..<30 as Range<UInt64>)
    func `from a decoupled start the flow is the reduction`(seed: UInt64) throws {
        let data = try DiagonalData(seed: seed)
        let training = try GatedTraining(
            data.graph,
            plan: plan(.gradientFlow(learningRate: 0.25, tolerance: 1e-10), epochs: 30), seed: seed)
        #expect(training.theory.status == .exact, "\(training.theory.detail)")
        let reduction = try #require(training.theory.reduction)
        #expect(reduction.networks.count == data.modeCount)
        let last = try #require(training.finish().last)
        #expect(last[MetricName.theoryStatus] == 0)
        expectClose(last[MetricName.theoryDeviationMax], 0, absolute: 1e-6)
        #expect(last[MetricName.theoryDeviationRMS] <= last[MetricName.theoryDeviationMax])
        // Something was learnt, or that would be no news.
        #expect(training.model.losses().training < 0.9 * training.theory.state[0])
        // Mode by mode, and edge by edge: the weights' own singular values.
        expectClose(
            reduction.progress(of: training.model.network) {}, reduction.progress {},
            absolute: 1e-6, relative: 1e-6)
        for edge in data.graph.edges.indices {
            let values = singularValues(training.model.network.weight(edge))
            let wanted = reduction.networks.map { abs($0.weight(edge)[0, 0]) }.sorted(by: >)
            // Those that only one side has are zero.
            let count = max(values.count, wanted.count)
            func padded(_ list: [Double]) -> [Double] {
                list + [Double](repeating: 0, count: count - list.count)
            }
            expectClose(padded(values), padded(wanted), absolute: 1e-6, "edge \(edge)")
        }
    }

    /// Descent's steps are the flow's up to their length: half the length, half the deviation.
    @Test func `descent deviates from the reduction in proportion to its step`() throws {
        let data = try DiagonalData(seed: 3)
        let deviations = try [1, 2, 4].map { parts in
            let training = try GatedTraining(
                data.graph,
                plan: plan(
                    .gradientDescent(learningRate: 0.02 / Double(parts)), epochs: 300 * parts),
                seed: 1)
            return try #require(training.finish().last)[MetricName.theoryDeviationMax]
        }
        for (coarse, fine) in zip(deviations, deviations.dropFirst()) {
            #expect((1.7...2.4).contains(coarse / fine), "\(deviations)")
        }
        expectClose(deviations[0], 0, absolute: 0.05)
    }

    @Test func `a start that is not decoupled is said to be so, and the theory is near`() throws {
        let configuration = RoutingTrainingTests.configuration(domains: 4, k: 2, epochs: 400)
        let training = try GatedTraining(configuration)
        #expect(training.theory.status == .startNotDecoupled)
        #expect(training.theory.detail.contains("not diagonal") || !training.theory.detail.isEmpty)
        let last = try #require(training.finish().last)
        #expect(last[MetricName.theoryStatus] == 1)
        #expect(last[MetricName.theoryDeviationMax] > 0.01)
        expectClose(last[MetricName.theoryDeviationRMS], 0, absolute: 0.2)
    }

    @Test func `correlations that are not diagonal together are named`() throws {
        // Inputs vary along other axes than those that the targets go with.
        let tilted = try #require(Matrix([[1, 0.5], [0.5, 1]]))
        let stretched = try #require(Matrix([[2, 0], [0, 1]]))
        let graph = GatedGraph(
            nodes: [
                .init(name: "x", width: 2), .init(name: "a", width: 3), .init(name: "b", width: 3),
                .init(name: "y", width: 2),
            ],
            edges: [
                .init(from: 0, to: 1), .init(from: 0, to: 2), .init(from: 1, to: 3),
                .init(from: 2, to: 3),
            ],
            contexts: [tilted, stretched].map { inputs in
                .init(
                    name: "c",
                    moments: Moments(
                        inputs: [0], outputs: [3], inputInput: inputs, outputInput: stretched,
                        power: [10]))
            })
        let flow = GatedPlan.Method.gradientFlow(learningRate: 0.1, tolerance: 1e-8)
        let training = try GatedTraining(
            graph, plan: plan(flow, epochs: 3, scheme: .orthogonal), seed: 1)
        #expect(training.theory.status == .notDiagonalizable)
        #expect(training.theory.detail.contains("x->"), "\(training.theory.detail)")
        let last = try #require(training.finish().last)
        #expect(last[MetricName.theoryStatus] == 2)
        #expect(last.values[MetricName.theoryLoss] == nil)
        let error = try #require(throws: TrainingError.self) {
            try GatedTraining(graph, plan: plan(flow, epochs: 3), seed: 1)
        }
        #expect(error.description.hasPrefix("A balanced start wants correlations"))
        #expect(last[MetricName.theoryFirst] == 1 && last[MetricName.theoryRemainder] > 0.01)
    }

    @Test func `a balanced start says that data are too wide to look for modes`() throws {
        let data = TreeData(depth: 9, branching: 2, strengths: (0..<10).map { Double(10 - $0) })
        let graph = NetworkRecipe.tree(TreeTask(data: data, layers: 1)).graph(hiddenWidth: 2)
        let error = try #require(throws: TrainingError.self) {
            try GatedTraining(
                graph, plan: plan(.gradientDescent(learningRate: 0.1), epochs: 1), seed: 1)
        }
        #expect(error.description.contains("wider than 1024"), "\(error)")
    }

    /// Equal modes: any vectors of their plane will do, but the start has some of its own.
    @Test func `modes that are alike in the data are told apart by the start`() throws {
        let inputs = Matrix(identity: 3)
        let moments = Moments(inputs: [(0, inputs)], targets: [(2, inputs)], scale: 1)
        let graph = GatedGraph(
            nodes: ["x", "h", "y"].map { .init(name: $0, width: 3) },
            edges: [.init(from: 0, to: 1), .init(from: 1, to: 2)],
            contexts: [.init(name: "c", moments: moments)])
        let model = try GatedModel(graph)
        let v = try FirstWeights.orthonormalRows(3, length: 3, seed: 1, index: 0)
        let r = try FirstWeights.orthonormalRows(3, length: 3, seed: 1, index: 1)
        let sizes = [0.1, 0.2, 0.4]
        var first = Matrix(zeros: 3, 3)
        for mode in 0..<3 {
            for row in 0..<3 {
                for column in 0..<3 {
                    first[row, column] += sizes[mode] * r[mode, row] * v[mode, column]
                }
            }
        }
        model.network.setWeight(0, first)
        model.network.setWeight(1, first.transposed)
        let parts = PathComponents(model.network.correlations, graph)
        let start = try #require(
            ModeStart(model, parts, model.network.correlations.blocks(graph, parts)))
        expectClose(start.remainder, 0, absolute: 1e-12, start.remainderName)
        let found = start.values.map { abs($0[0]) }.sorted()
        expectClose(found, sizes, absolute: 1e-12)
    }
}
