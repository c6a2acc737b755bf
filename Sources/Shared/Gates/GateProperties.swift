/// What a report says of every gate, so that gates of different families can be compared. None of
/// these depends on the order of rows or columns.
extension GateStructure {
    /// The share of the pathways that is open.
    public var density: Double { Double(openCount) / Double(inputCount * outputCount) }

    /// The rank of the 0/1 matrix over the rationals.
    ///
    /// Counted by elimination modulo two primes. Modulo a prime a rank can only be too small, and
    /// only if the prime divides every minor of that size; no gate is known for which both of these
    /// do. The work grows with the cube of the domains: ask once for a gate, not once for a row.
    public var rank: Int {
        max(Self.rank(of: rows, modulo: 2_147_483_647), Self.rank(of: rows, modulo: 2_147_483_629))
    }

    /// How many parts fall away from one another, where an open gate joins its input to its output:
    /// the connected components of the bipartite graph. An input or output without an open gate is
    /// in no pathway and counts for nothing.
    public var componentCount: Int {
        var parts = DisjointSets(count: inputCount + outputCount)
        var joins = 0
        for (input, row) in rows.enumerated() {
            for (output, isOpen) in row.enumerated() where isOpen {
                if parts.join(input, inputCount + output) { joins += 1 }
            }
        }
        // A part of n domains is joined n - 1 times.
        return domainsInPathways - joins
    }

    /// Inputs and outputs with an open gate.
    private var domainsInPathways: Int {
        let inputs = rows.count { $0.contains(true) }
        let outputs = (0..<outputCount).count { output in
            (0..<inputCount).contains { isOpen(input: $0, output: output) }
        }
        return inputs + outputs
    }
}

// MARK: - Elimination

extension GateStructure {
    /// Gauss's, row by row. `prime` is below 2^31, so that a product of two remainders and a sum of
    /// it with a third fit 64 bits.
    private static func rank(of rows: [[Bool]], modulo prime: UInt64) -> Int {
        var rows = rows.map { $0.map { $0 ? 1 as UInt64 : 0 } }
        var rank = 0
        for column in rows[0].indices {
            guard let pivot = rows[rank...].firstIndex(where: { $0[column] != 0 }) else { continue }
            rows.swapAt(rank, pivot)
            let inverse = power(rows[rank][column], prime - 2, modulo: prime)
            for index in rows.indices[(rank + 1)...] where rows[index][column] != 0 {
                let factor = prime - rows[index][column] * inverse % prime
                add(rows[rank], times: factor, to: &rows[index], from: column, modulo: prime)
            }
            rank += 1
            if rank == rows.count { break }
        }
        return rank
    }

    private static func add(
        _ row: [UInt64], times factor: UInt64, to other: inout [UInt64], from column: Int,
        modulo prime: UInt64
    ) {
        for index in column..<row.count where row[index] != 0 {
            other[index] = (other[index] + factor * row[index]) % prime
        }
    }

    private static func power(_ base: UInt64, _ exponent: UInt64, modulo prime: UInt64) -> UInt64 {
        var (result, square, rest) = (1 as UInt64, base, exponent)
        while rest > 0 {
            if rest & 1 == 1 { result = result * square % prime }
            square = square * square % prime
            rest >>= 1
        }
        return result
    }
}

/// Sets of numbers that only ever grow together.
private struct DisjointSets {
    private var parent: [Int]

    init(count: Int) { parent = Array(0..<count) }

    private mutating func root(_ element: Int) -> Int {
        var element = element
        while parent[element] != element {
            parent[element] = parent[parent[element]]
            element = parent[element]
        }
        return element
    }

    /// Whether they were apart before.
    mutating func join(_ left: Int, _ right: Int) -> Bool {
        let (a, b) = (root(left), root(right))
        parent[a] = b
        return a != b
    }
}
