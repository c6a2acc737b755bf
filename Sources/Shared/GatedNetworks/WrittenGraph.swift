/// A gated graph as a person writes it, by names, with the data of each context as examples or as
/// correlations.
public struct WrittenGraph: Hashable, Sendable {
    public var nodes: [Node]
    public var edges: [Edge]
    public var contexts: [Context]

    public struct Node: Hashable, Sendable {
        public var name: String
        /// Nil: the configuration's `hidden_width`.
        public var width: Int?
    }

    public struct Edge: Hashable, Sendable {
        public var from: String
        public var to: String

        /// As it stands in a list of what is closed.
        public var name: String { "\(from)->\(to)" }
    }

    public struct Context: Hashable, Sendable {
        public var name: String
        public var weight: Double
        public var isTrained: Bool
        /// Names of nodes and edges, in the order of the file.
        public var closed: [String]
        public var data: Data
    }

    public enum Data: Hashable, Sendable {
        /// By node, in the order of the nodes: a row for each example.
        case examples(inputs: [Table], targets: [Table])
        case correlations([Correlation])
    }

    public struct Table: Hashable, Sendable {
        public var node: String
        public var rows: Matrix
    }

    /// < a b^T > of what stands at two nodes.
    public struct Correlation: Hashable, Sendable {
        public var first: String
        public var second: String
        public var matrix: Matrix
    }
}

// MARK: - What it means

extension WrittenGraph {
    func width(_ node: Node, hiddenWidth: Int) -> Int { node.width ?? hiddenWidth }

    /// Without its contexts, so without their data.
    func size(hiddenWidth: Int) -> GraphSize {
        var bare = self
        bare.contexts = []
        var size = bare.graph(hiddenWidth: hiddenWidth).weightSize
        addMoments(to: &size)
        size.pathBeginnings = pathBeginnings
        return size
    }

    /// Of a graph that was read, and so is right in itself.
    func graph(hiddenWidth: Int) -> GatedGraph {
        let places = Dictionary(nodes.indices.map { (nodes[$0].name, $0) }) { first, _ in first }
        let links = Dictionary(edges.indices.map { (edges[$0].name, $0) }) { first, _ in first }
        let widths = nodes.map { width($0, hiddenWidth: hiddenWidth) }
        let reached = Set(edges.map { places[$0.to] ?? 0 })
        return GatedGraph(
            nodes: zip(nodes, widths).map { GatedGraph.Node(name: $0.name, width: $1) },
            edges: edges.map {
                GatedGraph.Edge(from: places[$0.from] ?? 0, to: places[$0.to] ?? 0)
            },
            contexts: contexts.map { context in
                GatedGraph.Context(
                    name: context.name, weight: context.weight, isTrained: context.isTrained,
                    closedNodes: Set(context.closed.compactMap { places[$0] }),
                    closedEdges: Set(context.closed.compactMap { links[$0] }),
                    moments: Self.moments(context.data, places, widths, reached))
            })
    }

    /// - Parameter reached: the nodes with an edge into them, which are no inputs.
    private static func moments(
        _ data: Data, _ places: [String: Int], _ widths: [Int], _ reached: Set<Int>
    ) -> Moments {
        switch data {
        case .examples(let inputs, let targets):
            return Moments(
                inputs: inputs.map { (places[$0.node] ?? 0, $0.rows) },
                targets: targets.map { (places[$0.node] ?? 0, $0.rows) })
        case .correlations(let correlations):
            var blocks: [[Int]: Matrix] = [:]
            for correlation in correlations {
                let pair = [places[correlation.first] ?? 0, places[correlation.second] ?? 0]
                blocks[pair] = correlation.matrix
                if pair[0] != pair[1] {
                    blocks[[pair[1], pair[0]]] = correlation.matrix.transposed
                }
            }
            let present = blocks.keys.filter { $0[0] == $0[1] }.map { $0[0] }.sorted()
            let (x, y) = (
                present.filter { !reached.contains($0) }, present.filter(reached.contains)
            )
            return Moments(
                inputs: x, outputs: y, inputInput: stacked(blocks, x, x, widths),
                outputInput: stacked(blocks, y, x, widths),
                power: y.map { node in
                    let own = blocks[[node, node]] ?? Matrix(zeros: 0, 0)
                    return (0..<own.rows).reduce(0) { $0 + own[$1, $1] }
                })
        }
    }

    private static func stacked(
        _ blocks: [[Int]: Matrix], _ rows: [Int], _ columns: [Int], _ widths: [Int]
    ) -> Matrix {
        let lists = rows.flatMap { row in
            (0..<widths[row]).map { line in
                columns.flatMap { column in
                    blocks[[row, column]]?.row(line)
                        ?? [Double](repeating: 0, count: widths[column])
                }
            }
        }
        let columnCount = columns.reduce(0) { $0 + widths[$1] }
        return Matrix(rows: lists.count, columns: columnCount, values: lists.flatMap { $0 })
    }
}

// MARK: - As JSON

extension WrittenGraph {
    var members: [String: JSONValue] {
        [
            "nodes": .array(
                nodes.map { node in
                    var members: [String: JSONValue] = ["name": .string(node.name)]
                    members["width"] = node.width.map(JSONValue.integer)
                    return .object(members)
                }),
            "edges": .array(
                edges.map { .object(["from": .string($0.from), "to": .string($0.to)]) }),
            "contexts": .array(contexts.map { .object($0.members) }),
        ]
    }
}

extension WrittenGraph.Context {
    fileprivate var members: [String: JSONValue] {
        var members: [String: JSONValue] = [
            "name": .string(name), "weight": .number(weight), "trained": .bool(isTrained),
            "closed": .array(closed.map(JSONValue.string)),
        ]
        switch data {
        case .examples(let inputs, let targets):
            members["inputs"] = Self.json(inputs)
            members["targets"] = Self.json(targets)
        case .correlations(let correlations):
            members["correlations"] = .array(
                correlations.map { correlation in
                    .object([
                        "of": .array([.string(correlation.first), .string(correlation.second)]),
                        "matrix": correlation.matrix.json,
                    ])
                })
        }
        return members
    }

    private static func json(_ tables: [WrittenGraph.Table]) -> JSONValue {
        .object(Dictionary(tables.map { ($0.node, $0.rows.json) }) { first, _ in first })
    }
}
