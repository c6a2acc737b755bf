/// The permutations that NumPy's `default_rng(seed).permutation(count)` returns: a network trained
/// here and one trained in Python see the same pixels. Not a generator for anything else.
///
/// A seed is spread over 256 bits (SeedSequence), which start PCG64 (XSL-RR, 128 bits of state);
/// its outputs are used in halves, the lower first, by Fisher and Yates' shuffle with rejection.
///
/// Sources: M. E. O'Neill, "PCG", HMC-CS-2014-0905, and the same author's "Developing a seed_seq
/// alternative" (2015), for what is computed.
struct NumPyRandom {
    private var state: UInt128
    private let increment: UInt128
    private var upperHalf: UInt32?

    init(seed: UInt64) {
        let words = SeedSequence(seed).words(8)
        func wide(_ index: Int) -> UInt128 {
            // Two words make 64 bits, the lower first; of two such the upper comes first.
            let halves = (0..<2).map { half in
                UInt64(words[index + 2 * half]) | UInt64(words[index + 2 * half + 1]) << 32
            }
            return UInt128(halves[0]) << 64 | UInt128(halves[1])
        }
        increment = wide(4) << 1 | 1
        state = 0
        step()
        state &+= wide(0)
        step()
    }

    private mutating func step() {
        let multiplier: UInt128 = 0x2360_ed05_1fc6_5da4_4385_df64_9fcc_f645
        state = state &* multiplier &+ increment
    }

    private mutating func next() -> UInt64 {
        step()
        let folded = UInt64(truncatingIfNeeded: state >> 64) ^ UInt64(truncatingIfNeeded: state)
        let turn = UInt64(truncatingIfNeeded: state >> 122)
        return folded >> turn | folded << ((64 - turn) & 63)
    }

    private mutating func nextHalf() -> UInt32 {
        if let held = upperHalf {
            upperHalf = nil
            return held
        }
        let both = next()
        upperHalf = UInt32(truncatingIfNeeded: both >> 32)
        return UInt32(truncatingIfNeeded: both)
    }

    /// Uniform in 0 ... `largest`: masked to as many bits as it has, and drawn again when above.
    private mutating func upTo(_ largest: UInt32) -> Int {
        let mask = UInt32.max >> largest.leadingZeroBitCount
        while true {
            let value = nextHalf() & mask
            if value <= largest { return Int(value) }
        }
    }

    /// 0 ..< count in random order; `count` is below 2^32.
    mutating func permutation(_ count: Int) -> [Int] {
        var order = Array(0..<count)
        for last in stride(from: count - 1, to: 0, by: -1) {
            order.swapAt(last, upTo(UInt32(last)))
        }
        return order
    }
}

/// Spreads a seed over as many words as are wanted, so that seeds 0, 1, 2 give unrelated streams.
private struct SeedSequence {
    private var pool: [UInt32]

    init(_ seed: UInt64) {
        var entropy = [UInt32(truncatingIfNeeded: seed)]
        if seed >> 32 != 0 { entropy.append(UInt32(seed >> 32)) }
        var hash = Hash(constant: 0x43b0_d7e5, multiplier: 0x931e_8875)
        pool = (0..<4).map { hash($0 < entropy.count ? entropy[$0] : 0) }
        for source in 0..<4 {
            for target in 0..<4 where target != source {
                pool[target] = Self.mix(pool[target], hash(pool[source]))
            }
        }
    }

    func words(_ count: Int) -> [UInt32] {
        var hash = Hash(constant: 0x8b51_f9dd, multiplier: 0x58f3_8ded)
        return (0..<count).map { hash(pool[$0 % 4]) }
    }

    private static func mix(_ x: UInt32, _ y: UInt32) -> UInt32 {
        let mixed = 0xca01_f9dd &* x &- 0x4973_f715 &* y
        return mixed ^ (mixed >> 16)
    }

    /// A multiplicative hash whose constant moves on with each word.
    private struct Hash {
        var constant: UInt32
        let multiplier: UInt32

        mutating func callAsFunction(_ word: UInt32) -> UInt32 {
            var value = word ^ constant
            constant = constant &* multiplier
            value = value &* constant
            return value ^ (value >> 16)
        }
    }
}
