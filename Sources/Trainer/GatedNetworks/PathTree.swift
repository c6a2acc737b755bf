import Shared

/// The pathways of a gated graph, as a tree of their beginnings: pathways that begin alike share
/// what is computed for that part of them.
///
/// A pathway leads from an input that has data to an output that has a target, through nodes and
/// edges that are all open in one context at least.
struct PathTree {
    /// A beginning of pathways: a root is an input itself.
    struct Branch {
        let parent: Int?
        /// The edge from the parent's node to this one's.
        let edge: Int?
        let node: Int
        /// The input node that it begins at.
        let input: Int
        /// The contexts in which all of it is open and the input has data, ascending.
        let contexts: [Int]
        /// Those of them in which the node has a target: not empty where a pathway ends here.
        let targets: [Int]
    }

    /// Parents stand before their children.
    private(set) var branches: [Branch] = []

    /// The branches at which pathways end.
    private(set) var ends: [Int] = []

    /// - Parameter contexts: the contexts to look at, ascending.
    /// Throws where there are too many pathways.
    init(_ graph: GatedGraph, contexts: [Int]) throws(TrainingError) {
        let outgoing = graph.nodes.indices.map { node in
            graph.edges.indices.filter { graph.edges[$0].source == node }
        }
        for node in graph.nodes.indices where graph.isInput(node) {
            let open = contexts.filter {
                let context = graph.contexts[$0]
                return !context.closedNodes.contains(node) && context.moments.inputs.contains(node)
            }
            let root = Branch(
                parent: nil, edge: nil, node: node, input: node, contexts: open, targets: [])
            try grow(root, graph, outgoing)
        }
        ends = branches.indices.filter { !branches[$0].targets.isEmpty }
    }

    /// Adds a branch and all that grows from it, unless no pathway ends there.
    private mutating func grow(_ branch: Branch, _ graph: GatedGraph, _ outgoing: [[Int]])
        throws(TrainingError)
    {
        guard branches.count < Limits.pathBranchesMax else {
            throw TrainingError(
                "The network has more than \(Limits.pathBranchesMax) beginnings of pathways.")
        }
        let index = branches.count
        branches.append(branch)
        for edge in outgoing[branch.node] {
            let node = graph.edges[edge].target
            let open = branch.contexts.filter {
                let context = graph.contexts[$0]
                return !context.closedEdges.contains(edge) && !context.closedNodes.contains(node)
            }
            if open.isEmpty { continue }
            let child = Branch(
                parent: index, edge: edge, node: node, input: branch.input, contexts: open,
                targets: open.filter { graph.contexts[$0].moments.outputs.contains(node) })
            try grow(child, graph, outgoing)
        }
        if branches.count == index + 1, branch.targets.isEmpty { branches.removeLast() }
    }
}
