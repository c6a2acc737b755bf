import CKernels

/// What all pathways share, in training: encoders and hidden layers, forward and backward.
///
/// Activations are (M B, H), row m B + b for example b in domain m. For a layer out = in W + b:
///
///     dW = in^T dOut,   db = the column sums of dOut,   dIn = dOut W^T
final class Trunk {
    private let network: KPathNetwork
    private let machine: Machine
    private let gradients: RestGradients
    private let first: FirstLayer
    private let batch: Int
    /// M B, and the same in whole panels.
    private let rows: Int
    private let paddedRows: Int
    /// What each layer gave, after its ReLU.
    private let encoderOutputs: [FloatBuffer]
    private let hiddenOutputs: [FloatBuffer]
    /// The last hidden layer's output as (H, M B): decoders read it both ways.
    private let turnedTop: FloatBuffer
    /// The gradients of two neighbouring layers' outputs, taken in turn.
    private let slopes: [FloatBuffer]
    private var current = 0
    /// W^T of each hidden layer.
    private let turnedHidden: [FloatBuffer]
    /// By thread: three times a batch's activations.
    private let scratch: [[FloatBuffer]]

    init(
        _ network: KPathNetwork, first: FirstLayer, gradients: RestGradients, batch: Int,
        machine: Machine
    ) {
        (self.network, self.first, self.gradients) = (network, first, gradients)
        (self.machine, self.batch) = (machine, batch)
        let shape = network.shape
        rows = shape.domains * batch
        paddedRows = Panels.padded(rows)
        let size = paddedRows * shape.paddedWidth
        encoderOutputs = (0..<shape.layers).map { _ in FloatBuffer(count: size) }
        hiddenOutputs = (0..<shape.hiddenLayers).map { _ in FloatBuffer(count: size) }
        turnedTop = FloatBuffer(count: size)
        slopes = (0..<2).map { _ in FloatBuffer(count: size) }
        turnedHidden = (0..<shape.hiddenLayers).map { _ in
            FloatBuffer(count: shape.paddedWidth * shape.paddedWidth)
        }
        let scratchSize = shape.layers > 1 ? Panels.padded(batch) * shape.paddedWidth : 0
        scratch = (0..<machine.crew.threads).map { _ in
            (0..<3).map { _ in FloatBuffer(count: scratchSize) }
        }
    }

    private func matrix(_ buffer: FloatBuffer) -> Panels {
        Panels(
            buffer.base, rows: rows, columns: network.shape.width,
            panel: paddedRows * Panels.width)
    }

    /// What hidden layer i reads.
    private func hiddenInput(layer: Int) -> Panels {
        matrix(
            layer == 0 ? encoderOutputs[network.shape.layers - 1] : hiddenOutputs[layer - 1])
    }

    private func ofDomain(_ domain: Int, _ matrix: Panels) -> Panels {
        matrix.rows(domain * batch..<(domain + 1) * batch)
    }

    /// The last hidden layer's output, (M B, H), and its transpose.
    var top: Panels { matrix(hiddenOutputs[network.shape.hiddenLayers - 1]) }
    var topTurned: Panels {
        Panels(
            turnedTop.base, rows: network.shape.width, columns: rows,
            panel: network.shape.paddedWidth * Panels.width)
    }

    /// dL/d(output of the trunk), to be filled by the decoders; rows in whole panels.
    var topSlope: Panels {
        Panels(slopes[current].base, rows: paddedRows, columns: network.shape.width)
    }

    private var slope: Panels { matrix(slopes[current]) }
}

// MARK: - Forward

