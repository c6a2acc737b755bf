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

    /// The gradient of a matrix of the parameters.
    func of(_ weights: Panels) -> Panels {
        Panels(
            at(weights.base - network.parameters.base), rows: weights.rows,
            columns: weights.columns, panel: weights.panel)
    }
}
