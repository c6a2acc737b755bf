import Shared

@testable import Trainer

/// A gated network by its definition, through the examples themselves, with loops over plain
/// arrays: slow, and written without a look at correlations. What the trainer's is held against.
struct GatedNaive {
    /// The data of a context: by node, a row for each example.
    struct Examples {
        var inputs: [Int: Matrix]
        var targets: [Int: Matrix]
        var count: Int
    }

    var graph: GatedGraph
    var examples: [Examples]
    /// (outputs, inputs) of each edge.
    var weights: [Matrix]

    private func isOpen(_ context: Int, node: Int) -> Bool {
        !graph.contexts[context].closedNodes.contains(node)
    }

    private func isOpen(_ context: Int, edge: Int) -> Bool {
        !graph.contexts[context].closedEdges.contains(edge)
            && isOpen(context, node: graph.edges[edge].source)
            && isOpen(context, node: graph.edges[edge].target)
    }

    /// h of every node, for one example. Nodes come in the order of edges: sources first.
    private func forward(_ context: Int, _ example: Int) -> [[Double]] {
        var h = graph.nodes.map { [Double](repeating: 0, count: $0.width) }
        for node in graph.order ?? [] {
            if let rows = examples[context].inputs[node], isOpen(context, node: node) {
                h[node] = rows.row(example)
            }
            for (edge, ends) in graph.edges.enumerated()
            where ends.target == node && isOpen(context, edge: edge) {
                for row in 0..<weights[edge].rows {
                    for column in 0..<weights[edge].columns {
                        h[node][row] += weights[edge][row, column] * h[ends.source][column]
                    }
                }
            }
        }
        return h
    }

    /// The mean over examples of half the squared error, of one context.
    func loss(context: Int) -> Double {
        var sum = 0.0
        for example in 0..<examples[context].count {
            let h = forward(context, example)
            for (node, rows) in examples[context].targets {
                for (have, want) in zip(h[node], rows.row(example)) {
                    sum += 0.5 * (want - have) * (want - have)
                }
            }
        }
        return sum / Double(examples[context].count)
    }

    /// Over trained contexts.
    var loss: Double {
        graph.contexts.indices.filter { graph.contexts[$0].isTrained }.reduce(0) {
            $0 + graph.contexts[$1].weight * loss(context: $1)
        }
    }

    /// The gradient by every weight, by passing errors back through each example.
    var gradient: [Matrix] {
        var result = weights.map { Matrix(zeros: $0.rows, $0.columns) }
        for context in graph.contexts.indices where graph.contexts[context].isTrained {
            let scale = graph.contexts[context].weight / Double(examples[context].count)
            for example in 0..<examples[context].count {
                let h = forward(context, example)
                var errors = graph.nodes.map { [Double](repeating: 0, count: $0.width) }
                for (node, rows) in examples[context].targets {
                    for (index, want) in rows.row(example).enumerated() {
                        errors[node][index] += h[node][index] - want
                    }
                }
                for node in (graph.order ?? []).reversed() {
                    for (edge, ends) in graph.edges.enumerated()
                    where ends.target == node && isOpen(context, edge: edge) {
                        for row in 0..<weights[edge].rows {
                            for column in 0..<weights[edge].columns {
                                let error = errors[node][row]
                                result[edge][row, column] += scale * error * h[ends.source][column]
                                errors[ends.source][column] += weights[edge][row, column] * error
                            }
                        }
                    }
                }
            }
        }
        return result
    }

    mutating func descend(rate: Double) {
        for (edge, slope) in gradient.enumerated() { weights[edge] += -rate * slope }
    }
}

/// Small graphs of all shapes, drawn from a seed.
struct RandomGraph {
    var naive: GatedNaive

    var graph: GatedGraph { naive.graph }

    private var random: SeededRandom

    init(seed: UInt64) {
        random = SeededRandom(seed: seed, purpose: .embeddedData)
        let nodeCount = 3 + random.below(5)
        var nodes: [GatedGraph.Node] = []
        for node in 0..<nodeCount {
            nodes.append(GatedGraph.Node(name: "n\(node)", width: 1 + random.below(4)))
        }
        var edges: [GatedGraph.Edge] = []
        for target in 1..<nodeCount {
            for source in 0..<target where random.below(10) < 6 || source == target - 1 {
                // The second node is now and then an input too.
                if target == 1, random.below(2) == 0 { continue }
                edges.append(GatedGraph.Edge(from: source, to: target))
            }
        }
        let graph = GatedGraph(nodes: nodes, edges: edges, contexts: [])
        naive = GatedNaive(graph: graph, examples: [], weights: [])
        for context in 0..<1 + random.below(3) { addContext(context, graph) }
        naive.weights = edges.map { matrix(nodes[$0.target].width, nodes[$0.source].width) }
    }

    private mutating func matrix(_ rows: Int, _ columns: Int) -> Matrix {
        let values = (0..<rows * columns).map { _ in 2 * random.uniform() - 1 }
        return Matrix(rows: rows, columns: columns, values: values)
    }

    private mutating func addContext(_ index: Int, _ graph: GatedGraph) {
        let count = 2 + random.below(6)
        var (inputs, targets): ([Int: Matrix], [Int: Matrix]) = ([:], [:])
        let last = graph.nodes.count - 1
        for (node, named) in graph.nodes.enumerated() {
            if graph.isInput(node) {
                // A context may leave an input out.
                if node > 0, index > 0, random.below(4) == 0 { continue }
                inputs[node] = matrix(count, named.width)
            } else if node == last || random.below(4) == 0 {
                targets[node] = matrix(count, named.width)
            }
        }
        var closedNodes = Set(1..<last).filter { _ in random.below(5) == 0 }
        if index == 0 { closedNodes = [] }
        let closedEdges = Set(graph.edges.indices).filter { _ in index > 0 && random.below(6) == 0 }
        naive.examples.append(
            GatedNaive.Examples(inputs: inputs, targets: targets, count: count))
        naive.graph.contexts.append(
            GatedGraph.Context(
                name: "c\(index)", weight: 0.25 + random.uniform(),
                isTrained: index == 0 || random.below(3) > 0, closedNodes: closedNodes,
                closedEdges: closedEdges,
                moments: Moments(
                    inputs: inputs.sorted { $0.key < $1.key }.map { ($0.key, $0.value) },
                    targets: targets.sorted { $0.key < $1.key }.map { ($0.key, $0.value) })))
    }
}
