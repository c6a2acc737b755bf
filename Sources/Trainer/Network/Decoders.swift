import CKernels
import Shared

/// The open pathways' decoders in training: loss and gradients.
///
/// Decoders are computed in the groups of a `DecoderPlan`. Activations of a group are (slots out,
/// columns), the columns being the panels that hold the group's domains, run after run; the loss's
/// gradient is zero in those that no open pathway needs. All decoders of a group read the same
/// columns, so the first layer is one product; later layers are a product a decoder.
final class Decoders {
    private let network: KPathNetwork
    private let machine: Machine
    private let gradients: RestGradients
    private let batch: Int
    private let groups: [Group]
    private let spans: [Span]
    /// By slot: B labels and more, in turn, so that sixteen can be read from any of the first B on.
    private let labels: Buffer<Int32>
    private let labelsPerSlot: Int
    /// By span, sixteen sums.
    private let losses: Buffer<Double>
    /// By thread, (columns, H) of a group.
    private let turned: [FloatBuffer]

    private struct Group {
        let slots: Range<Int>
        let panels: Int
        /// Runs of the trunk's panels, each with the place of its first among the group's.
        let runs: [(place: Int, panels: Range<Int>)]
        /// By layer; the last holds the logits, then the gradient in them.
        let outputs: [FloatBuffer]
        /// By layer but the last: the gradients of the outputs.
        let slopes: [FloatBuffer]
        /// (panel, slot, 16): 1 / (open pathways * B) where the pathway is open, else 0.
        let shares: FloatBuffer
    }

    /// Some neighbouring panels of a group: what one thread computes at a time.
    private struct Span {
        let group: Int
        let place: Int
        let panels: Range<Int>
    }

    private static let panelsTogether = 6

    init(_ network: KPathNetwork, gradients: RestGradients, batch: Int, machine: Machine) {
        (self.network, self.gradients) = (network, gradients)
        (self.batch, self.machine) = (batch, machine)
        groups = network.plan.groups.map { Self.group($0, network, batch) }
        spans = groups.enumerated().flatMap { index, group in
            group.runs.flatMap { run in
                stride(from: 0, to: run.panels.count, by: Self.panelsTogether).map { start in
                    let first = run.panels.lowerBound + start
                    return Span(
                        group: index, place: run.place + start,
                        panels: first..<min(first + Self.panelsTogether, run.panels.upperBound))
                }
            }
        }
        labelsPerSlot = batch + Panels.width
        labels = Buffer(count: network.shape.domains * labelsPerSlot)
        losses = Buffer(count: spans.count * Panels.width, zero: 0)
        let panelsMax = network.shape.layers > 1 ? groups.map(\.panels).max() ?? 0 : 0
        turned = (0..<machine.crew.threads).map { _ in
            FloatBuffer(count: panelsMax * Panels.width * network.shape.paddedWidth)
        }
    }

    private static func group(_ planned: DecoderPlan.Group, _ network: KPathNetwork, _ batch: Int)
        -> Group
    {
        var (runs, panels): ([(place: Int, panels: Range<Int>)], Int) = ([], 0)
        for run in planned.panelRuns(batch: batch) {
            runs.append((panels, run))
            panels += run.count
        }
        func buffer(_ layer: Int) -> FloatBuffer {
            // Transposes read rows in whole panels, so a few more stand after the last.
            let rows = planned.slots.count * network.shape.decoderOutputs(layer: layer)
            return FloatBuffer(count: (panels * rows + Panels.width) * Panels.width)
        }
        let layers = network.shape.layers
        return Group(
            slots: planned.slots, panels: panels, runs: runs, outputs: (0..<layers).map(buffer),
            slopes: (0..<layers - 1).map(buffer),
            shares: shares(planned, runs, panels, network, batch))
    }

    private static func shares(
        _ planned: DecoderPlan.Group, _ runs: [(place: Int, panels: Range<Int>)], _ panels: Int,
        _ network: KPathNetwork, _ batch: Int
    ) -> FloatBuffer {
        let share = Float(1 / (Double(max(1, network.gate.openCount)) * Double(batch)))
        let shares = FloatBuffer(count: panels * planned.slots.count * Panels.width)
        for run in runs {
            for column in run.panels.lowerBound * 16..<run.panels.upperBound * 16 {
                guard let domain = planned.domains.firstIndex(of: column / batch) else { continue }
                let place = run.place + column / 16 - run.panels.lowerBound
                for slot in 0..<planned.slots.count {
                    shares.base[(place * planned.slots.count + slot) * 16 + column % 16] =
                        share * planned.open[slot * planned.domains.count + domain]
                }
            }
        }
        return shares
    }

