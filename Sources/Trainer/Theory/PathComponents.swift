import Shared

/// The parts that a network's training falls into: pathways belong together that share an edge or
/// whose inputs are correlated on the way to one output. Parts do not act on each other, so that
/// each may have modes of its own, even at nodes that they share.
///
/// A node as one part has it is a PLACE: the number of the part times the number of nodes, plus the
/// node's.
struct PathComponents {
    let nodeCount: Int
    /// The part of each of the tree's ends.
    let ofEnds: [Int]
    /// Of each branch; nil for the roots, which have no edge.
    let ofBranches: [Int?]
    /// Of each edge; nil where no trained pathway takes it.
    let ofEdges: [Int?]
    /// How wide every place is.
    let widths: [Int]

    init(_ correlations: PathCorrelations, _ graph: GatedGraph) {
        let (tree, ends) = (correlations.tree, correlations.tree.ends)
        var parents = Array(graph.edges.indices)
        func root(_ edge: Int) -> Int {
            var edge = edge
            while parents[edge] != edge { edge = parents[edge] }
            return edge
        }
        func join(_ a: Int?, _ b: Int?) {
            guard let a, let b else { return }
            parents[root(b)] = root(a)
        }
        for branch in tree.branches {
            join(branch.parent.flatMap { tree.branches[$0].edge }, branch.edge)
        }
        for pair in correlations.pairs {
            join(tree.branches[ends[pair.first]].edge, tree.branches[ends[pair.second]].edge)
        }
        var numbers: [Int: Int] = [:]
        let ofBranches = tree.branches.map { branch in
            branch.edge.map { edge in
                let number = numbers[root(edge)] ?? numbers.count
                numbers[root(edge)] = number
                return number
            }
        }
        var ofEdges = [Int?](repeating: nil, count: graph.edges.count)
        for (branch, part) in zip(tree.branches, ofBranches) {
            if let edge = branch.edge { ofEdges[edge] = part }
        }
        self.ofBranches = ofBranches
        self.ofEdges = ofEdges
        ofEnds = ends.map { ofBranches[$0] ?? 0 }
        nodeCount = graph.nodes.count
        widths = (0..<max(numbers.count, 1)).flatMap { _ in graph.nodes.map(\.width) }
    }

    func place(_ node: Int, in part: Int) -> Int { part * nodeCount + node }

    func node(of place: Int) -> Int { place % nodeCount }
}
