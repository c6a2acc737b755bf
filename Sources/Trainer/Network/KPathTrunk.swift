import CKernels
import Shared

/// What all pathways share: inputs, encoders and hidden layers, forward. Training and evaluation
/// each have one, with room for their number of examples.
///
/// Activations are (H, M B), column m B + b for example b in domain m: what the stacked encoders'
/// product gives without moving anything, and what hidden layers and decoders read in place.
final class KPathTrunk {
    let network: KPathNetwork
    /// B: how many examples the next pass has; at most the capacity.
    private(set) var batch = 0
    /// (B, D), or (M, B, D) where each domain has a view of its own.
    let inputs: FloatBuffer
    let labels: Buffer<UInt8>
    /// What each layer gave, after its ReLU.
    private let encoderOutputs: [FloatBuffer]
    private let hiddenOutputs: [FloatBuffer]
    /// An example before its views are taken, and a zero after it.
    private let example: FloatBuffer

    init(_ network: KPathNetwork, capacity: Int) {
        self.network = network
        let shape = network.shape
        let views = network.views.isShared ? 1 : shape.domains
        inputs = FloatBuffer(count: views * capacity * shape.features)
        labels = Buffer(count: capacity)
        let size = shape.width * shape.domains * capacity
        encoderOutputs = (0..<shape.layers).map { _ in FloatBuffer(count: size) }
        hiddenOutputs = (0..<shape.hiddenLayers).map { _ in FloatBuffer(count: size) }
        example = FloatBuffer(count: shape.features + 1)
    }

    /// M B, the columns of activations.
    var columns: Int { network.shape.domains * batch }

    /// Takes the next pass's examples, in that order.
    func load(_ examples: ExampleSet, rows: ArraySlice<Int>) {
        batch = rows.count
        let features = network.shape.features
        for (b, row) in rows.enumerated() {
            labels.base[b] = examples.label(row)
            if network.views.isShared {
                examples.copyInputs(row, to: inputs.base + b * features)
            } else {
                examples.copyInputs(row, to: example.base)
                takeViews(b)
            }
        }
    }

    private func takeViews(_ b: Int) {
        let features = network.shape.features
        network.views.sources.withUnsafeBufferPointer { sources in
            guard let base = sources.baseAddress else { return }
            for m in 0..<network.shape.domains {
                gdln_gather(
                    inputs.base + (m * batch + b) * features, example.base, base + m * features,
                    features)
            }
        }
    }

    /// What domain m's encoder reads, (B, D).
    func input(domain m: Int) -> Matrix {
        let (features, view) = (network.shape.features, network.views.isShared ? 0 : m)
        return Matrix(inputs.base + view * batch * features, rows: batch, columns: features)
    }

    /// (H, M B)
    func encoderOutput(layer: Int) -> Matrix {
        Matrix(encoderOutputs[layer].base, rows: network.shape.width, columns: columns)
    }

    /// (H, M B)
    func hiddenOutput(layer: Int) -> Matrix {
        Matrix(hiddenOutputs[layer].base, rows: network.shape.width, columns: columns)
    }

    /// What hidden layer i reads, (H, M B).
    func hiddenInput(layer: Int) -> Matrix {
        layer == 0 ? encoderOutput(layer: network.shape.layers - 1) : hiddenOutput(layer: layer - 1)
    }

    /// The columns of one domain, (H, B), of activations or their gradients.
    func columns(of domain: Int, in matrix: Matrix) -> Matrix {
        matrix.columns(domain * batch..<(domain + 1) * batch)
    }
}

// MARK: - Forward

extension KPathTrunk {
    /// What the last hidden layer gives for the loaded examples, (H, M B).
    func forward() -> Matrix {
        let shape = network.shape
        for layer in 0..<shape.layers {
            encode(layer)
            if shape.relu && layer < shape.layers - 1 { relu(encoderOutput(layer: layer)) }
        }
        for layer in 0..<shape.hiddenLayers {
            hide(layer)
            if shape.relu && layer < shape.hiddenLayers - 1 { relu(hiddenOutput(layer: layer)) }
        }
        return hiddenOutput(layer: shape.hiddenLayers - 1)
    }

    private func encode(_ layer: Int) {
        let (shape, layout) = (network.shape, network.layout)
        let out = encoderOutput(layer: layer)
        // Biases are (H, M): a bias for each B columns.
        gdln_fill_rows(
            out.base, network.parameters.base + layout.encoderBiases[layer],
            shape.width * shape.domains, batch, batch)
        if layer == 0 && network.views.isShared {
            // (H M, D) times (D, B) is (H M, B): the same memory as (H, M B).
            let stacked = Matrix(out.base, rows: shape.width * shape.domains, columns: batch)
            Products.multiply(
                network.stackedFirstWeights, input(domain: 0).transposed, into: stacked, .adding)
            return
        }
        for m in 0..<shape.domains {
            let (weights, from) =
                layer == 0
                ? (network.firstWeights(domain: m), input(domain: m).transposed)
                : (
                    network.encoderWeights(layer: layer, domain: m),
                    columns(of: m, in: encoderOutput(layer: layer - 1))
                )
            Products.multiply(weights, from, into: columns(of: m, in: out), .adding)
        }
    }

    private func hide(_ layer: Int) {
        let out = hiddenOutput(layer: layer)
        gdln_fill_rows(
            out.base, network.parameters.base + network.layout.hiddenBiases[layer], out.rows,
            out.columns, out.stride)
        Products.multiply(
            network.hiddenWeights(layer: layer), hiddenInput(layer: layer), into: out, .adding)
    }

    private func relu(_ matrix: Matrix) { gdln_relu(matrix.base, matrix.rows * matrix.columns) }
}