    private func rows(_ group: Group, _ layer: Int) -> Int {
        group.slots.count * network.shape.decoderOutputs(layer: layer)
    }

    /// Panels of a group's activations, from the one at `place` on.
    private func part(_ buffer: FloatBuffer, _ group: Group, _ layer: Int, place: Int, count: Int)
        -> Panels
    {
        let rows = rows(group, layer)
        return Panels(
            buffer.base + place * rows * Panels.width, rows: rows, columns: count * Panels.width)
    }

    /// The rows of decoder `slot` of a group, in a layer.
    private func ofSlot(_ slot: Int, _ layer: Int, _ matrix: Panels) -> Panels {
        let outputs = network.shape.decoderOutputs(layer: layer)
        return matrix.rows(slot * outputs..<(slot + 1) * outputs)
    }

    private func weights(_ layer: Int, _ slots: Range<Int>) -> Panels {
        let outputs = network.shape.decoderOutputs(layer: layer)
        return network.decoderWeights(layer: layer)
            .rows(slots.lowerBound * outputs..<slots.upperBound * outputs)
    }
}

// MARK: - Forward and loss

extension Decoders {
    /// Takes the labels of a step's batch.
    func load(_ examples: ExampleSet, rows: ArraySlice<Int>) {
        for (b, row) in rows.enumerated() {
            let label = examples.label(row)
            for (slot, output) in network.plan.outputs.enumerated() {
                let own = network.labels.label(output, label)
                for place in stride(from: b, to: labelsPerSlot, by: batch) {
                    labels.base[slot * labelsPerSlot + place] = own
                }
            }
        }
    }

    /// Computes all groups' logits from the trunk's output (H, M B) and replaces them by the loss's
    /// gradient in them. Returns the sum of the cross-entropies of all open pathways and examples.
    func loss(_ input: Panels) -> Double {
        losses.clear(losses.count)
        machine.crew.run(spans.count) { index, _ in
            let (span, layers) = (spans[index], network.shape.layers)
            for layer in 0..<layers { forward(layer, span, input) }
            softmax(span, losses.base + index * Panels.width)
        }
        return UnsafeBufferPointer(start: losses.base, count: losses.count).reduce(0, +)
    }

    private func forward(_ layer: Int, _ span: Span, _ input: Panels) {
        let group = groups[span.group]
        let out = part(
            group.outputs[layer], group, layer, place: span.place, count: span.panels.count)
        let biases =
            network.parameters.base
            + network.decoderBiasesStart(layer: layer, slot: group.slots.lowerBound)
        if layer == 0 {
            machine.multiply(
                weights(0, group.slots), input.panels(span.panels), into: out, from: .rows(biases))
        } else {
            let before = part(
                group.outputs[layer - 1], group, layer - 1, place: span.place,
                count: span.panels.count)
            for (d, slot) in group.slots.enumerated() {
                machine.multiply(
                    weights(layer, slot..<slot + 1), ofSlot(d, layer - 1, before),
                    into: ofSlot(d, layer, out),
                    from: .rows(biases + d * network.shape.decoderOutputs(layer: layer)))
            }
        }
        if network.shape.relu && layer < network.shape.layers - 1 { machine.relu(out) }
    }

    private func softmax(_ span: Span, _ losses: UnsafeMutablePointer<Double>) {
        let (group, layer) = (groups[span.group], network.shape.layers - 1)
        let (slots, classes) = (group.slots.count, network.shape.outputClasses)
        let logits = part(
            group.outputs[layer], group, layer, place: span.place, count: span.panels.count)
        for p in 0..<span.panels.count {
            let shares = group.shares.base + (span.place + p) * slots * Panels.width
            let example = (span.panels.lowerBound + p) * Panels.width % batch
            for d in 0..<slots {
                machine.kernels.pointee.softmaxGradient(
                    logits.base + p * logits.panel + d * classes * Panels.width, classes,
                    labels.base + (group.slots.lowerBound + d) * labelsPerSlot + example,
                    shares + d * Panels.width, losses)
            }
        }
    }
}

// MARK: - Backward

extension Decoders {
    private static let inputsTogether = 16
    private static let slopePanelsTogether = 4