extension Trunk {
    /// Computes `top` and `topTurned` for step `step` of the first layer's block.
    func forward(step: Int) {
        let shape = network.shape
        first.prepare(step: step)
        machine.crew.run(shape.domains) { domain, _ in encode(domain, step: step) }
        for layer in 0..<shape.hiddenLayers {
            let isLast = layer == shape.hiddenLayers - 1
            let (input, out) = (hiddenInput(layer: layer), matrix(hiddenOutputs[layer]))
            forEachBlock(of: out) { block, panels in
                let part = out.rows(block).panels(panels)
                machine.multiply(
                    input.rows(block), network.hiddenWeights(layer: layer).panels(panels),
                    into: part,
                    from: .columns(
                        network.parameters.base + network.layout.hiddenBiases[layer]
                            + panels.lowerBound * Panels.width))
                if shape.relu && !isLast { machine.relu(part) }
                if isLast { turn(part, block, panels) }
            }
        }
    }

    /// Blocks begin on panels of rows.
    private func turn(_ part: Panels, _ block: Range<Int>, _ panels: Range<Int>) {
        let (width, all) = (Panels.width, topTurned)
        machine.transpose(
            part,
            into: Panels(
                all.base + block.lowerBound / width * all.panel
                    + panels.lowerBound * width * width,
                rows: part.columns, columns: block.count, panel: all.panel))
    }

    private func encode(_ domain: Int, step: Int) {
        let shape = network.shape
        for layer in 0..<shape.layers {
            let out = ofDomain(domain, matrix(encoderOutputs[layer]))
            if layer == 0 {
                first.forward(domain, step: step, into: out)
            } else {
                machine.multiply(
                    ofDomain(domain, matrix(encoderOutputs[layer - 1])),
                    network.encoderWeights(layer: layer, domain: domain), into: out,
                    from: .columns(
                        network.parameters.base
                            + network.encoderBiasesStart(layer: layer, domain: domain)))
            }
            if shape.relu && layer < shape.layers - 1 { machine.relu(out) }
        }
    }

    /// Cuts (rows, H) into blocks of some rows and some panels, whose operands fit the second
    /// cache.
    private func forEachBlock(
        of matrix: Panels, _ body: (_ rows: Range<Int>, _ panels: Range<Int>) -> Void
    ) {
        let rowsTogether = network.shape.width <= 256 ? 48 : 208
        let panelsTogether = 15
        let across = (matrix.panelCount + panelsTogether - 1) / panelsTogether
        let down = (matrix.rows + rowsTogether - 1) / rowsTogether
        machine.crew.run(down * across) { item, _ in
            let (row, panel) = (item % down * rowsTogether, item / down * panelsTogether)
            body(
                row..<min(row + rowsTogether, matrix.rows),
                panel..<min(panel + panelsTogether, matrix.panelCount))
        }
    }
}

// MARK: - Backward

extension Trunk {
    /// Transposes the weights that `backward` reads so.
    func prepareBackward() {
        for layer in 0..<network.shape.hiddenLayers {
            let (weights, size) = (network.hiddenWeights(layer: layer), network.shape.paddedWidth)
            let out = Panels(turnedHidden[layer].base, rows: size, columns: network.shape.width)
            guard network.shape.width % Panels.width == 0 else {
                // Rows end within a panel: what lies beyond is no row.
                for i in 0..<weights.rows {
                    for o in 0..<weights.columns { out[o, i] = weights[i, o] }
                }
                continue
            }
            machine.crew.run(weights.panelCount) { p, _ in
                machine.transpose(
                    weights.panels(p..<p + 1),
                    into: out.rows(p * Panels.width..<(p + 1) * Panels.width))
            }
        }
    }

    /// Expects the top slope filled, and writes all gradients but the first weights'; those of step
    /// `step` go to the first layer as slopes.
    func backward(step: Int) {
        let shape = network.shape
        for layer in (0..<shape.hiddenLayers).reversed() { backwardHidden(layer) }
        machine.crew.run(shape.domains) { domain, thread in
            var side = current
            for layer in (1..<shape.layers).reversed() {
                backwardEncoder(layer, domain, side, thread)
                side = 1 - side
            }
            let slope = ofDomain(domain, matrix(slopes[side]))
            machine.columnSums(
                slope, into: gradients.at(network.encoderBiasesStart(layer: 0, domain: domain)))
            first.take(slope, domain, step: step)
        }
    }

