/// Where each tensor of a network stands in one flat array of floats. Weights, gradients and
/// optimizer states share it, so that an optimizer's step over all of them is one loop.
///
/// The orders are those that the step wants; files hold PyTorch's (KPathNetwork+Tensors.swift):
///
///     encoder, layer 0     (H, M, D)        rows (h, m): its product with (D, B) is (H, M B)
///     encoder, layer i     (M, H, H)
///     encoder biases       (H, M)
///     hidden               (H, H), biases (H)
///     decoder              (slot, out, in), biases (slot, out)
///
/// Slots are the output domains in the order of `DecoderPlan`. The first encoder layer comes first:
/// it is nearly all there is, and its gradient is never stored.
struct KPathLayout: Equatable {
    let encoderWeights: [Int]
    let encoderBiases: [Int]
    let hiddenWeights: [Int]
    let hiddenBiases: [Int]
    let decoderWeights: [Int]
    let decoderBiases: [Int]
    /// Where all after the first encoder layer's weights begins.
    let restStart: Int
    let count: Int

    var restCount: Int { count - restStart }

    init(_ shape: KPathShape) {
        var end = 0
        func place(_ size: Int) -> Int {
            let start = end
            end += (size + 15) & ~15  // Each tensor begins on a cache line.
            return start
        }
        let (m, h) = (shape.domains, shape.width)
        let first = place(h * m * shape.features)
        restStart = end
        encoderWeights = [first] + (1..<shape.layers).map { _ in place(m * h * h) }
        encoderBiases = (0..<shape.layers).map { _ in place(h * m) }
        hiddenWeights = (0..<shape.hiddenLayers).map { _ in place(h * h) }
        hiddenBiases = (0..<shape.hiddenLayers).map { _ in place(h) }
        decoderWeights = (0..<shape.layers).map { place(m * shape.decoderOutputs(layer: $0) * h) }
        decoderBiases = (0..<shape.layers).map { place(m * shape.decoderOutputs(layer: $0)) }
        count = end
    }
}
