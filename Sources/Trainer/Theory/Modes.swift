import Shared

/// What correlations have in common: orthonormal vectors at every input and output in which all of
/// them are diagonal, if there are such. A mode is one vector at each of the nodes that it reaches.
///
///     Sigma_yx(p) = sum over modes i of  S_i(p) u_i v_i^T,     Sigma_x(j, p) likewise
///
/// Nodes are places of `PathComponents`. Modes are eigenvectors of one symmetric matrix over all of
/// them at once, in which every correlation stands in its block, times a number of its own: if the
/// correlations are diagonal together, that matrix falls apart into one small matrix for each mode,
/// and an eigenvector of it, cut into its nodes, is a mode. Whether they are is then seen from the
/// correlations themselves.
struct Modes {
    /// A correlation of what stands at two nodes.
    struct Block {
        let row: Int
        let column: Int
        let matrix: Matrix
        /// Whether rows are a target's: a mode's vectors then point so that it is positive.
        let isTarget: Bool
        /// What it is, for a person.
        let name: String
        /// The numbers of the pathways that it is of, from 1; nil where it is of none.
        var pathways: Pathways?
    }

    struct Pathways: Equatable {
        let first: Int
        /// Nil where it is the first.
        let second: Int?
    }

    struct Mode {
        /// A unit vector at each node it reaches.
        var vectors: [Int: [Double]]

        /// The mode's number in a correlation.
        func value(_ block: Matrix, _ row: Int, _ column: Int) -> Double {
            guard let left = vectors[row], let right = vectors[column] else { return 0 }
            return dot(left, multiply(block, right))
        }
    }

    /// Every node with a correlation.
    let nodes: [Int]
    /// The strongest in the correlations first.
    private(set) var all: [Mode] = []
    /// The largest part of a correlation, relative to it, that the modes leave over.
    private(set) var remainder = 0.0
    /// The correlation that it is left of.
    private(set) var remainderName = ""
    private(set) var remainderPathways: Pathways?

    /// A matrix of more rows is not taken apart.
    static let sizeMax = 1_024

    /// Nil where there is too much to take apart.
    init?(_ blocks: [Block], _ parts: PathComponents) {
        let widths = parts.widths
        nodes = Set(blocks.flatMap { [$0.row, $0.column] }).sorted()
        var starts: [Int: Int] = [:]
        var size = 0
        for node in nodes {
            starts[node] = size
            size += widths[node]
        }
        guard size <= Self.sizeMax else { return nil }
        let joined = Self.joined(blocks, starts, size)
        let eigen = SymmetricEigenDecomposition(joined)
        let largest = eigen.values.map(abs).max() ?? 0
        let order = eigen.values.indices.sorted { left, right in
            let (a, b) = (abs(eigen.values[left]), abs(eigen.values[right]))
            return a == b ? left < right : a > b
        }
        for index in order where abs(eigen.values[index]) > 1e-10 * largest {
            let vector = eigen.vectors.row(index)
            var cuts: [Int: [Double]] = [:]
            for node in nodes {
                let start = starts[node] ?? 0
                cuts[node] = Array(vector[start..<start + widths[node]])
            }
            let longest = cuts.values.map { dot($0, $0).squareRoot() }.max() ?? 0
            let vectors = cuts.compactMapValues { Self.unit($0, longerThan: longest / 2) }
            add(Mode(vectors: vectors), joined, starts, widths)
        }
        point(by: blocks)
        sort(by: blocks)
        merge(parts)
        measure(blocks)
    }

    /// Every correlation in its place, and turned in the mirrored one, times a number without
    /// meaning, so that no two modes look alike unless they are alike in all correlations.
    private static func joined(_ blocks: [Block], _ starts: [Int: Int], _ size: Int) -> Matrix {
        var result = Matrix(zeros: size, size)
        var random = SeededRandom(seed: 0, purpose: .weights)
        for block in blocks {
            let norm = block.matrix.squaredNorm.squareRoot()
            let factor = (0.5 + random.uniform()) / (norm > 0 ? norm : 1)
            let (top, left) = (starts[block.row] ?? 0, starts[block.column] ?? 0)
            for row in 0..<block.matrix.rows {
                for column in 0..<block.matrix.columns {
                    let value = factor * block.matrix[row, column]
                    result[top + row, left + column] += value
                    if block.row != block.column { result[left + column, top + row] += value }
                }
            }
        }
        return result
    }

    private static func unit(_ vector: [Double], longerThan bound: Double) -> [Double]? {
        let norm = dot(vector, vector).squareRoot()
        return norm > bound ? vector.map { $0 / norm } : nil
    }