    /// Expects `loss` to have run. Writes the decoders' gradients and, into `inputSlope`, (M B, H)
    /// with rows in whole panels, dL/d(trunk's output).
    /// - Parameter input: the trunk's output, (M B, H).
    func backward(input: Panels, inputSlope: Panels) {
        if network.shape.layers > 1 { backwardLater() }
        // Two kinds of items: gradients of a group in some columns, and slopes of some rows.
        let panels = inputSlope.panelCount
        let across = (panels + Self.inputsTogether - 1) / Self.inputsTogether
        let blocks = inputSlope.rows / Panels.width
        let down = (blocks + Self.slopePanelsTogether - 1) / Self.slopePanelsTogether
        let gradientItems = groups.count * across
        machine.crew.run(gradientItems + down) { item, _ in
            if item < gradientItems {
                let first = item % across * Self.inputsTogether
                gradient(
                    groups[item / across], input, first..<min(first + Self.inputsTogether, panels),
                    isFirst: first == 0)
            } else {
                let first = (item - gradientItems) * Self.slopePanelsTogether
                slope(first..<min(first + Self.slopePanelsTogether, blocks), inputSlope)
            }
        }
    }

    /// dL/d(what the first layer gave), panels of a group.
    private func firstSlope(_ group: Group, place: Int, count: Int) -> Panels {
        part(
            network.shape.layers > 1 ? group.slopes[0] : group.outputs[0], group, 0, place: place,
            count: count)
    }

    private func gradient(
        _ group: Group, _ input: Panels, _ inputs: Range<Int>, isFirst: Bool
    ) {
        let out = gradients.of(weights(0, group.slots)).panels(inputs)
        for run in group.runs {
            let slope = firstSlope(group, place: run.place, count: run.panels.count)
            // The trunk's rows beyond M B are of no domain: their slopes are zero.
            let rows = run.panels.lowerBound * 16..<run.panels.upperBound * 16
            machine.multiply(
                slope, input.panels(inputs).rows(rows), into: out,
                from: run.place == 0 ? .zero : .old)
        }
        if isFirst {
            machine.rowSums(
                firstSlope(group, place: 0, count: group.panels),
                into: gradients.at(
                    network.decoderBiasesStart(layer: 0, slot: group.slots.lowerBound)))
        }
    }

    private func slope(_ panels: Range<Int>, _ out: Panels) {
        machine.clear(out.rows(panels.lowerBound * 16..<panels.upperBound * 16))
        for group in groups {
            for run in group.runs {
                let both = run.panels.clamped(to: panels)
                guard !both.isEmpty else { continue }
                machine.multiply(
                    transposed: firstSlope(
                        group, place: run.place + both.lowerBound - run.panels.lowerBound,
                        count: both.count),
                    weights(0, group.slots),
                    into: out.rows(both.lowerBound * 16..<both.upperBound * 16), from: .old)
            }
        }
    }

    /// All layers but the first, decoder by decoder.
    private func backwardLater() {
        let items = groups.indices.flatMap { g in groups[g].slots.indices.map { (g, $0) } }
        machine.crew.run(items.count) { item, thread in
            let group = groups[items[item].0]
            for layer in (1..<network.shape.layers).reversed() {
                later(layer, group, items[item].1, thread)
            }
        }
    }

    private func later(_ layer: Int, _ group: Group, _ slot: Int, _ thread: Int) {
        let (shape, d) = (network.shape, slot - group.slots.lowerBound)
        let isLast = layer == shape.layers - 1
        func all(_ buffer: FloatBuffer, _ layer: Int) -> Panels {
            ofSlot(d, layer, part(buffer, group, layer, place: 0, count: group.panels))
        }
        let out = all(isLast ? group.outputs[layer] : group.slopes[layer], layer)
        let before = all(group.outputs[layer - 1], layer - 1)
        let below = all(group.slopes[layer - 1], layer - 1)
        let weights = weights(layer, slot..<slot + 1)
        let columns = group.panels * Panels.width
        let turned = Panels(turned[thread].base, rows: columns, columns: shape.width)
        machine.transpose(before, into: turned)
        machine.multiply(out, turned, into: gradients.of(weights), from: .zero)
        machine.rowSums(
            out, into: gradients.at(network.decoderBiasesStart(layer: layer, slot: slot)))
        machine.multiply(transposed: weights, out, into: below, from: .zero)
        if shape.relu { machine.reluGradient(below, before) }
    }
}
