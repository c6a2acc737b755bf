import Shared

/// One training step of a k-path network: forward, gradients, update. Only open pathways are
/// computed (and the few closed ones that `DecoderPlan` allows); nothing is allocated.
final class KPathStep {
    let network: KPathNetwork
    let optimizer: OptimizerState
    private let batch: Int
    private let trunk: KPathTrunk
    private let pass: DecoderPass
    private let gradients: RestGradients
    private let trunkGradients: TrunkGradients
    private let decoderGradients: DecoderGradients

    init(_ network: KPathNetwork, optimizer: OptimizerState, batch: Int) {
        self.network = network
        self.optimizer = optimizer
        self.batch = batch
        trunk = KPathTrunk(network, capacity: batch)
        pass = DecoderPass(network, network.plan, capacity: batch)
        gradients = RestGradients(network)
        trunkGradients = TrunkGradients(trunk, gradients: gradients, capacity: batch)
        decoderGradients = DecoderGradients(pass, gradients: gradients, batch: batch)
    }

    /// Trains on the examples at `rows`, as many as the batch has.
    /// - Parameter phaseEnded: called after forward, decoders, backward and update, for benchmarks.
    /// - Returns: the loss before the step: the mean over open pathways and examples.
    @discardableResult
    func run(_ examples: ExampleSet, rows: ArraySlice<Int>, phaseEnded: () -> Void = {}) -> Double {
        precondition(rows.count == batch, "a step of \(rows.count) examples, wanted: \(batch)")
        trunk.load(examples, rows: rows)
        let top = trunk.forward()
        phaseEnded()
        let loss = decoders(top)
        phaseEnded()
        let firstSlope = trunkGradients.backward()
        phaseEnded()
        update(firstSlope)
        phaseEnded()
        return loss / (Double(network.gate.openCount) * Double(batch))
    }

    /// Loss and gradients of all groups, added up over pathways and examples.
    private func decoders(_ top: Matrix) -> Double {
        let topSlope = trunkGradients.clearedTopSlope()
        var loss = 0.0
        for group in pass.plan.groups.indices {
            pass.forward(group, input: top, batch: batch)
            loss += decoderGradients.loss(group, trunk: trunk)
            decoderGradients.backward(group, input: top, inputSlope: topSlope, batch: batch)
        }
        return loss
    }

    private func update(_ firstSlope: Matrix) {
        optimizer.begin()
        updateFirst(firstSlope)
        optimizer.update(
            network.parameters, from: network.layout.restStart, count: network.layout.restCount,
            gradients: gradients.buffer.base)
    }

    /// - Parameter slope: dL/d(first encoder layer's output), (H, M B), which is also (H M, B).
    private func updateFirst(_ slope: Matrix) {
        let (shape, start) = (network.shape, network.layout.encoderWeights[0])
        guard !network.views.isShared else {
            let stacked = Matrix(slope.base, rows: shape.width * shape.domains, columns: batch)
            optimizer.update(
                network.stackedFirstWeights, from: start, slope: stacked,
                input: trunk.input(domain: 0))
            return
        }
        for m in 0..<shape.domains {
            optimizer.update(
                network.firstWeights(domain: m), from: start + m * shape.features,
                slope: trunk.columns(of: m, in: slope), input: trunk.input(domain: m))
        }
    }
}
