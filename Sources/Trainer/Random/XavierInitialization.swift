import Shared

/// First weights as PyTorch's `xavier_uniform_` and `xavier_normal_` scale them, drawn from our own
/// streams:
///
///     uniform in ± gain sqrt(6 / (fanIn + fanOut)),  or normal with gain sqrt(2 / (fanIn +
//fanOut)) /
/// Each tensor draws from a stream of its own, in its PyTorch order (rows first), whatever the
/// order that it is kept in: see `KPathTensors` for the tensors' indices.
struct XavierInitialization {
    let initialization: Initialization
    let seed: UInt64

    func values(count: Int, fanIn: Int, fanOut: Int, tensor index: Int) -> [Float] {
        var random = SeededRandom(seed: seed, purpose: .weights, index: UInt64(index))
        let fans = Double(fanIn) + Double(fanOut)
        let gain = initialization.gain
        switch initialization.scheme {
        case .xavierUniform:
            let bound = gain * (6 / fans).squareRoot()
            return (0..<count).map { _ in Float((2 * random.uniform() - 1) * bound) }
        case .xavierNormal:
            let deviation = gain * (2 / fans).squareRoot()
            return (0..<count).map { _ in
                // The middle of one of 2^52 equal parts: neither 0 nor 1, where the inverse ends.
                let p = (Double(random.next() >> 12) + 0.5) * 0x1p-52
                return Float(inverseNormal(p) * deviation)
            }
        }
    }
}
