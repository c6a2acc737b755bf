/// How a person asks for a gate: a family and the order of its columns. `GateStructure` is what
/// comes out; two recipes may make the same structure.
public struct GateRecipe: Hashable, Sendable {
    public var family: Family
    public var columns: ColumnOrder

    public init(family: Family, columns: ColumnOrder = .natural) {
        self.family = family
        self.columns = columns
    }

    public enum Family: Hashable, Sendable {
        /// Input m opens outputs m, m + 1, … m + k - 1, wrapping round the outputs.
        case plusMod(k: Int)
        /// Input m opens outputs m - (k-1)/2 to m + k/2, wrapping round (whole divisions).
        case plusMinusMod(k: Int)
        /// Input m opens output m, for the first `classes` inputs only.
        case mod
        case fullyConnected
        /// Input m opens output m.
        case diagonal
        /// Inputs and outputs in `count` groups of neighbours, as equal as can be, the larger
        /// first: all pathways within a group.
        case blocks(count: Int)
        /// Every input opens k outputs and every output is opened by k inputs, drawn from the
        /// gate's seed.
        case randomRegular(k: Int)
        /// Each pathway is open with a probability of its own draw from the gate's seed.
        case bernoulli(density: Double)
        /// The matrix itself, row by row.
        case explicit([[Bool]])
    }

    public enum ColumnOrder: Hashable, Sendable {
        case natural
        /// In an order drawn from the gate's own seed.
        case permuted
        /// Column j of the gate is column order[j] of the family.
        case explicit([Int])
    }
}

extension GateRecipe.Family {
    /// The name in sweep files and reports.
    public var name: String {
        switch self {
        case .plusMod: "plus_mod"
        case .plusMinusMod: "plus_minus_mod"
        case .mod: "mod"
        case .fullyConnected: "fully_connected"
        case .diagonal: "diagonal"
        case .blocks: "blocks"
        case .randomRegular: "random_regular"
        case .bernoulli: "bernoulli"
        case .explicit: "explicit"
        }
    }

    /// Open outputs an input, where the family has such a number.
    public var k: Int? {
        switch self {
        case .plusMod(let k), .plusMinusMod(let k), .randomRegular(let k): k
        case .mod, .fullyConnected, .diagonal, .blocks, .bernoulli, .explicit: nil
        }
    }
}
