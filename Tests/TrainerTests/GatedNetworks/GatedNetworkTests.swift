import Shared
import TestSupport
import Testing

@testable import Trainer

/// Training through correlations against training through examples, on graphs of all shapes.
@Suite struct GatedNetworkTests {
    static let seeds = Array(0..<40 as Range<UInt64>)

    private func model(_ naive: GatedNaive) throws -> GatedModel {
        let model = try GatedModel(naive.graph)
        for (edge, weight) in naive.weights.enumerated() { model.network.setWeight(edge, weight) }
        return model
    }

    private func slopes(_ model: GatedModel) -> [Matrix] {
        model.network.computeSlopes()
        var start = 0
        return model.network.shapes.map { shape in
            let count = shape.rows * shape.columns
            defer { start += count }
            return Matrix(
                rows: shape.rows, columns: shape.columns,
                values: (start..<start + count).map { model.network.slopes[$0] })
        }
    }

    @Test(arguments: seeds)
    func `loss and slopes are the definition's, and its central differences`(seed: UInt64) throws {
        let naive = RandomGraph(seed: seed).naive
        let model = try model(naive)
        expectClose(model.losses().training, naive.loss, absolute: 1e-12, relative: 1e-12)
        let (found, wanted) = (slopes(model), naive.gradient)
        var random = SeededRandom(seed: seed, purpose: .gate)
        for edge in found.indices {
            expectClose(
                found[edge].values, wanted[edge].values.map(-), absolute: 1e-11, "edge \(edge)")
            let element = random.below(found[edge].values.count)
            let h = 1e-5
            var (above, below) = (naive, naive)
            above.weights[edge].values[element] += h
            below.weights[edge].values[element] -= h
            let difference = (above.loss - below.loss) / (2 * h)
            expectClose(found[edge].values[element], -difference, absolute: 1e-7, "edge \(edge)")
        }
    }

    @Test(arguments: seeds.prefix(12))
    func `descent through correlations is descent through examples`(seed: UInt64) throws {
        var naive = RandomGraph(seed: seed).naive
        let model = try model(naive)
        for _ in 0..<60 {
            naive.descend(rate: 0.02)
            model.network.descend(rate: 0.02) {}
        }
        expectClose(model.losses().training, naive.loss, absolute: 1e-11)
        for (edge, weight) in naive.weights.enumerated() {
            expectClose(model.network.weight(edge).values, weight.values, absolute: 1e-10)
        }
    }

    @Test func `contexts that are not trained are measured, and pull at nothing`() throws {
        var tested = 0
        for seed in Self.seeds {
            let naive = RandomGraph(seed: seed).naive
            let others = naive.graph.contexts.indices.filter {
                !naive.graph.contexts[$0].isTrained
            }
            if others.isEmpty { continue }
            tested += 1
            let model = try model(naive)
            let weights = others.map { naive.graph.contexts[$0].weight }
            let sum = others.reduce(0) {
                $0 + naive.graph.contexts[$1].weight * naive.loss(context: $1)
            }
            let untrained = try #require(model.losses().untrained)
            expectClose(untrained, sum / weights.reduce(0, +), absolute: 1e-12)
            var without = naive
            without.graph.contexts.removeAll { !$0.isTrained }
            without.examples = zip(naive.graph.contexts, naive.examples)
                .filter(\.0.isTrained).map(\.1)
            expectSameBits(
                slopes(model).flatMap(\.values), try slopes(self.model(without)).flatMap(\.values))
        }
        #expect(tested > 5)
    }

    /// A loss far below the rounding of its own power is not lost in it.
    @Test func `a small loss is exact, and no loss is negative`() throws {
        let inputs = Matrix(identity: 3)
        var targets = Matrix(zeros: 3, 2)
        (targets[0, 0], targets[1, 1], targets[2, 1]) = (100, 50, -7)
        let graph = GatedGraph(
            nodes: [.init(name: "x", width: 3), .init(name: "y", width: 2)],
            edges: [.init(from: 0, to: 1)],
            contexts: [
                .init(name: "c", moments: Moments(inputs: [(0, inputs)], targets: [(1, targets)]))
            ])
        let model = try GatedModel(graph)
        var weight = targets.transposed
        model.network.setWeight(0, weight)
        expectClose(model.losses().training, 0, absolute: 1e-28)
        weight[0, 0] += 1e-9
        model.network.setWeight(0, weight)
        // Half of 1e-18, of one of three examples.
        expectClose(model.losses().training, 1e-18 / 6, absolute: 1e-23)
    }

    @Test func `correlations of no data are refused`() throws {
        let moments = [
            (Matrix(zeros: 1, 1), 1.0, 1.0, "does not vary"),
            (Matrix(identity: 1), 2.0, 1.0, "by more than it varies"),
        ]
        for (inputInput, cross, power, reason) in moments {
            let graph = GatedGraph(
                nodes: [.init(name: "x", width: 1), .init(name: "y", width: 1)],
                edges: [.init(from: 0, to: 1)],
                contexts: [
                    .init(
                        name: "c",
                        moments: Moments(
                            inputs: [0], outputs: [1], inputInput: inputInput,
                            outputInput: Matrix(rows: 1, columns: 1, values: [cross]),
                            power: [power]))
                ])
            let error = try #require(throws: TrainingError.self) { try GatedModel(graph) }
            #expect(error.description.contains(reason), "\(error)")
        }
    }

    /// Although no target goes with the direction.
    @Test func `an input with a negative variance is refused`() throws {
        let graph = GatedGraph(
            nodes: [.init(name: "x", width: 2), .init(name: "y", width: 1)],
            edges: [.init(from: 0, to: 1)],
            contexts: [
                .init(
                    name: "c",
                    moments: Moments(
                        inputs: [0], outputs: [1],
                        inputInput: Matrix(rows: 2, columns: 2, values: [1, 2, 2, 1]),
                        outputInput: Matrix(rows: 1, columns: 2, values: [1, 1]), power: [1]))
            ])
        let error = try #require(throws: TrainingError.self) { try GatedModel(graph) }
        #expect(error.description.contains("negative variance"), "\(error)")
    }
}
