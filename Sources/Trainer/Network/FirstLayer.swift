import CKernels
import Shared

/// The first encoder layers in training: nearly all of a network's weights, touched once a block of
/// steps.
///
/// With SGD a block is `blockSteps` steps. Their inputs are known ahead, and a step is linear in
/// weights, velocity and gradients (`BlockCoefficients`): the output in step t is that of the
/// weights as the block found them, plus what the block's earlier slopes G_s add,
///
///     h_t = (a_t W + b_t V) x_t + sum over s < t of  c_ts G_s (x_s . x_t)
///
/// for which the inner products of the inputs are enough. Weights and velocity are brought up to
/// date at the block's end, and the next block's first products are taken while they are in the
/// cache. With Adam, whose step is not linear, a block is one step.
///
/// Invariant: between blocks, `parameters` and the optimizer's states are those of plain steps.
final class FirstLayer {
    /// Belongs to the numeric version: the length of a block changes rounding.
    static let blockSteps = 16

    private let network: KPathNetwork
    private let optimizer: OptimizerState
    private let machine: Machine
    private let batch: Int
    /// Steps of a block.
    let stepsMax: Int
    /// By view: the block at hand, and the one before.
    private var blocks: [InputBlock]
    private var finished: [InputBlock]
    private let loaders: [InputLoader]
    /// For each domain, (examples of the block, H): what the weights as found give, and from a
    /// step's backward pass on its slopes.
    private let outputs: FloatBuffer
    /// By view: what earlier slopes come to count for in the step at hand, (earlier examples,
    /// batch).
    private let corrections: [FloatBuffer]
    private let gradients: [FloatBuffer]
    private var coefficients: BlockCoefficients?
    /// Steps of the block at hand; 0: there is none.
    private var steps = 0

    private static let gradientInputs = 64

    init(_ network: KPathNetwork, optimizer: OptimizerState, batch: Int, machine: Machine) {
        (self.network, self.optimizer, self.machine) = (network, optimizer, machine)
        self.batch = batch
        stepsMax = optimizer.isLinear ? Self.blockSteps : 1
        let (shape, capacity) = (network.shape, stepsMax * batch)
        let views = network.views.isShared ? 1 : shape.domains
        func makeBlocks() -> [InputBlock] {
            (0..<views).map { _ in
                InputBlock(
                    features: shape.features, capacity: capacity, batch: batch, isTrained: true)
            }
        }
        (blocks, finished) = (makeBlocks(), makeBlocks())
        let threads = 0..<machine.crew.threads
        loaders = threads.map { _ in InputLoader(network, capacity: capacity) }
        outputs = FloatBuffer(count: shape.domains * capacity * shape.paddedWidth)
        let size = Panels.size(rows: capacity, columns: batch)
        corrections = (0..<views).map { _ in FloatBuffer(count: size) }
        gradients = threads.map { _ in
            FloatBuffer(count: Self.gradientInputs * Panels.width)
        }
    }

    private func view(of domain: Int) -> Int { network.views.isShared ? 0 : domain }

    /// (examples of the block, H) of one domain.
    private func output(_ domain: Int) -> Panels {
        let (capacity, width) = (stepsMax * batch, network.shape.paddedWidth)
        return Panels(
            outputs.base + domain * capacity * width, rows: capacity, columns: network.shape.width)
    }

    private func output(_ domain: Int, step: Int) -> Panels {
        output(domain).rows(step * batch..<(step + 1) * batch)
    }
}

// MARK: - Blocks

extension FirstLayer {
    /// Ends the block at hand, and begins one of the examples at `rows`, batch after batch.
    func begin(_ examples: ExampleSet, rows: ArraySlice<Int>) {
        let next = rows.count / batch
        let coming: BlockCoefficients? =
            if case .sgd(let sgd) = optimizer.optimizer {
                BlockCoefficients(sgd, steps: next, isFirst: optimizer.steps == 0)
            } else { nil }
        swap(&blocks, &finished)
        load(examples, rows, coming)
        turnOver(from: steps, to: next, coming)
        (steps, coefficients) = (next, coming)
    }

    /// Ends the block at hand: weights and states are up to date.
    func end() {
        swap(&blocks, &finished)
        turnOver(from: steps, to: 0, nil)
        (steps, coefficients) = (0, nil)
    }

    private func load(
        _ examples: ExampleSet, _ rows: ArraySlice<Int>, _ coming: BlockCoefficients?
    ) {
        let steps = rows.count / batch
        let one = [Float](repeating: 1, count: steps)
        let forWeight = coming.map { $0.weight[steps].slopes.map(Float.init) } ?? one
        let forVelocity = coming.map { $0.velocity[steps].slopes.map(Float.init) } ?? one
        machine.crew.run(blocks.count) { view, thread in
            let inputs = loaders[thread].load(examples, rows: rows, view: view)
            blocks[view].load(inputs, count: rows.count, batch: batch)
            blocks[view].listEntries(inputs, forWeight: forWeight, forVelocity: forVelocity)
            if steps > 1 { blocks[view].multiplyPairs(inputs, machine) }
        }
    }

