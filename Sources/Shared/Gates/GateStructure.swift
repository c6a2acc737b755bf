/// Which pathways are open: an inputs x outputs grid of gates.
///
/// Invariants, checked once in `init` and never broken after (there is no mutation):
///  * at least one input and one output, and every row as long as the others.
///
/// A structure without an open gate is one too: a network in which nothing is trained.
public struct GateStructure: Hashable, Sendable {
    /// M, the number of input domains: the rows.
    public let inputCount: Int
    /// N, the number of output domains: the columns.
    public let outputCount: Int
    /// Row by row.
    private let gates: [Bool]

    /// - Parameter rows: rows[m][n] says whether the pathway from input m to output n is open.
    public init(rows: [[Bool]]) throws(GateError) {
        guard let first = rows.first, !first.isEmpty else { throw .empty }
        if let short = rows.firstIndex(where: { $0.count != first.count }) {
            throw .ragged(row: short, found: rows[short].count, wanted: first.count)
        }
        inputCount = rows.count
        outputCount = first.count
        gates = rows.flatMap { $0 }
    }

    public func isOpen(input: Int, output: Int) -> Bool {
        gates[input * outputCount + output]
    }

    public var openCount: Int { gates.count(where: { $0 }) }
    public var closedCount: Int { gates.count - openCount }

    public var rows: [[Bool]] {
        (0..<inputCount).map { input in
            Array(gates[input * outputCount..<(input + 1) * outputCount])
        }
    }
}

extension GateStructure {
    /// The structure that a recipe makes on a square grid of `domains`.
    /// - Parameters:
    ///   - classes: how many inputs the family `mod` opens.
    ///   - seed: what permuted columns and random families are drawn from, each from a stream of
    ///     its own.
    public init(_ recipe: GateRecipe, domains: Int, classes: Int, seed: UInt64) throws(GateError) {
        guard domains >= 1 else { throw .empty }
        let base = try Self.rows(recipe.family, domains: domains, classes: classes, seed: seed)
        let order: [Int]
        switch recipe.columns {
        case .natural:
            order = Array(0..<domains)
        case .permuted:
            var random = SeededRandom(seed: seed, purpose: .gate)
            order = random.permutation(domains)
        case .explicit(let given):
            guard given.sorted() == Array(0..<domains) else { throw .notAPermutation(domains) }
            order = given
        }
        try self.init(rows: base.map { row in order.map { row[$0] } })
    }

    private static func rows(_ family: GateRecipe.Family, domains: Int, classes: Int, seed: UInt64)
        throws(GateError) -> [[Bool]]
    {
        if let k = family.k, !(1...domains).contains(k) { throw .tooWide(k: k, domains: domains) }
        func grid(_ isOpen: (Int, Int) -> Bool) -> [[Bool]] {
            (0..<domains).map { input in (0..<domains).map { isOpen(input, $0) } }
        }
        switch family {
        case .plusMod(let k):
            return grid { input, output in (output - input + domains) % domains < k }
        case .plusMinusMod(let k):
            let before = (k - 1) / 2
            return grid { input, output in (output - input + before + domains) % domains < k }
        case .mod:
            return grid { input, output in input == output && input < classes }
        case .fullyConnected:
            return grid { _, _ in true }
        case .diagonal:
            return grid { $0 == $1 }
        case .blocks(let count):
            guard (1...domains).contains(count) else {
                throw .tooManyBlocks(count: count, domains: domains)
            }
            let (size, larger) = (domains / count, domains % count)
            let blocks = (0..<count).flatMap { block in
                [Int](repeating: block, count: size + (block < larger ? 1 : 0))
            }
            return grid { blocks[$0] == blocks[$1] }
        case .randomRegular(let k):
            return randomRegular(k: k, domains: domains, seed: seed)
        case .bernoulli(let density):
            var random = SeededRandom(seed: seed, purpose: .randomGate)
            return grid { _, _ in random.uniform() < density }
        case .explicit(let rows):
            guard rows.count == domains, rows.allSatisfy({ $0.count == domains }) else {
                throw .wrongSize(
                    rows: rows.count, columns: rows.first?.count ?? 0, domains: domains)
            }
            return rows
        }
    }
}

extension GateStructure {
    /// A band of k, stirred: two open pathways (a, b) and (c, d) become (a, d) and (c, b) where
    /// these were closed, which leaves every row and column its k. Any gate of that kind can come
    /// of it; ten exchanges a pathway are tried.
    private static func randomRegular(k: Int, domains: Int, seed: UInt64) -> [[Bool]] {
        var random = SeededRandom(seed: seed, purpose: .randomGate)
        var open = (0..<domains).flatMap { input in
            (0..<k).map { (input: input, output: (input + $0) % domains) }
        }
        var rows = (0..<domains).map { input in
            (0..<domains).map { ($0 - input + domains) % domains < k }
        }
        for _ in 0..<10 * open.count {
            let (first, second) = (random.below(open.count), random.below(open.count))
            let ((a, b), (c, d)) = (open[first], open[second])
            guard !rows[a][d], !rows[c][b] else { continue }
            (rows[a][b], rows[c][d]) = (false, false)
            (rows[a][d], rows[c][b]) = (true, true)
            (open[first].output, open[second].output) = (d, b)
        }
        return rows
    }
}

/// Why no gate structure could be made: a sentence without its full stop.
public enum GateError: Error, Equatable, CustomStringConvertible {
    case empty
    case ragged(row: Int, found: Int, wanted: Int)
    case tooWide(k: Int, domains: Int)
    case tooManyBlocks(count: Int, domains: Int)
    case notAPermutation(Int)
    case wrongSize(rows: Int, columns: Int, domains: Int)

    public var description: String {
        switch self {
        case .empty:
            "a gate needs at least one row and one column"
        case .ragged(let row, let found, let wanted):
            "row \(row) of the gate has \(found) columns, the first has \(wanted)"
        case .tooWide(let k, let domains):
            "k = \(k) does not fit a gate of \(domains) domains: it must be from 1 to \(domains)"
        case .tooManyBlocks(let count, let domains):
            "\(count) blocks do not fit a gate of \(domains) domains: from 1 to \(domains) do"
        case .notAPermutation(let count):
            "the column permutation must hold each of 0 to \(count - 1) once"
        case .wrongSize(let rows, let columns, let domains):
            "the gate is \(rows) x \(columns), but there are \(domains) domains"
        }
    }
}
