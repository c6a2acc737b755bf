import CKernels
import Shared
import TestSupport
import Testing

@testable import Trainer

/// The first layer's kernels against chains in a written-out order, bit for bit, and its blocks
/// against plain steps.
@Suite struct FirstLayerTests {
    private struct Sparse {
        let matrix: OwnedPanels
        let rows: [[Float]]

        /// (features, examples) with about `zeros` of the numbers zero, one input in all.
        init(features: Int, examples: Int, zeros: Float = 0.3) {
            matrix = OwnedPanels(features, examples, seed: 1)
            let numbers = randomFloats(features * examples, seed: 2)
            rows = (0..<examples).map { e in
                (0..<features).map { j in
                    let value = numbers[e * features + j]
                    return j == 1 || abs(value) < zeros ? 0 : value
                }
            }
            for (e, row) in rows.enumerated() {
                for (j, value) in row.enumerated() { matrix.panels[j, e] = value }
            }
        }

        /// In ascending order where the first eight examples are dense; otherwise by who of a
        /// batch's four has an input, then ascending.
        func order(of example: Int, batch: Int) -> [Int] {
            let eight = rows[..<min(8, batch)]
            let used = rows[0].indices.filter { j in eight.contains { $0[j] != 0 } }
            let there = eight.reduce(0) { $0 + $1.count { $0 != 0 } }
            let ascending = Array(rows[0].indices)
            if eight.count > 4 && 4 * there >= 3 * used.count * eight.count { return ascending }
            let start = example / batch * batch
            let first = start + (example - start) / 4 * 4
            let four = rows[first..<min(first + 4, start + batch)]
            func who(_ j: Int) -> Int {
                four.enumerated().reduce(0) { $0 + ($1.element[j] == 0 ? 0 : 1 << $1.offset) }
            }
            return ascending.sorted { (who($0), $0) < (who($1), $1) }
        }
    }

    @Test(arguments: oddSizes, [0.05, 0.3, 0.8] as [Float])
    func `outputs are chains over the inputs that are not zero`(size: Int, zeros: Float) throws {
        for (features, width, batch) in [(5, size, 3), (size, 20, 8), (9, 33, size), (40, 70, 9)] {
            let examples = 2 * batch
            let sparse = Sparse(features: features, examples: examples, zeros: zeros)
            let block = InputBlock(
                features: features, capacity: examples, batch: batch, isTrained: false)
            block.load(sparse.matrix.panels, count: examples, batch: batch)
            let (w, v) = (
                OwnedPanels(features, width, seed: 3), OwnedPanels(features, width, seed: 4)
            )
            let orders = (0..<examples).map { sparse.order(of: $0, batch: batch) }
            let parts: [(weight: Float, velocity: Float)] = [(1, 0.25), (0.5, -3)]
            for (name, moves) in Machine.kernelNames.flatMap({ [($0, true), ($0, false)] }) {
                let out = OwnedPanels(examples, width, seed: 5)
                let machine = try Machine(kernels: name, threads: 1)
                block.forward(
                    machine, weights: w.panels, velocity: moves ? v.panels : nil, into: out.panels
                ) { parts[$0] }
                let wanted = (0..<examples * width).map { index in
                    let (e, h) = (index / width, index % width)
                    let part = parts[e / batch]
                    return orders[e].reduce(into: Float(0)) { sum, j in
                        let x = sparse.rows[e][j]
                        let mixed = (part.weight * w.panels[j, h])
                            .addingProduct(moves ? part.velocity : 0, v.panels[j, h])
                        // A zero changes no sum.
                        if x != 0 { sum.addProduct(x, mixed) }
                    }
                }
                expectSameBits(out.values, wanted, "\(name)")
            }
        }
    }

    @Test(arguments: oddSizes)
    func `weights and velocity are brought up to date in one chain each`(size: Int) throws {
        for (features, width, examples) in [(5, size, 6), (size, 20, 4), (9, 70, 2 * size)] {
            let sparse = Sparse(features: features, examples: examples)
            let block = InputBlock(
                features: features, capacity: examples, batch: examples / 2, isTrained: true)
            block.load(sparse.matrix.panels, count: examples, batch: examples / 2)
            let (forWeight, forVelocity): ([Float], [Float]) = ([0.5, -0.3], [0.9, 1])
            block.listEntries(
                sparse.matrix.panels, forWeight: forWeight, forVelocity: forVelocity)
            let slopes = OwnedPanels(examples, width, seed: 6)
            for name in Machine.kernelNames {
                let w = OwnedPanels(features, width, seed: 3)
                let v = OwnedPanels(features, width, seed: 4)
                let (oldW, oldV) = (w.values, v.values)
                var update = block.update(
                    weights: w.panels, velocity: v.panels, slopes: slopes.panels,
                    .init(weightKept: 0.75, velocityLent: -2, weightLent: 0.1, velocityKept: 0.8))
                try Machine(kernels: name, threads: 1).kernels.pointee.update(&update)
                func wanted(_ start: (Int) -> Float, _ factors: [Float]) -> [Float] {
                    oldW.indices.map { index in
                        let (j, h) = (index / width, index % width)
                        return (0..<examples).reduce(into: start(index)) { sum, e in
                            let x = sparse.rows[e][j]
                            if x != 0 {
                                sum.addProduct(factors[e / (examples / 2)] * x, slopes.panels[e, h])
                            }
                        }
                    }
                }
                expectSameBits(
                    w.values,
                    wanted({ (0.75 * oldW[$0]).addingProduct(-2, oldV[$0]) }, forWeight),
                    "\(name)")
                expectSameBits(
                    v.values,
                    wanted({ (0.1 * oldW[$0]).addingProduct(0.8, oldV[$0]) }, forVelocity),
                    "\(name)")
            }
        }
    }

    /// Steps one at a time are blocks of one: the plain order of things.
    @Test(arguments: BlockCoefficientsTests.optimizers)
    func `blocks are plain steps to float32's precision`(sgd: Optimizer.SGD) throws {
        var configuration = SmallNetworks.configuration(batch: 2, optimizer: .sgd(sgd))
        configuration.hiddenWidth = 20
        let split = SmallNetworks.split(count: 80, seed: 1)
        let examples = try ExampleSet(split, name: "training", classes: 4, limit: nil)
        let rows = Array(0..<examples.count / 2 * 2)
        func train(_ take: (KPathStep) -> Void) throws -> [Float] {
            let network = try KPathNetwork(configuration, inputs: split.inputs)
            network.initialize(configuration.initialization, seed: 4)
            let state = OptimizerState(configuration.optimizer, count: network.layout.count)
            take(
                KPathStep(
                    network, optimizer: state, batch: 2, machine: try Machine(threads: 1)))
            return network.parameters.values
        }
        let blocked = try train { $0.run(examples, rows: rows[...]) }
        let plain = try train { step in
            for start in stride(from: 0, to: rows.count, by: 2) {
                step.run(examples, rows: rows[start..<start + 2])
            }
        }
        #expect(rows.count > 40)
        expectClose(blocked, plain, absolute: 2e-5)
    }
}
