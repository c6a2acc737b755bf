import Shared

/// What gradient descent sees of the data: the correlations of every pathway. Their number and size
/// are those of the network; how many examples there were, they no longer know.
///
///     Sigma_yx(p)   = < g_p y_t(p) x_s(p)^T >
///     Sigma_x(j, p) = < g_j x_s(j) x_s(p)^T g_p >      for pathways j and p with one output
///
/// averaged over the trained contexts by their weights.
struct PathCorrelations {
    struct Pair {
        /// Places in `tree.ends`.
        let first: Int
        let second: Int
        /// (inputs of the first, inputs of the second)
        let moment: Matrix
    }

    let tree: PathTree
    /// Sigma_yx of each of `tree.ends`: (outputs, inputs).
    let targets: [Matrix]
    /// Sigma_x wherever it is not zero.
    let pairs: [Pair]

    init(tree: PathTree, targets: [Matrix], pairs: [Pair]) {
        self.tree = tree
        self.targets = targets
        self.pairs = pairs
    }

    /// Throws where there are too many pathways.
    init(_ graph: GatedGraph, _ tree: PathTree) throws(TrainingError) {
        let ends = tree.ends
        let parts = graph.contexts.map { MomentParts($0.moments, graph) }
        var numbers = 0
        func take(_ rows: Int, _ columns: Int) throws(TrainingError) {
            numbers += rows * columns
            guard numbers <= Limits.gatedNumbersMax else {
                throw TrainingError(
                    "The network's pathways have more than \(Limits.gatedNumbersMax) numbers of "
                        + "correlations.")
            }
        }
        for end in ends {
            let branch = tree.branches[end]
            try take(graph.nodes[branch.node].width, graph.nodes[branch.input].width)
        }
        targets = ends.map { end in
            let branch = tree.branches[end]
            var sum = Matrix(
                zeros: graph.nodes[branch.node].width, graph.nodes[branch.input].width)
            for context in branch.targets {
                sum +=
                    graph.contexts[context].weight
                    * parts[context].target(branch.node, branch.input)
            }
            return sum
        }
        var pairs: [Pair] = []
        let byOutput = Dictionary(grouping: ends.indices) { tree.branches[ends[$0]].node }
        for output in byOutput.keys.sorted() {
            let group = byOutput[output] ?? []
            for first in group {
                for second in group {
                    let (j, p) = (tree.branches[ends[first]], tree.branches[ends[second]])
                    let shared = Self.common(j.targets, p.targets)
                    if shared.isEmpty { continue }
                    try take(graph.nodes[j.input].width, graph.nodes[p.input].width)
                    var sum = Matrix(
                        zeros: graph.nodes[j.input].width, graph.nodes[p.input].width)
                    for context in shared {
                        sum +=
                            graph.contexts[context].weight
                            * parts[context].input(j.input, p.input)
                    }
                    if sum.values.allSatisfy({ $0 == 0 }) { continue }
                    pairs.append(Pair(first: first, second: second, moment: sum))
                    guard pairs.count <= Limits.pathPairsMax else {
                        throw TrainingError(
                            "The network has more than \(Limits.pathPairsMax) pairs of pathways "
                                + "that act on each other.")
                    }
                }
            }
        }
        self.tree = tree
        self.pairs = pairs
    }

    /// What is in both of two ascending lists.
    private static func common(_ left: [Int], _ right: [Int]) -> [Int] {
        var (result, i, j): ([Int], Int, Int) = ([], 0, 0)
        while i < left.count, j < right.count {
            let (a, b) = (left[i], right[j])
            if a == b { result.append(a) }
            if a <= b { i += 1 }
            if b <= a { j += 1 }
        }
        return result
    }
}

/// The blocks of stacked moments, by node.
struct MomentParts {
    private let moments: Moments
    private let rows: [Int: Range<Int>]
    private let columns: [Int: Range<Int>]

    init(_ moments: Moments, _ graph: GatedGraph) {
        self.moments = moments
        rows = Self.ranges(moments.outputs, graph)
        columns = Self.ranges(moments.inputs, graph)
    }

    private static func ranges(_ nodes: [Int], _ graph: GatedGraph) -> [Int: Range<Int>] {
        var (ranges, start): ([Int: Range<Int>], Int) = ([:], 0)
        for node in nodes {
            ranges[node] = start..<start + graph.nodes[node].width
            start += graph.nodes[node].width
        }
        return ranges
    }

    /// < y x^T > of an output and an input that the context has.
    func target(_ output: Int, _ input: Int) -> Matrix {
        moments.outputInput.block(rows: rows[output] ?? 0..<0, columns: columns[input] ?? 0..<0)
    }

    /// < x x^T > of two inputs that the context has.
    func input(_ first: Int, _ second: Int) -> Matrix {
        moments.inputInput.block(rows: columns[first] ?? 0..<0, columns: columns[second] ?? 0..<0)
    }
}
