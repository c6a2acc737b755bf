import Shared

/// Which decoders are computed together, on which input domains: few products that hold all open
/// pathways and little else.
///
/// Invariants: every output stands in one slot; every open pathway lies in exactly one group, and a
/// group's other pathways are closed ones, whose gradient is set to zero; the pathways computed are
/// at most `1 + wasteMax` times the open ones.
///
/// Outputs are ordered so that neighbours serve nearly the same domains. For a band with permuted
/// columns that undoes the permutation: a group's domains are then one run, or two where it wraps
/// round, and so are the columns that a product reads.
struct DecoderPlan: Equatable {
    /// Slot s holds the decoder of output domain outputs[s].
    let outputs: [Int]
    let groups: [Group]

    struct Group: Equatable {
        let slots: Range<Int>
        /// Ascending.
        let domains: [Int]
        /// (slots, domains): 1 where the pathway is open, else 0.
        let open: [Float]

        var pathways: Int { slots.count * domains.count }

        /// The panels of columns that hold the domains' examples, as runs of neighbours; column
        /// m `batch` + b is example b in domain m.
        func panelRuns(batch: Int) -> [Range<Int>] {
            var runs: [Range<Int>] = []
            for domain in domains {
                let first = domain * batch / Panels.width
                let end = ((domain + 1) * batch - 1) / Panels.width + 1
                if let last = runs.last, last.upperBound >= first {
                    runs[runs.count - 1] = last.lowerBound..<max(end, last.upperBound)
                } else {
                    runs.append(first..<end)
                }
            }
            return runs
        }
    }

    /// Closed pathways computed, as a part of the open ones: more decoders in a product against
    /// fewer pathways for nothing. Measured at M = 100, K = 50: between 0.1 and 0.3 all is one.
    static let wasteMax = 0.1
    /// Decoders in one group: bounds the memory of its activations.
    static let groupSlotsMax = 16

    /// For training: what is open.
    init(training gate: GateStructure) {
        let served = (0..<gate.outputCount).map { output in
            (0..<gate.inputCount).map { gate.isOpen(input: $0, output: output) }
        }
        outputs = Self.order(served)
        let ordered = outputs.map { served[$0] }
        groups = Self.groups(ordered)
    }

    /// From output 0 on, always the output next whose domains differ least from the last one's; of
    /// several the lowest. Outputs that serve nobody come last.
    private static func order(_ served: [[Bool]]) -> [Int] {
        let sets = served.map(BitSet.init)
        var left = served.indices.filter { served[$0].contains(true) }
        var order: [Int] = []
        while !left.isEmpty {
            var best = 0
            if let last = order.last {
                let differences = left.map { sets[$0].difference(from: sets[last]) }
                best = differences.indices.min { differences[$0] < differences[$1] } ?? 0
            }
            order.append(left.remove(at: best))
        }
        return order + served.indices.filter { !served[$0].contains(true) }
    }

    private static func groups(_ ordered: [[Bool]]) -> [Group] {
        var groups: [Group] = []
        var start = 0
        while start < ordered.count, ordered[start].contains(true) {
            var union = ordered[start]
            var open = union.count(where: { $0 })
            var end = start + 1
            while end < ordered.count, end - start < groupSlotsMax {
                let wider = zip(union, ordered[end]).map { $0 || $1 }
                let opener = open + ordered[end].count(where: { $0 })
                let computed = wider.count(where: { $0 }) * (end + 1 - start)
                guard opener > open, Double(computed) <= Double(opener) * (1 + wasteMax) else {
                    break
                }
                (union, open, end) = (wider, opener, end + 1)
            }
            groups.append(group(start..<end, union: union, ordered))
            start = end
        }
        return groups
    }

    private static func group(_ slots: Range<Int>, union: [Bool], _ ordered: [[Bool]]) -> Group {
        let domains = union.indices.filter { union[$0] }
        return Group(
            slots: slots, domains: domains,
            open: slots.flatMap { slot in domains.map { ordered[slot][$0] ? 1 : 0 } })
    }
}

/// Which of the domains a decoder serves, sixty-four to a word.
private struct BitSet {
    private var words: [UInt64]

    init(_ members: [Bool]) {
        words = [UInt64](repeating: 0, count: (members.count + 63) / 64)
        for index in members.indices where members[index] {
            words[index / 64] |= 1 << UInt64(index % 64)
        }
    }

    /// How many domains only one of the two serves.
    func difference(from other: BitSet) -> Int {
        zip(words, other.words).reduce(0) { $0 + ($1.0 ^ $1.1).nonzeroBitCount }
    }
}
