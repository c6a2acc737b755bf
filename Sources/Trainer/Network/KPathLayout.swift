/// Where each tensor of a network stands in one flat array of floats. Weights, gradients and
/// optimizer states share it, so that an optimizer's step over all of them is one loop.
///
/// The orders are those that the step wants; files hold PyTorch's (KPathNetwork+Tensors.swift). All
/// matrices are in panels (`Panels`), H being counted in whole ones:
///
///     encoder, layer i     for each domain, (in, out)
///     encoder biases       for each domain, (out)
///     hidden               (in, out), biases (out)
///     decoder              ((slot, out), in), biases (slot, out)
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
            end += Panels.padded(size)  // Each tensor begins on a cache line.
            return start
        }
        let (m, h, padded) = (shape.domains, shape.width, shape.paddedWidth)
        let first = place(m * shape.features * padded)
        restStart = end
        encoderWeights = [first] + (1..<shape.layers).map { _ in place(m * h * padded) }
        encoderBiases = (0..<shape.layers).map { _ in place(m * padded) }
        hiddenWeights = (0..<shape.hiddenLayers).map { _ in place(h * padded) }
        hiddenBiases = (0..<shape.hiddenLayers).map { _ in place(padded) }
        decoderWeights = (0..<shape.layers).map {
            place(m * shape.decoderOutputs(layer: $0) * padded)
        }
        decoderBiases = (0..<shape.layers).map { place(m * shape.decoderOutputs(layer: $0)) }
        count = end
    }
}
