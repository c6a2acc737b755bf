import CKernels

/// The trunk's gradients, from that of its output down to that of the first encoder layer's output.
/// The first layer's weights have no gradient of their own here: it is the product of what this
/// leaves in `firstSlope` with the inputs, taken where the optimizer wants it.
///
/// For a layer out = W in + b:   dW = dOut inᵀ,   db = the row sums of dOut,   dIn = Wᵀ dOut.
final class TrunkGradients {
    private let trunk: KPathTrunk
    private let gradients: RestGradients
    /// The gradients of two neighbouring layers' outputs, (H, M B), taken in turn.
    private let slopes: [FloatBuffer]
    private var current = 0

    init(_ trunk: KPathTrunk, gradients: RestGradients, capacity: Int) {
        self.trunk = trunk
        self.gradients = gradients
        let shape = trunk.network.shape
        let size = shape.width * shape.domains * capacity
        slopes = (0..<2).map { _ in FloatBuffer(count: size) }
    }

    /// dL/d(output of the layer at hand), (H, M B).
    private var slope: Matrix {
        Matrix(slopes[current].base, rows: trunk.network.shape.width, columns: trunk.columns)
    }

    /// Where dL/d(output of the trunk) is to be added up; zero at first.
    func clearedTopSlope() -> Matrix {
        slopes[current].clear(trunk.network.shape.width * trunk.columns)
        return slope
    }

    /// Expects the top slope filled. Writes all gradients but the first weights'.
    /// Returns dL/d(first encoder layer's output), (H, M B).
    func backward() -> Matrix {
        let shape = trunk.network.shape
        for layer in (0..<shape.hiddenLayers).reversed() { hidden(layer) }
        for layer in (1..<shape.layers).reversed() { encoders(layer) }
        encoderBiases(0)
        return slope
    }

    private func hidden(_ layer: Int) {
        let network = trunk.network
        let input = trunk.hiddenInput(layer: layer)
        let out = slope
        Products.multiply(
            out, input.transposed,
            into: gradients.square(network.layout.hiddenWeights[layer]), .replacing)
        gdln_row_sums(
            gradients.at(network.layout.hiddenBiases[layer]), out.base, out.rows, out.columns,
            out.stride)
        current = 1 - current
        Products.multiply(
            network.hiddenWeights(layer: layer).transposed, out, into: slope, .replacing)
        if network.shape.relu && layer > 0 { closeRelu(input) }
    }

    private func encoders(_ layer: Int) {
        let (network, shape) = (trunk.network, trunk.network.shape)
        let input = trunk.encoderOutput(layer: layer - 1)
        let out = slope
        encoderBiases(layer)
        current = 1 - current
        for m in 0..<shape.domains {
            let outColumns = trunk.columns(of: m, in: out)
            let start = network.layout.encoderWeights[layer] + m * shape.width * shape.width
            Products.multiply(
                outColumns, trunk.columns(of: m, in: input).transposed,
                into: gradients.square(start), .replacing)
            Products.multiply(
                network.encoderWeights(layer: layer, domain: m).transposed, outColumns,
                into: trunk.columns(of: m, in: slope), .replacing)
        }
        if shape.relu { closeRelu(input) }
    }

    /// (H, M): a sum for each B columns.
    private func encoderBiases(_ layer: Int) {
        let shape = trunk.network.shape
        gdln_row_sums(
            gradients.at(trunk.network.layout.encoderBiases[layer]), slope.base,
            shape.width * shape.domains, trunk.batch, trunk.batch)
    }

    private func closeRelu(_ activation: Matrix) {
        gdln_relu_gradient(slope.base, activation.base, slope.rows * slope.columns)
    }
}

/// The gradients of all parameters but the first encoder layer's weights, in the layout's order.
final class RestGradients {
    private let network: KPathNetwork
    let buffer: FloatBuffer

    init(_ network: KPathNetwork) {
        self.network = network
        buffer = FloatBuffer(count: network.layout.restCount)
    }

    /// The gradient of what stands at `place` in the layout.
    func at(_ place: Int) -> UnsafeMutablePointer<Float> {
        buffer.base + (place - network.layout.restStart)
    }

    /// (H, H)
    func square(_ place: Int) -> Matrix {
        Matrix(at(place), rows: network.shape.width, columns: network.shape.width)
    }
}