    /// Panels of weights that pass together: with their slopes they fit the second cache.
    private static let panelsTogether = 4

    private func turnOver(from old: Int, to next: Int, _ coming: BlockCoefficients?) {
        let panels = network.shape.paddedWidth / Panels.width
        let parts = (panels + Self.panelsTogether - 1) / Self.panelsTogether
        let ended = coefficients
        machine.crew.run(network.shape.domains * parts) { item, thread in
            let (domain, part) = (item / parts, item % parts)
            let first = part * Self.panelsTogether
            let range = first..<min(first + Self.panelsTogether, panels)
            if old > 0 { update(domain, range, steps: old, ended, thread) }
            if next > 0 { forward(domain, range, coming) }
        }
    }

    private func forward(_ domain: Int, _ range: Range<Int>, _ coming: BlockCoefficients?) {
        let weights = network.encoderWeights(layer: 0, domain: domain).panels(range)
        let velocity = coming == nil ? nil : states(0, domain, range)
        blocks[view(of: domain)].forward(
            machine, weights: weights, velocity: velocity, into: output(domain).panels(range)
        ) { step in
            guard let row = coming?.weight[step] else { return (1, 0) }
            return (Float(row.weight), Float(row.velocity))
        }
    }

    private func states(_ index: Int, _ domain: Int, _ range: Range<Int>) -> Panels? {
        guard index < optimizer.states.count else { return nil }
        return network.encoderWeights(layer: 0, domain: domain, in: optimizer.states[index])
            .panels(range)
    }

    private func update(
        _ domain: Int, _ range: Range<Int>, steps: Int, _ ended: BlockCoefficients?, _ thread: Int
    ) {
        guard let ended else { return plainUpdate(domain, range, thread) }
        let (weight, velocity) = (ended.weight[steps], ended.velocity[steps])
        var update = finished[view(of: domain)].update(
            weights: network.encoderWeights(layer: 0, domain: domain).panels(range),
            velocity: states(0, domain, range), slopes: output(domain).panels(range),
            InputBlock.UpdateParts(
                weightKept: Float(weight.weight), velocityLent: Float(weight.velocity),
                weightLent: Float(velocity.weight), velocityKept: Float(velocity.velocity)))
        machine.kernels.pointee.update(&update)
    }

    /// One step of whatever optimizer, with the gradient made on the way, a few inputs at a time.
    private func plainUpdate(_ domain: Int, _ range: Range<Int>, _ thread: Int) {
        let features = network.shape.features
        for p in range {
            let weights = network.encoderWeights(layer: 0, domain: domain).panels(p..<p + 1)
            var update = finished[view(of: domain)].update(
                weights: weights, velocity: nil, slopes: output(domain).panels(p..<p + 1))
            let gradient = gradients[thread].base
            for first in stride(from: 0, to: features, by: Self.gradientInputs) {
                let last = min(first + Self.gradientInputs, features)
                machine.kernels.pointee.gradient(&update, first, last, gradient)
                let start = weights.base - network.parameters.base + first * Panels.width
                optimizer.update(
                    network.parameters, from: start, count: (last - first) * Panels.width,
                    gradients: gradient, machine)
            }
        }
    }
}

// MARK: - Steps

extension FirstLayer {
    /// Begins step `step` of the block.
    func prepare(step: Int) {
        guard step > 0, let coefficients else { return }
        let counted = coefficients.weight[step].slopes.map(Float.init)
        machine.crew.run(blocks.count) { view, _ in
            blocks[view].corrections(step: step, counted: counted, into: earlier(view, step))
        }
    }

    private func earlier(_ view: Int, _ step: Int) -> Panels {
        Panels(corrections[view].base, rows: step * batch, columns: batch)
    }

    /// Writes what the layer gives in step `step`, (batch, H) of one domain. Expects `prepare`.
    func forward(_ domain: Int, step: Int, into out: Panels) {
        let found = output(domain, step: step)
        machine.kernels.pointee.addToRows(
            out.base, out.panel, found.base, found.panel,
            network.parameters.base + network.encoderBiasesStart(layer: 0, domain: domain),
            batch, out.panelCount)
        guard step > 0 else { return }
        machine.multiply(
            transposed: earlier(view(of: domain), step), output(domain).rows(0..<step * batch),
            into: out, from: .old)
    }

    /// Takes the slopes of step `step`, (batch, H) of one domain.
    func take(_ slopes: Panels, _ domain: Int, step: Int) {
        machine.copy(slopes, into: output(domain, step: step))
    }
}
