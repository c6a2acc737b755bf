import Shared
import TestSupport
import Testing

@testable import Trainer

@Suite struct GradientTests {
    /// The velocity after one step of momentum is the gradient itself.
    private func gradients(_ configuration: KPathConfiguration) throws -> (
        before: KPathNaive, gradients: Safetensors, loss: Double, examples: [KPathNaive.Example]
    ) {
        let split = SmallNetworks.split(count: 40, seed: 1)
        let examples = try ExampleSet(
            split, name: "training", classes: configuration.classes, limit: nil)
        let network = try KPathNetwork(configuration, inputs: split.inputs)
        network.initialize(configuration.initialization, seed: 4)
        let naive = KPathNaive(network)
        let optimizer = OptimizerState(SmallNetworks.momentum, count: network.layout.count)
        let step = KPathStep(
            network, optimizer: optimizer, batch: configuration.batchSize,
            machine: try Machine(threads: 2))
        let rows = 2..<2 + configuration.batchSize
        let losses = try #require(step.run(examples, rows: Array(0..<40)[rows]))
        return (
            naive, network.export(optimizer.states[0]), losses[0],
            SmallNetworks.naive(examples, rows)
        )
    }

    @Test(arguments: SmallNetworks.all.indices)
    func `loss and gradients are the definition's and its central differences`(index: Int) throws {
        let (naive, gradients, loss, examples) = try gradients(SmallNetworks.all[index])
        let wanted = naive.measure(open: true, examples).loss
        expectClose(loss, wanted, relative: 2e-6)

        let all = gradients.tensors.mapValues(\.floats)
        #expect(all.values.joined().allSatisfy { $0.isFinite })
        let scale = all.values.joined().reduce(0) { max($0, Double(abs($1))) }
        #expect(scale > 1e-3)
        var random = SeededRandom(seed: UInt64(index), purpose: .embeddedData)
        // Of many encoders three are enough: the definition is slow.
        let skipped = (2..<max(naive.shape.domains - 1, 2)).map { "encoders.\($0)." }
        for (name, values) in all.sorted(by: { $0.key < $1.key })
        where !skipped.contains(where: name.hasPrefix) {
            for _ in 0..<4 {
                let element = random.below(values.count)
                let slope = slope(naive, name, element, examples)
                expectClose(
                    values[element], slope, absolute: 2e-5 * scale + 1e-7, "\(name)[\(element)]")
            }
        }
    }

    private func slope(
        _ naive: KPathNaive, _ name: String, _ element: Int, _ examples: [KPathNaive.Example]
    ) -> Double {
        let h = 1e-5
        var (above, below) = (naive, naive)
        above.parameters[name]?[element] += h
        below.parameters[name]?[element] -= h
        return (above.measure(open: true, examples).loss - below.measure(open: true, examples).loss)
            / (2 * h)
    }

    @Test func `a decoder that serves nobody has no gradient at all`() throws {
        let (_, gradients, _, _) = try gradients(SmallNetworks.all[10])
        let values = try gradients.floats("decoders._model.2.weight", rank: 3)
        #expect(values.prefix(3 * 4).allSatisfy { $0 == 0 })
        #expect(values.dropFirst(3 * 4).contains { $0 != 0 })
    }

    @Test(arguments: SmallNetworks.all.indices)
    func `evaluation measures every pathway, open and closed apart`(index: Int) throws {
        let configuration = SmallNetworks.all[index]
        let split = SmallNetworks.split(count: 40, seed: 2)
        let examples = try ExampleSet(
            split, name: "test", classes: configuration.classes, limit: nil)
        let network = try KPathNetwork(configuration, inputs: split.inputs)
        network.initialize(configuration.initialization, seed: 4)
        let found = try #require(
            KPathEvaluator(network, machine: Machine(threads: 2)).evaluate(
                examples, rows: 3..<14, shouldStop: { false }))
        let naive = KPathNaive(network)
        let wanted = naive.measure(open: true, SmallNetworks.naive(examples, 3..<14))
        expectClose(found.open.meanLoss, wanted.loss, relative: 2e-6)
        expectClose(found.open.accuracy, wanted.accuracy, absolute: 1e-12)
        #expect(
            found.open.count + found.closed.count == network.shape.domains * network.shape.domains
                * 11)
        guard network.gate.closedCount > 0 else {
            #expect(found.values.keys.sorted() == ["accuracy_trained_paths", "loss_trained_paths"])
            return
        }
        let closed = naive.measure(open: false, SmallNetworks.naive(examples, 3..<14))
        expectClose(found.closed.meanLoss, closed.loss, relative: 2e-6)
        expectClose(found.closed.accuracy, closed.accuracy, absolute: 1e-12)
    }
}
