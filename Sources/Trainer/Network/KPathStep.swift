import Shared

/// Training steps of a k-path network: forward, gradients, update. Only open pathways are computed
/// (and the few closed ones that `DecoderPlan` allows), and nothing large is allocated.
final class KPathStep {
    let network: KPathNetwork
    let optimizer: OptimizerState
    private let batch: Int
    private let machine: Machine
    private let gradients: RestGradients
    private let first: FirstLayer
    private let trunk: Trunk
    private let decoders: Decoders

    /// What `run` was doing when it reports the end of a part, for benchmarks.
    enum Part: Int, CaseIterable {
        case firstLayer, trunkForward, loss, decodersBackward, trunkBackward, update
    }

    init(_ network: KPathNetwork, optimizer: OptimizerState, batch: Int, machine: Machine) {
        (self.network, self.optimizer) = (network, optimizer)
        (self.batch, self.machine) = (batch, machine)
        gradients = RestGradients(network)
        first = FirstLayer(network, optimizer: optimizer, batch: batch, machine: machine)
        trunk = Trunk(network, first: first, gradients: gradients, batch: batch, machine: machine)
        decoders = Decoders(network, gradients: gradients, batch: batch, machine: machine)
    }

    /// Trains on the examples at `rows`, batch after batch: whole batches.
    /// - Parameter shouldStop: asked before every step.
    /// - Returns: by step the loss before it, the mean over open pathways and examples (0 where no
    ///   pathway is open); nil where it was stopped, after which the weights are of no use.
    @discardableResult
    func run(
        _ examples: ExampleSet, rows: ArraySlice<Int>, shouldStop: () -> Bool = { false },
        ended: (Part) -> Void = { _ in }
    ) -> [Double]? {
        precondition(rows.count % batch == 0, "\(rows.count) examples, not in batches of \(batch)")
        var losses: [Double] = []
        for start in stride(from: rows.startIndex, to: rows.endIndex, by: first.stepsMax * batch) {
            let block = rows[start..<min(start + first.stepsMax * batch, rows.endIndex)]
            first.begin(examples, rows: block)
            ended(.firstLayer)
            for step in 0..<block.count / batch {
                if shouldStop() { return nil }
                let own = start + step * batch
                losses.append(take(step, examples, block[own..<own + batch], ended))
            }
        }
        first.end()
        ended(.firstLayer)
        return losses
    }

    private func take(
        _ step: Int, _ examples: ExampleSet, _ rows: ArraySlice<Int>, _ ended: (Part) -> Void
    ) -> Double {
        decoders.load(examples, rows: rows)
        trunk.forward(step: step)
        ended(.trunkForward)
        let loss = decoders.loss(trunk.topTurned)
        ended(.loss)
        decoders.backward(input: trunk.top, inputSlope: trunk.topSlope)
        ended(.decodersBackward)
        trunk.prepareBackward()
        trunk.backward(step: step)
        ended(.trunkBackward)
        update()
        ended(.update)
        return loss / (Double(max(1, network.gate.openCount)) * Double(batch))
    }

    /// Parameters that a thread updates at a time.
    private static let updatedTogether = 1 << 16

    private func update() {
        optimizer.begin()
        let (start, count) = (network.layout.restStart, network.layout.restCount)
        machine.crew.run((count + Self.updatedTogether - 1) / Self.updatedTogether) { item, _ in
            let first = item * Self.updatedTogether
            optimizer.update(
                network.parameters, from: start + first,
                count: min(Self.updatedTogether, count - first),
                gradients: gradients.buffer.base + first, machine)
        }
    }
}
