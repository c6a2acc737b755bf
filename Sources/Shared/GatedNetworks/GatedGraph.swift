/// A gated deep linear network as the theory has it: a directed graph of nodes (layers) and edges
/// (weight matrices), and the contexts it is used in, each with its gates and its data.
///
///     h_v = g_v sum over edges e into v of  g_e W_e h_source(e)
///     L   = sum over trained contexts c of  weight_c < 1/2 sum over v of || y_v - h_v ||^2 >_c
///
/// Nodes without an edge into them are inputs; a node with a target in some context is an output.
///
/// Source: Saxe, Sodhani & Lewallen, "The Neural Race Reduction", ICML 2022, section 2.
public struct GatedGraph: Hashable, Sendable {
    public var nodes: [Node]
    public var edges: [Edge]
    public var contexts: [Context]

    public init(nodes: [Node], edges: [Edge], contexts: [Context]) {
        self.nodes = nodes
        self.edges = edges
        self.contexts = contexts
    }

    public struct Node: Hashable, Sendable {
        public var name: String
        public var width: Int

        public init(name: String, width: Int) {
            self.name = name
            self.width = width
        }
    }

    /// From one node to another, by their places in `nodes`.
    public struct Edge: Hashable, Sendable {
        public var source: Int
        public var target: Int

        public init(from source: Int, to target: Int) {
            self.source = source
            self.target = target
        }
    }

    /// What is open and what is to be learnt there.
    public struct Context: Hashable, Sendable {
        public var name: String
        /// Its share in the loss.
        public var weight: Double
        /// Whether it is part of the training loss, or only measured.
        public var isTrained: Bool
        public var closedNodes: Set<Int>
        public var closedEdges: Set<Int>
        public var moments: Moments

        public init(
            name: String, weight: Double = 1, isTrained: Bool = true,
            closedNodes: Set<Int> = [], closedEdges: Set<Int> = [], moments: Moments
        ) {
            self.name = name
            self.weight = weight
            self.isTrained = isTrained
            self.closedNodes = closedNodes
            self.closedEdges = closedEdges
            self.moments = moments
        }
    }
}

extension GatedGraph {
    /// Whether a node has no edge into it.
    public func isInput(_ node: Int) -> Bool { !edges.contains { $0.target == node } }

    /// How many weights there are.
    public var parameterCount: Int {
        edges.reduce(0) { $0 + nodes[$1.source].width * nodes[$1.target].width }
    }

    /// The nodes in an order in which every edge leads onwards; nil where edges form a ring.
    public var order: [Int]? {
        var waiting = nodes.indices.map { node in edges.count { $0.target == node } }
        var order = nodes.indices.filter { waiting[$0] == 0 }
        var next = 0
        while next < order.count {
            for edge in edges where edge.source == order[next] {
                waiting[edge.target] -= 1
                if waiting[edge.target] == 0 { order.append(edge.target) }
            }
            next += 1
        }
        return order.count == nodes.count ? order : nil
    }
}

/// All that a linear network can learn of a data set: its second moments. For the inputs x and
/// targets y that a context has, stacked in the order of their nodes.
public struct Moments: Hashable, Sendable {
    /// Input nodes with data, and output nodes with targets.
    public let inputs: [Int]
    public let outputs: [Int]
    /// < x x^T >, all inputs stacked.
    public let inputInput: Matrix
    /// < y x^T >, all outputs by all inputs.
    public let outputInput: Matrix
    /// < |y_v|^2 >, by output.
    public let power: [Double]

    /// Shapes must fit each other: a programmer's duty.
    public init(
        inputs: [Int], outputs: [Int], inputInput: Matrix, outputInput: Matrix, power: [Double]
    ) {
        precondition(inputInput.rows == inputInput.columns, "moments are square")
        precondition(outputInput.columns == inputInput.rows, "moments of the same inputs")
        precondition(power.count == outputs.count, "a power for each output")
        self.inputs = inputs
        self.outputs = outputs
        self.inputInput = inputInput
        self.outputInput = outputInput
        self.power = power
    }

    /// The moments of some examples.
    /// - Parameters:
    ///   - inputs: by node: a row for each example. All have as many rows.
    ///   - targets: likewise.
    ///   - scale: what the sum over examples is multiplied with; nil: 1 / examples, their mean.
    public init(
        inputs: [(node: Int, rows: Matrix)], targets: [(node: Int, rows: Matrix)],
        scale: Double? = nil
    ) {
        let count = inputs.first?.rows.rows ?? targets.first?.rows.rows ?? 0
        let scale = scale ?? 1 / Double(max(count, 1))
        let (x, y) = (
            Self.stacked(inputs.map(\.rows), count), Self.stacked(targets.map(\.rows), count)
        )
        self.init(
            inputs: inputs.map(\.node), outputs: targets.map(\.node),
            inputInput: Self.product(x, x, scale), outputInput: Self.product(y, x, scale),
            power: targets.map { scale * $0.rows.squaredNorm })
    }

    /// The columns of each, side by side.
    private static func stacked(_ parts: [Matrix], _ count: Int) -> Matrix {
        Matrix(
            rows: count, columns: parts.reduce(0) { $0 + $1.columns },
            values: (0..<count).flatMap { row in parts.flatMap { $0.row(row) } })
    }

    /// scale a^T b, summed over the examples in order.
    private static func product(_ a: Matrix, _ b: Matrix, _ scale: Double) -> Matrix {
        var result = Matrix(zeros: a.columns, b.columns)
        for example in 0..<a.rows {
            for row in 0..<a.columns {
                for column in 0..<b.columns {
                    result[row, column] += a[example, row] * b[example, column]
                }
            }
        }
        return scale * result
    }
}
