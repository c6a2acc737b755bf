import CKernels
import Shared

/// Loss and gradients of the decoders of one group at a time, after `DecoderPass.forward`.
final class DecoderGradients {
    private let pass: DecoderPass
    private let gradients: RestGradients
    /// By layer but the last: the gradients of what it gave.
    private let slopes: [FloatBuffer]
    /// By group, (slots, domains): 1 / (open pathways * B) where the pathway is open, else 0.
    private let shares: [[Float]]
    /// The same for every column of a decoder.
    private let columnShares: FloatBuffer

    init(_ pass: DecoderPass, gradients: RestGradients, batch: Int) {
        self.pass = pass
        self.gradients = gradients
        let (shape, groups) = (pass.network.shape, pass.plan.groups)
        let pathwaysMax = groups.map(\.pathways).max() ?? 0
        slopes = (0..<shape.layers - 1).map { _ in
            FloatBuffer(count: pathwaysMax * batch * shape.width)
        }
        let share = Float(1 / (Double(pass.network.gate.openCount) * Double(batch)))
        shares = groups.map { group in group.open.map { $0 * share } }
        columnShares = FloatBuffer(count: (groups.map(\.domains.count).max() ?? 0) * batch)
    }

    /// Replaces a group's logits by the loss's gradient in them, exactly zero for closed pathways.
    /// Returns the sum of the cross-entropies over its open pathways and the examples.
    func loss(_ index: Int, trunk: KPathTrunk) -> Double {
        let group = pass.plan.groups[index]
        let (domains, columns) = (group.domains.count, group.domains.count * trunk.batch)
        var sum = 0.0
        for d in 0..<group.slots.count {
            pass.setLabels(slot: group.slots.lowerBound + d, of: trunk, domains: domains)
            shares[index].withUnsafeBufferPointer { shares in
                guard let base = shares.baseAddress else { return }
                gdln_repeat_each(columnShares.base, base + d * domains, domains, trunk.batch)
            }
            let logits = pass.logits(d, columns: columns)
            sum += gdln_softmax_gradient(
                logits.base, logits.rows, columns, pass.columnLabels.base, columnShares.base)
        }
        return sum
    }

    /// Expects `loss` to have run. Writes the gradients of the group's decoders, and adds its part
    /// of dL/d(trunk's output) to `inputSlope`, (H, M B).
    func backward(_ index: Int, input: Matrix, inputSlope: Matrix, batch: Int) {
        let group = pass.plan.groups[index]
        let columns = group.domains.count * batch
        let shape = pass.network.shape
        for layer in (0..<shape.layers).reversed() {
            biases(layer, group, columns)
            guard layer > 0 else { break }
            for d in 0..<group.slots.count { later(layer, group, d, columns) }
            if shape.relu {
                gdln_relu_gradient(
                    slopes[layer - 1].base, pass.output(layer: layer - 1, 0, columns: columns).base,
                    group.slots.count * shape.width * columns)
            }
        }
        first(index, group, input, inputSlope, batch)
    }

    /// dL/d(what a layer of decoder d gave), (out, columns).
    private func slope(_ layer: Int, _ d: Int, _ columns: Int) -> Matrix {
        let shape = pass.network.shape
        if layer == shape.layers - 1 { return pass.logits(d, columns: columns) }
        return Matrix(
            slopes[layer].base + d * shape.width * columns, rows: shape.width, columns: columns)
    }

    private func biases(_ layer: Int, _ group: DecoderPlan.Group, _ columns: Int) {
        let network = pass.network
        let start = network.decoderBiasesStart(layer: layer, slot: group.slots.lowerBound)
        gdln_row_sums(
            gradients.at(start), slope(layer, 0, columns).base,
            group.slots.count * network.shape.decoderOutputs(layer: layer), columns, columns)
    }

    private func later(_ layer: Int, _ group: DecoderPlan.Group, _ d: Int, _ columns: Int) {
        let slot = group.slots.lowerBound + d
        let out = slope(layer, d, columns)
        let weights = pass.weights(layer: layer, first: slot, count: 1)
        Products.multiply(
            out, pass.output(layer: layer - 1, d, columns: columns).transposed,
            into: gradient(of: weights, layer, slot), .replacing)
        Products.multiply(
            weights.transposed, out, into: slope(layer - 1, d, columns), .replacing)
    }

    private func gradient(of weights: Matrix, _ layer: Int, _ slot: Int) -> Matrix {
        Matrix(
            gradients.at(pass.network.decoderWeightsStart(layer: layer, slot: slot)),
            rows: weights.rows, columns: weights.columns)
    }

    private func first(
        _ index: Int, _ group: DecoderPlan.Group, _ input: Matrix, _ inputSlope: Matrix,
        _ batch: Int
    ) {
        let weights = pass.weights(
            layer: 0, first: group.slots.lowerBound, count: group.slots.count)
        let gradient = gradient(of: weights, 0, group.slots.lowerBound)
        let columns = group.domains.count * batch
        let out = Matrix(slope(0, 0, columns).base, rows: weights.rows, columns: columns)
        if group.runs.isEmpty {
            Products.multiply(
                out, pass.gather(index, input, batch).transposed, into: gradient, .replacing)
            Products.multiply(
                weights.transposed, out, into: pass.gatheredMatrix(index, batch), .replacing)
            pass.scatter(index, inputSlope, batch)
        }
        var start = 0
        for run in group.runs {
            let end = start + run.count * batch
            let part = run.lowerBound * batch..<run.upperBound * batch
            let slope = out.columns(start..<end)
            Products.multiply(
                slope, input.columns(part).transposed, into: gradient,
                start == 0 ? .replacing : .adding)
            Products.multiply(
                weights.transposed, slope, into: inputSlope.columns(part), .adding)
            start = end
        }
    }
}
