/// SplitMix64: the same seed gives the same numbers on every host and with every compiler, which a
/// sweep needs and the standard library does not promise. A task that is trained again on another
/// host must start from the same weights and see the same examples in the same order.
///
/// Source: Steele, Lea & Flood, "Fast Splittable Pseudorandom Number Generators", OOPSLA 2014.
public struct SeededRandom: Sendable {
    private var state: UInt64

    /// The stream for one purpose. Streams of different purposes, seeds or indices do not overlap
    /// in practice, and drawing more from one never shifts another: changing the width of a network
    /// leaves its gate and its order of data alone.
    /// - Parameter index: a part of the purpose with numbers of its own: an epoch, a tensor.
    public init(seed: UInt64, purpose: Purpose, index: UInt64 = 0) {
        var mixer = SeededRandom(state: seed)
        mixer.state = mixer.next() ^ purpose.rawValue
        mixer.state = mixer.next() ^ index
        state = mixer.next()
    }

    private init(state: UInt64) { self.state = state }

    public enum Purpose: UInt64, Sendable {
        case weights = 0x5745_4947_4854_5300
        case dataOrder = 0x4441_5441_4f52_4400
        /// The order of a gate's columns.
        case gate = 0x4741_5445_0000_0000
        /// Which pathways a random family opens.
        case randomGate = 0x5241_4e44_4741_5445
        /// Which combinations of axis values a random search takes.
        case search = 0x5345_4152_4348_0000
        case embeddedData = 0x454d_4245_4444_4544
    }

    public mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }

    /// Uniform in [0, 1): a multiple of 2^-53.
    public mutating func uniform() -> Double {
        Double(next() >> 11) * 0x1p-53
    }

    /// Uniform in 0 ..< bound, without bias (Lemire's method). `bound` must be positive.
    public mutating func below(_ bound: Int) -> Int {
        precondition(bound > 0, "an empty range has no member to draw")
        let range = UInt64(bound)
        var product = next().multipliedFullWidth(by: range)
        if product.low < range {
            let threshold = (0 &- range) % range
            while product.low < threshold { product = next().multipliedFullWidth(by: range) }
        }
        return Int(product.high)
    }

    /// 0 ..< count in random order (Fisher and Yates).
    public mutating func permutation(_ count: Int) -> [Int] {
        var order = Array(0..<count)
        for last in stride(from: count - 1, to: 0, by: -1) {
            order.swapAt(last, below(last + 1))
        }
        return order
    }
}