    private func backwardHidden(_ layer: Int) {
        let (shape, out) = (network.shape, slope)
        let (input, weights) = (hiddenInput(layer: layer), network.hiddenWeights(layer: layer))
        let gradient = gradients.of(weights)
        // Inputs of the layer are the gradient's rows.
        forEachGradientBlock { rows, panels in
            machine.multiply(
                transposed: Panels(
                    input.base + rows.lowerBound / Panels.width * input.panel, rows: input.rows,
                    columns: rows.count, panel: input.panel),
                out.panels(panels), into: gradient.rows(rows).panels(panels), from: .zero)
            if rows.lowerBound == 0 {
                machine.columnSums(
                    out.panels(panels),
                    into: gradients.at(network.layout.hiddenBiases[layer])
                        + panels.lowerBound * Panels.width)
            }
        }
        current = 1 - current
        let below = slope
        let turned = Panels(
            turnedHidden[layer].base, rows: shape.width, columns: shape.width,
            panel: shape.paddedWidth * Panels.width)
        forEachBlock(of: below) { rows, panels in
            let part = below.rows(rows).panels(panels)
            machine.multiply(out.rows(rows), turned.panels(panels), into: part, from: .zero)
            if shape.relu && layer > 0 {
                machine.reluGradient(part, input.rows(rows).panels(panels))
            }
        }
    }

    private func forEachGradientBlock(
        _ body: (_ rows: Range<Int>, _ panels: Range<Int>) -> Void
    ) {
        let (width, panelCount) = (network.shape.width, network.shape.paddedWidth / Panels.width)
        let (rowsTogether, panelsTogether) = width <= 256 ? (32, 15) : (256, 15)
        let across = (panelCount + panelsTogether - 1) / panelsTogether
        let down = (width + rowsTogether - 1) / rowsTogether
        machine.crew.run(down * across) { item, _ in
            let (row, panel) = (item % down * rowsTogether, item / down * panelsTogether)
            body(
                row..<min(row + rowsTogether, width),
                panel..<min(panel + panelsTogether, panelCount))
        }
    }

    private func backwardEncoder(_ layer: Int, _ domain: Int, _ side: Int, _ thread: Int) {
        let input = ofDomain(domain, matrix(encoderOutputs[layer - 1]))
        let out = ofDomain(domain, matrix(slopes[side]))
        let below = ofDomain(domain, matrix(slopes[1 - side]))
        let weights = network.encoderWeights(layer: layer, domain: domain)
        machine.columnSums(
            out, into: gradients.at(network.encoderBiasesStart(layer: layer, domain: domain)))
        machine.multiply(transposed: input, out, into: gradients.of(weights), from: .zero)
        multiplyByTransposed(out, weights, into: below, scratch[thread])
        if network.shape.relu { machine.reluGradient(below, input) }
    }

    /// below (B, in) = out (B, out) W^T, as the transpose of W out^T: a batch is smaller than W.
    private func multiplyByTransposed(
        _ out: Panels, _ weights: Panels, into below: Panels, _ scratch: [FloatBuffer]
    ) {
        let (rows, width) = (Panels.padded(batch), network.shape.paddedWidth)
        func upright(_ i: Int, rows count: Int) -> Panels {
            Panels(scratch[i].base, rows: count, columns: width, panel: rows * Panels.width)
        }
        func turned(_ i: Int, rows count: Int) -> Panels {
            Panels(scratch[i].base, rows: count, columns: rows, panel: width * Panels.width)
        }
        machine.copy(out, into: upright(0, rows: batch))
        machine.transpose(upright(0, rows: rows), into: turned(1, rows: width))
        machine.multiply(
            weights, turned(1, rows: weights.columns), into: turned(2, rows: weights.rows),
            from: .zero)
        machine.transpose(turned(2, rows: width), into: upright(0, rows: rows))
        machine.copy(
            Panels(
                scratch[0].base, rows: batch, columns: below.columns, panel: rows * Panels.width),
            into: below)
    }
}
