import Shared

/// Whether the weights of a network are decoupled: whether orthonormal vectors of the modes, at
/// hidden nodes too, make every weight matrix of a trained pathway diagonal.
///
///     W_e r_s(e),i = b_e,i r_t(e),i      and      W_e^T r_t(e),i = b_e,i r_s(e),i
struct ModeStart {
    /// By mode, by edge: the number that the mode has in the weights.
    let values: [[Double]]
    /// The modes that these are: where several are alike in the data, they are those of the start.
    let modes: Modes
    /// The largest part of a weight matrix, relative to it, that is not as above.
    let remainder: Double
    let remainderName: String
    /// Nil where it is not of one edge.
    let remainderEdge: Int?

    /// Weights that were kept as float32 are not better than this.
    static let tolerance = 1e-6

    /// Nil where modes that fit the data and the start together cannot be found.
    init?(_ model: GatedModel, _ parts: PathComponents, _ blocks: [Modes.Block]) {
        let (network, graph) = (model.network, model.graph)
        network.computeSlopes()
        let tree = network.correlations.tree
        let products = Self.products(tree, network)
        let all = blocks + Self.blocks(tree, products, parts)
        guard let modes = Modes(all, parts),
            modes.remainder <= Self.tolerance
        else { return nil }
        var found = Remainder()
        var values: [[Double]] = []
        var bases: [[Int: [Double]]] = []
        for mode in modes.all {
            let basis = Self.basis(mode, tree, products, parts, &found)
            values.append(Self.values(basis, network, graph, parts, &found))
            bases.append(basis)
        }
        Self.checkOrthogonality(bases, graph, parts, &found)
        self.modes = modes
        self.values = values
        (remainder, remainderName, remainderEdge) = (found.largest, found.name, found.edge)
    }

    private struct Remainder {
        var largest = 0.0
        var name = ""
        var edge: Int?

        mutating func add(
            _ value: Double, _ name: @autoclosure () -> String, edge: Int? = nil
        ) {
            if value > largest { (largest, self.name, self.edge) = (value, name(), edge) }
        }
    }

    /// The product of the weights along every branch; nil for the roots.
    private static func products(_ tree: PathTree, _ network: GatedNetwork) -> [Matrix?] {
        var products: [Matrix?] = []
        for branch in tree.branches {
            guard let edge = branch.edge, let parent = branch.parent else {
                products.append(nil)
                continue
            }
            let weight = network.weight(edge)
            products.append(products[parent].map { multiply(weight, $0) } ?? weight)
        }
        return products
    }

    /// What the start does to inputs, as correlations that the modes have to make diagonal too.
    private static func blocks(
        _ tree: PathTree, _ products: [Matrix?], _ parts: PathComponents
    ) -> [Modes.Block] {
        var blocks: [Modes.Block] = []
        let byPlace = Dictionary(grouping: tree.branches.indices) { index in
            parts.ofBranches[index].map { parts.place(tree.branches[index].node, in: $0) } ?? -1
        }
        for place in byPlace.keys.sorted() where place >= 0 {
            let group = byPlace[place] ?? []
            let input = { (branch: Int) in
                parts.place(tree.branches[branch].input, in: place / parts.nodeCount)
            }
            for first in group {
                guard let product = products[first] else { continue }
                if !tree.branches[first].targets.isEmpty {
                    blocks.append(
                        Modes.Block(
                            row: place, column: input(first), matrix: product, isTarget: false,
                            name: "the start"))
                    continue
                }
                for second in group where second <= first {
                    guard let other = products[second] else { continue }
                    blocks.append(
                        Modes.Block(
                            row: input(second), column: input(first),
                            matrix: multiply(other.transposed, product), isTarget: false,
                            name: "the start"))
                }
            }
        }
        return blocks
    }

    /// The mode's vector at every node of the tree that it reaches.
    private static func basis(
        _ mode: Modes.Mode, _ tree: PathTree, _ products: [Matrix?], _ parts: PathComponents,
        _ found: inout Remainder
    ) -> [Int: [Double]] {
        var basis = mode.vectors
        for (index, branch) in tree.branches.enumerated() {
            guard let product = products[index], let part = parts.ofBranches[index],
                let input = mode.vectors[parts.place(branch.input, in: part)]
            else { continue }
            let place = parts.place(branch.node, in: part)
            let reached = multiply(product, input)
            let norm = dot(reached, reached).squareRoot()
            guard norm > 1e-12 * product.squaredNorm.squareRoot() else { continue }
            let unit = reached.map { $0 / norm }
            guard let known = basis[place] else {
                basis[place] = unit
                continue
            }
            // What two lines are apart, whichever way they point.
            let cosine = dot(known, unit)
            let apart = zip(known, unit).map { $1 - cosine * $0 }
            found.add(dot(apart, apart).squareRoot(), "the pathways into one node")
        }
        return basis
    }

    private static func values(
        _ basis: [Int: [Double]], _ network: GatedNetwork, _ graph: GatedGraph,
        _ parts: PathComponents, _ found: inout Remainder
    ) -> [Double] {
        graph.edges.enumerated().map { edge, ends in
            guard let part = parts.ofEdges[edge] else { return 0 }
            let source = parts.place(ends.source, in: part)
            let target = parts.place(ends.target, in: part)
            let weight = network.weight(edge)
            let norm = weight.squaredNorm.squareRoot()
            if norm == 0 { return 0 }
            let name = "\(graph.nodes[ends.source].name)->\(graph.nodes[ends.target].name)"
            let forward = basis[source].map { multiply(weight, $0) }
            let backward = basis[target].map { multiply(weight.transposed, $0) }
            var value = 0.0
            if let forward, let there = basis[target] { value = dot(forward, there) }
            for (vector, onto) in [(forward, basis[target]), (backward, basis[source])] {
                guard let vector else { continue }
                let rest =
                    onto.map { onto in zip(vector, onto).map { $0 - value * $1 } } ?? vector
                found.add(dot(rest, rest).squareRoot() / norm, name, edge: edge)
            }
            return value
        }
    }

    private static func checkOrthogonality(
        _ bases: [[Int: [Double]]], _ graph: GatedGraph, _ parts: PathComponents,
        _ found: inout Remainder
    ) {
        for place in parts.widths.indices {
            let name = graph.nodes[parts.node(of: place)].name
            let vectors = bases.compactMap { $0[place] }
            for first in vectors.indices {
                for second in vectors.indices where second < first {
                    found.add(abs(dot(vectors[first], vectors[second])), name)
                }
            }
        }
    }
}
