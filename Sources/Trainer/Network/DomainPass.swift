import CKernels

/// One input domain's examples through encoder, hidden layers and all decoders, for an evaluation:
/// the memory that one thread needs. Activations are (examples, H), then (out, examples).
final class DomainPass {
    /// Belongs to the numeric version: sums over a pass are added up in sixteen lanes.
    static let examplesMax = 256
    private static let slotsTogether = 8

    private let network: KPathNetwork
    private let machine: Machine
    private let loader: InputLoader?
    private let inputs: InputBlock?
    private let activations: [FloatBuffer]
    private let turned: FloatBuffer
    private let decoded: [FloatBuffer]

    static func makeInputs(_ network: KPathNetwork) -> InputBlock {
        InputBlock(
            features: network.shape.features, capacity: examplesMax, batch: 8, isTrained: false)
    }

    init(_ network: KPathNetwork, _ machine: Machine) {
        (self.network, self.machine) = (network, machine)
        let (shape, examples) = (network.shape, Self.examplesMax)
        let isShared = network.views.isShared
        loader = isShared ? nil : InputLoader(network, capacity: examples)
        inputs = isShared ? nil : Self.makeInputs(network)
        activations = (0..<2).map { _ in FloatBuffer(count: examples * shape.paddedWidth) }
        turned = FloatBuffer(count: examples * shape.paddedWidth)
        decoded = (0..<shape.layers).map {
            FloatBuffer(count: Self.slotsTogether * shape.decoderOutputs(layer: $0) * examples)
        }
    }

    /// The examples at `rows` as domain `view` sees them.
    func load(_ examples: ExampleSet, rows: ArraySlice<Int>, view: Int) -> InputBlock {
        guard let loader, let inputs else { return Self.makeInputs(network) }
        inputs.load(loader.load(examples, rows: rows, view: view), count: rows.count, batch: 8)
        return inputs
    }

    /// Adds to losses[slot] and hits[slot] those of a domain's pathways.
    func measure(
        _ domain: Int, _ inputs: InputBlock, _ labels: [UInt8],
        _ losses: UnsafeMutablePointer<Double>, _ hits: UnsafeMutablePointer<Int>
    ) {
        let panels = Panels.padded(inputs.count) / Panels.width
        let top = trunk(domain, inputs)
        let shape = network.shape
        let columns = Panels(
            turned.base, rows: shape.width, columns: panels * Panels.width,
            panel: shape.paddedWidth * Panels.width)
        machine.transpose(
            Panels(
                top.base, rows: panels * Panels.width, columns: shape.width, panel: top.panel),
            into: columns)
        for first in stride(from: 0, to: shape.domains, by: Self.slotsTogether) {
            let slots = first..<min(first + Self.slotsTogether, shape.domains)
            measure(decode(slots, columns), slots, labels, losses, hits)
        }
    }

    private func trunk(_ domain: Int, _ inputs: InputBlock) -> Panels {
        let shape = network.shape
        func activation(_ index: Int) -> Panels {
            Panels(
                activations[index % 2].base, rows: inputs.count, columns: shape.width,
                panel: Self.examplesMax * Panels.width)
        }
        for layer in 0..<shape.layers + shape.hiddenLayers {
            let (out, hidden) = (activation(layer), layer - shape.layers)
            let biases =
                hidden < 0
                ? network.encoderBiasesStart(layer: layer, domain: domain)
                : network.layout.hiddenBiases[hidden]
            let start = network.parameters.base + biases
            if layer == 0 {
                inputs.forward(
                    machine, weights: network.encoderWeights(layer: 0, domain: domain),
                    velocity: nil, into: out
                ) { _ in (1, 0) }
                machine.kernels.pointee.addToRows(
                    out.base, out.panel, out.base, out.panel, start, out.rows, out.panelCount)
            } else {
                machine.multiply(
                    activation(layer - 1),
                    hidden < 0
                        ? network.encoderWeights(layer: layer, domain: domain)
                        : network.hiddenWeights(layer: hidden), into: out, from: .columns(start))
            }
            let isLast = layer == shape.layers - 1 || hidden == shape.hiddenLayers - 1
            if shape.relu && !isLast { machine.relu(out) }
        }
        return activation(shape.layers + shape.hiddenLayers - 1)
    }

    /// The logits of some slots, (slots classes, examples).
    private func decode(_ slots: Range<Int>, _ input: Panels) -> Panels {
        let shape = network.shape
        var before = input
        for layer in 0..<shape.layers {
            let outputs = shape.decoderOutputs(layer: layer)
            let weights = network.decoderWeights(layer: layer)
            let out = Panels(
                decoded[layer].base, rows: slots.count * outputs, columns: input.columns)
            let biases =
                network.parameters.base
                + network.decoderBiasesStart(layer: layer, slot: slots.lowerBound)
            if layer == 0 {
                machine.multiply(
                    weights.rows(slots.lowerBound * outputs..<slots.upperBound * outputs), input,
                    into: out, from: .rows(biases))
            } else {
                for (d, slot) in slots.enumerated() {
                    machine.multiply(
                        weights.rows(slot * outputs..<(slot + 1) * outputs),
                        before.rows(d * shape.width..<(d + 1) * shape.width),
                        into: out.rows(d * outputs..<(d + 1) * outputs),
                        from: .rows(biases + d * outputs))
                }
            }
            if shape.relu && layer < shape.layers - 1 { machine.relu(out) }
            before = out
        }
        return before
    }

    private func measure(
        _ logits: Panels, _ slots: Range<Int>, _ labels: [UInt8],
        _ losses: UnsafeMutablePointer<Double>, _ hits: UnsafeMutablePointer<Int>
    ) {
        let (classes, width) = (network.shape.outputClasses, Panels.width)
        var own = [Int32](repeating: 0, count: logits.panelCount * width)
        for (d, slot) in slots.enumerated() {
            let output = network.plan.outputs[slot]
            for (e, label) in labels.enumerated() { own[e] = network.labels.label(output, label) }
            var (laneLosses, laneHits) = (
                [Double](repeating: 0, count: width), [Int32](repeating: 0, count: width)
            )
            for p in 0..<logits.panelCount {
                own.withUnsafeBufferPointer { own in
                    guard let own = own.baseAddress else { return }
                    machine.kernels.pointee.softmaxLosses(
                        logits.base + p * logits.panel + d * classes * width, classes,
                        own + p * width, labels.count - p * width, &laneLosses, &laneHits)
                }
            }
            losses[slot] += laneLosses.reduce(0, +)
            hits[slot] += laneHits.reduce(0) { $0 + Int($1) }
        }
    }
}