    /// Adds a mode that is not one of those that are there, at all nodes that it reaches.
    private mutating func add(
        _ mode: Mode, _ joined: Matrix, _ starts: [Int: Int], _ widths: [Int]
    ) {
        let known = mode.vectors.map { node, vector in
            all.reduce(0) { sum, other in
                guard let there = other.vectors[node] else { return sum }
                let part = dot(vector, there)
                return sum + part * part
            }
        }
        guard known.allSatisfy({ $0 < 0.5 }) else { return }
        var mode = mode
        var isGrowing = true
        while isGrowing {
            isGrowing = false
            for node in nodes where mode.vectors[node] == nil {
                guard let vector = Self.reached(node, by: mode, joined, starts, widths) else {
                    continue
                }
                mode.vectors[node] = vector
                isGrowing = true
            }
        }
        all.append(mode)
    }

    /// The vector that a mode has at a node that its eigenvector touches little: more exact by way
    /// of its neighbours.
    private static func reached(
        _ node: Int, by mode: Mode, _ joined: Matrix, _ starts: [Int: Int], _ widths: [Int]
    ) -> [Double]? {
        let rows = (starts[node] ?? 0)..<(starts[node] ?? 0) + widths[node]
        var sum = [Double](repeating: 0, count: widths[node])
        for (other, vector) in mode.vectors.sorted(by: { $0.key < $1.key }) {
            let columns = (starts[other] ?? 0)..<(starts[other] ?? 0) + widths[other]
            let part = multiply(joined.block(rows: rows, columns: columns), vector)
            for index in sum.indices { sum[index] += part[index] }
        }
        return unit(sum, longerThan: 1e-8)
    }

    /// Turns the vectors of targets so that a mode's numbers in the correlations with them are
    /// positive, as far as one sign can do that.
    private mutating func point(by blocks: [Block]) {
        for index in all.indices {
            for node in all[index].vectors.keys {
                let sum = blocks.reduce(0) { sum, block in
                    guard block.isTarget, block.row == node else { return sum }
                    return sum + all[index].value(block.matrix, node, block.column)
                }
                if sum < 0 { all[index].vectors[node] = all[index].vectors[node]?.map { -$0 } }
            }
        }
    }

    private mutating func sort(by blocks: [Block]) {
        let strengths = all.map { mode in
            blocks.reduce(0) { sum, block in
                let value = mode.value(block.matrix, block.row, block.column)
                return sum + value * value
            }
        }
        let order = all.indices.sorted {
            strengths[$0] == strengths[$1] ? $0 < $1 : strengths[$0] > strengths[$1]
        }
        all = order.map { all[$0] }
    }

    /// Modes of one part that share no node are one mode: no correlation says which of the one goes
    /// with which of the other, the weights that they share have room for both, and what is
    /// strongest in each comes to share them.
    private mutating func merge(_ parts: PathComponents) {
        var merged: [Mode] = []
        for mode in all {
            let part = mode.vectors.keys.first.map { $0 / parts.nodeCount }
            let place = merged.firstIndex { other in
                other.vectors.keys.first.map { $0 / parts.nodeCount } == part
                    && mode.vectors.keys.allSatisfy { other.vectors[$0] == nil }
            }
            if let place {
                merged[place].vectors.merge(mode.vectors) { first, _ in first }
            } else {
                merged.append(mode)
            }
        }
        all = merged
    }

    private mutating func measure(_ blocks: [Block]) {
        for block in blocks {
            let norm = block.matrix.squaredNorm.squareRoot()
            if norm == 0 { continue }
            var rest = block.matrix
            for mode in all {
                guard let left = mode.vectors[block.row], let right = mode.vectors[block.column]
                else { continue }
                let value = mode.value(block.matrix, block.row, block.column)
                for row in 0..<rest.rows {
                    for column in 0..<rest.columns {
                        rest[row, column] -= value * left[row] * right[column]
                    }
                }
            }
            let left = rest.squaredNorm.squareRoot() / norm
            if left > remainder {
                (remainder, remainderName, remainderPathways) = (left, block.name, block.pathways)
            }
        }
        // Where a correlation is left over, that says more than vectors that overlap.
        if remainder < 1e-6 { measureOrthogonality() }
    }

    private mutating func measureOrthogonality() {
        for node in nodes {
            let vectors = all.compactMap { $0.vectors[node] }
            for first in vectors.indices {
                for second in vectors.indices where second < first {
                    let cosine = abs(dot(vectors[first], vectors[second]))
                    if cosine > remainder {
                        (remainder, remainderName) = (cosine, "modes that overlap at one node")
                        remainderPathways = nil
                    }
                }
            }
        }
    }
}
