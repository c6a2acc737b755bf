/// Finds the canonical form of a bipartite graph and the number of its symmetries: rows and columns
/// are its vertices, open gates its edges, and rows stay rows.
///
/// Vertices are sorted into cells by how many neighbours they have in each cell, until that tells
/// no more apart. Where a cell of several is left, each of its vertices in turn is put before the
/// others, and the search goes on; the least matrix found at the ends is the canonical form. Two
/// vertices of one cell whose searches end alike are exchanged by a symmetry, and those that known
/// symmetries exchange are searched once. The symmetries of a node are those that keep the chosen
/// vertex, times the vertices it can be exchanged with (orbit and stabilizer).
///
/// Source of the method: McKay, "Practical graph isomorphism", Congressus Numerantium 30 (1981).
struct CanonicalSearch {
    private let rowCount: Int
    /// By vertex, rows first: a bit for each neighbour.
    private let neighbours: [UInt32]

    struct Form: Equatable {
        /// By row, bit n for column n.
        var matrix: [UInt32]
        /// Permutations of rows and columns that leave the gate as it is.
        var symmetries: UInt64
    }

    /// - Parameter rows: at most 12 of at most 12 columns.
    init(rows: [[Bool]]) {
        rowCount = rows.count
        let columnCount = rows.first?.count ?? 0
        var neighbours = [UInt32](repeating: 0, count: rowCount + columnCount)
        for (row, gates) in rows.enumerated() {
            for (column, isOpen) in gates.enumerated() where isOpen {
                neighbours[row] |= 1 << UInt32(rowCount + column)
                neighbours[rowCount + column] |= 1 << UInt32(row)
            }
        }
        self.neighbours = neighbours
    }

    func run() -> Form {
        let rows: UInt32 = (1 << UInt32(rowCount)) - 1
        let all: UInt32 = (1 << UInt32(neighbours.count)) - 1
        let end = search(refined([rows, all & ~rows]))
        return Form(matrix: end.leaf.matrix, symmetries: end.symmetries)
    }

    /// A complete order of the vertices, and the matrix it makes.
    private struct Leaf {
        var order: [Int]
        var matrix: [UInt32]
    }

    private struct End {
        var leaf: Leaf
        var symmetries: UInt64
        var generators: [[Int]]
    }

    /// - Parameter cells: an ordered partition of the vertices that counting tells no more of.
    private func search(_ cells: [UInt32]) -> End {
        guard let index = cells.firstIndex(where: { $0.nonzeroBitCount > 1 }) else {
            return End(leaf: leaf(cells), symmetries: 1, generators: [])
        }
        var (generators, seen, orbits) = ([[Int]](), [Leaf](), Orbits(count: neighbours.count))
        var (best, keeping): (Leaf?, UInt64) = (nil, 1)
        let vertices = Self.vertices(of: cells[index])
        var searched: [Int] = []
        for vertex in vertices {
            if searched.contains(where: { orbits.areOne($0, vertex) }) { continue }
            let next = refined(Self.putting(vertex, first: index, in: cells))
            // One end may be enough to see that this is like a vertex that was searched.
            let sample = firstLeaf(next)
            if let twin = seen.first(where: { $0.matrix == sample.matrix }) {
                generators.append(Self.map(twin.order, to: sample.order))
                orbits.join(generators[generators.count - 1])
                if searched.contains(where: { orbits.areOne($0, vertex) }) { continue }
            }
            let end = search(next)
            if searched.isEmpty {
                keeping = end.symmetries
                generators += end.generators
                for generator in end.generators { orbits.join(generator) }
            } else if let twin = seen.first(where: { $0.matrix == end.leaf.matrix }) {
                generators.append(Self.map(twin.order, to: end.leaf.order))
                orbits.join(generators[generators.count - 1])
            }
            searched.append(vertex)
            seen += [sample, end.leaf]
            if best.map({ end.leaf.matrix.lexicographicallyPrecedes($0.matrix) }) ?? true {
                best = end.leaf
            }
        }
        let orbit = vertices.count { orbits.areOne($0, vertices[0]) }
        return End(
            leaf: best ?? leaf(cells), symmetries: keeping * UInt64(orbit), generators: generators)
    }

    /// The end that taking the first vertex of every cell leads to.
    private func firstLeaf(_ cells: [UInt32]) -> Leaf {
        var cells = cells
        while let index = cells.firstIndex(where: { $0.nonzeroBitCount > 1 }) {
            let vertex = cells[index].trailingZeroBitCount
            cells = refined(Self.putting(vertex, first: index, in: cells))
        }
        return leaf(cells)
    }

    private static func putting(_ vertex: Int, first index: Int, in cells: [UInt32]) -> [UInt32] {
        let own: UInt32 = 1 << UInt32(vertex)
        return cells[..<index] + [own, cells[index] & ~own] + cells[(index + 1)...]
    }

    /// Splits cells by their vertices' numbers of neighbours in each cell, most first, until
    /// nothing splits. Which vertex has which number plays no part.
    private func refined(_ cells: [UInt32]) -> [UInt32] {
        var cells = cells
        var splitter = 0
        while splitter < cells.count {
            let others = cells[splitter]
            var next: [UInt32] = []
            for cell in cells {
                guard cell.nonzeroBitCount > 1 else {
                    next.append(cell)
                    continue
                }
                var parts = [UInt32](repeating: 0, count: 1 + others.nonzeroBitCount)
                for vertex in Self.vertices(of: cell) {
                    parts[(neighbours[vertex] & others).nonzeroBitCount] |= 1 << UInt32(vertex)
                }
                next += parts.reversed().filter { $0 != 0 }
            }
            splitter = next.count == cells.count ? splitter + 1 : 0
            cells = next
        }
        return cells
    }

    private func leaf(_ cells: [UInt32]) -> Leaf {
        let order = cells.map(\.trailingZeroBitCount)
        let columns = order.filter { $0 >= rowCount }
        let matrix = order.filter { $0 < rowCount }.map { row in
            columns.enumerated().reduce(0 as UInt32) { bits, column in
                bits | (neighbours[row] >> UInt32(column.element) & 1) << UInt32(column.offset)
            }
        }
        return Leaf(order: order, matrix: matrix)
    }

    /// By vertex, the one that stands where it stood.
    private static func map(_ from: [Int], to: [Int]) -> [Int] {
        var images = [Int](repeating: 0, count: from.count)
        for (vertex, image) in zip(from, to) { images[vertex] = image }
        return images
    }

    private static func vertices(of cell: UInt32) -> [Int] {
        var (vertices, rest): ([Int], UInt32) = ([], cell)
        while rest != 0 {
            vertices.append(rest.trailingZeroBitCount)
            rest &= rest - 1
        }
        return vertices
    }
}

/// Which vertices some symmetries exchange.
private struct Orbits {
    private var names: [Int]

    init(count: Int) { names = Array(0..<count) }

    func areOne(_ left: Int, _ right: Int) -> Bool { names[left] == names[right] }

    mutating func join(_ images: [Int]) {
        for (vertex, image) in images.enumerated() where names[vertex] != names[image] {
            let (kept, lost) = (names[vertex], names[image])
            names = names.map { $0 == lost ? kept : $0 }
        }
    }
}
