import CKernels

/// Decoders of one group of a `DecoderPlan` at a time: logits, and in training their gradients.
///
/// Activations are (slots, out, columns), the columns being the group's domains with B examples
/// each. All decoders of a group read the same columns, so the first layer is one product a run of
/// domains; later layers have inputs of their own and are a product a decoder.
final class DecoderPass {
    let network: KPathNetwork
    let plan: DecoderPlan
    /// By layer; the last holds the logits, then the gradient in them.
    private let outputs: [FloatBuffer]
    /// A layer's input, or its gradient, where a group's columns are gathered: (H, columns).
    private let gathered: FloatBuffer
    private let gatheredDomains: [[Int32]]
    private let labels: Buffer<Int32>
    /// The labels of every column of a decoder.
    let columnLabels: Buffer<Int32>
    private let shape: KPathShape

    init(_ network: KPathNetwork, _ plan: DecoderPlan, capacity: Int) {
        self.network = network
        self.plan = plan
        let shape = network.shape
        self.shape = shape
        let pathwaysMax = plan.groups.map(\.pathways).max() ?? 0
        let domainsMax = plan.groups.map(\.domains.count).max() ?? 0
        outputs = (0..<shape.layers).map {
            FloatBuffer(count: pathwaysMax * capacity * shape.decoderOutputs(layer: $0))
        }
        let gatheredMax = plan.groups.filter(\.runs.isEmpty).map(\.domains.count).max() ?? 0
        gathered = FloatBuffer(count: gatheredMax * capacity * shape.width)
        gatheredDomains = plan.groups.map { $0.domains.map(Int32.init) }
        labels = Buffer(count: capacity)
        columnLabels = Buffer(count: domainsMax * capacity)
    }

    /// What a layer of decoder `index` of the group at hand gave, (out, columns).
    func output(layer: Int, _ index: Int, columns: Int) -> Matrix {
        let rows = shape.decoderOutputs(layer: layer)
        return Matrix(outputs[layer].base + index * rows * columns, rows: rows, columns: columns)
    }

    /// Logits of decoder `index` of the group at hand, (classes, columns).
    func logits(_ index: Int, columns: Int) -> Matrix {
        output(layer: shape.layers - 1, index, columns: columns)
    }

    /// Writes into `columnLabels` what slot `slot` makes of the labels, for `domains` domains.
    func setLabels(slot: Int, of trunk: KPathTrunk, domains: Int) {
        let domain = plan.outputs[slot]
        for b in 0..<trunk.batch {
            labels.base[b] = network.labels.label(domain, trunk.labels.base[b])
        }
        gdln_repeat_all(columnLabels.base, labels.base, trunk.batch, domains)
    }

    /// Weights of slots `first` to `first + count` of a layer, (count out, H).
    func weights(layer: Int, first: Int, count: Int) -> Matrix {
        Matrix(
            network.parameters.base + network.decoderWeightsStart(layer: layer, slot: first),
            rows: count * shape.decoderOutputs(layer: layer), columns: shape.width)
    }

    /// All decoders of a group side by side in the first layer, (slots out, columns).
    func stacked(_ group: DecoderPlan.Group, columns: Int) -> Matrix {
        Matrix(
            outputs[0].base, rows: group.slots.count * shape.decoderOutputs(layer: 0),
            columns: columns)
    }
}

// MARK: - Forward

extension DecoderPass {
    /// Computes the logits of group `index`.
    /// - Parameter input: the trunk's output, (H, M B).
    func forward(_ index: Int, input: Matrix, batch: Int) {
        let group = plan.groups[index]
        let columns = group.domains.count * batch
        for layer in 0..<shape.layers {
            fillBiases(layer, group, columns)
            if layer == 0 {
                first(index, group, input, batch)
            } else {
                for d in 0..<group.slots.count {
                    Products.multiply(
                        weights(layer: layer, first: group.slots.lowerBound + d, count: 1),
                        output(layer: layer - 1, d, columns: columns),
                        into: output(layer: layer, d, columns: columns), .adding)
                }
            }
            if shape.relu && layer < shape.layers - 1 {
                gdln_relu(outputs[layer].base, group.slots.count * shape.width * columns)
            }
        }
    }

    private func fillBiases(_ layer: Int, _ group: DecoderPlan.Group, _ columns: Int) {
        let start = network.decoderBiasesStart(layer: layer, slot: group.slots.lowerBound)
        gdln_fill_rows(
            outputs[layer].base, network.parameters.base + start,
            group.slots.count * shape.decoderOutputs(layer: layer), columns, columns)
    }

    private func first(_ index: Int, _ group: DecoderPlan.Group, _ input: Matrix, _ batch: Int) {
        let out = stacked(group, columns: group.domains.count * batch)
        let matrix = weights(layer: 0, first: group.slots.lowerBound, count: group.slots.count)
        if group.runs.isEmpty {
            Products.multiply(matrix, gather(index, input, batch), into: out, .adding)
        }
        var start = 0
        for run in group.runs {
            let end = start + run.count * batch
            Products.multiply(
                matrix, input.columns(run.lowerBound * batch..<run.upperBound * batch),
                into: out.columns(start..<end), .adding)
            start = end
        }
    }

    /// The columns of a group's domains side by side, (H, columns).
    func gather(_ index: Int, _ input: Matrix, _ batch: Int) -> Matrix {
        let domains = gatheredDomains[index]
        gdln_gather_blocks(
            gathered.base, input.base, input.rows, input.stride, domains, domains.count, batch)
        return gatheredMatrix(index, batch)
    }

    /// Adds what stands in `gatheredMatrix` to the columns of a group's domains.
    func scatter(_ index: Int, _ out: Matrix, _ batch: Int) {
        let domains = gatheredDomains[index]
        gdln_scatter_blocks(
            out.base, gathered.base, out.rows, out.stride, domains, domains.count, batch)
    }

    func gatheredMatrix(_ index: Int, _ batch: Int) -> Matrix {
        Matrix(
            gathered.base, rows: shape.width, columns: gatheredDomains[index].count * batch)
    }
}
