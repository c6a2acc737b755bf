/// Networks that the theory was made for, as graphs.

/// Inputs (+-1, +-1), target their product, with pathways of one hidden layer that are each open on
/// a part of the plane.
public enum XORScheme: String, CaseIterable, Sendable {
    /// Four pathways, each open on one corner.
    case corners
    /// Two, each open on one side: x1 > 0, or x1 < 0.
    case halfPlanes = "half_planes"
    /// All six at once, in one network: a race.
    case both

    private static let points: [[Double]] = [[1, 1], [1, -1], [-1, 1], [-1, -1]]

    /// By pathway: the points that it is open on.
    private var regions: [[Int]] {
        let (corners, halves) = ([[0], [1], [2], [3]], [[0, 1], [2, 3]])
        return switch self {
        case .corners: corners
        case .halfPlanes: halves
        case .both: corners + halves
        }
    }

    /// Of its data, four points, there is nothing to count.
    func size(hiddenWidth: Int) -> GraphSize { graph(hiddenWidth: hiddenWidth).weightSize }

    func graph(hiddenWidth: Int) -> GatedGraph {
        let regions = regions
        let hidden = regions.indices.map { GatedGraph.Node(name: "h\($0)", width: hiddenWidth) }
        let output = hidden.count + 1
        let nodes = [.init(name: "x", width: 2)] + hidden + [.init(name: "y", width: 1)]
        let edges = regions.indices.flatMap { index in
            [
                GatedGraph.Edge(from: 0, to: index + 1),
                GatedGraph.Edge(from: index + 1, to: output),
            ]
        }
        let contexts = Self.points.enumerated().map { index, point in
            GatedGraph.Context(
                name: "\(Int(point[0])),\(Int(point[1]))", weight: 0.25,
                closedNodes: Set(
                    regions.indices.filter { !regions[$0].contains(index) }.map { $0 + 1 }),
                moments: Moments(
                    inputs: [(0, Matrix(rows: 1, columns: 2, values: point))],
                    targets: [
                        (output, Matrix(rows: 1, columns: 1, values: [point[0] * point[1]]))
                    ]))
        }
        return GatedGraph(nodes: nodes, edges: edges, contexts: contexts)
    }
}

/// Features of a tree over items, once the same in all contexts (`strengths`) and once more for
/// each context, there only (`contextualStrengths`; zero in every other). Inputs are the item and
/// the context, each as a unit vector. One pathway is always open, and one for each context in its
/// context; each has both inputs and reaches all features. Which comes to carry what is a race.
public struct ContextualTask: Hashable, Sendable {
    public var contextCount: Int
    /// The features of all contexts.
    public var shared: TreeData
    /// By level, of the features of one context.
    public var contextualStrengths: [Double]

    public init(contextCount: Int, shared: TreeData, contextualStrengths: [Double]) {
        self.contextCount = contextCount
        self.shared = shared
        self.contextualStrengths = contextualStrengths
    }

    // Where the graph has what: the item, an input for each context, the layer that is always open,
    // a layer for each context, the features of all contexts, those of each.
    private func contextInput(_ context: Int) -> Int { 1 + context }
    private var always: Int { 1 + contextCount }
    private func layer(_ context: Int) -> Int { always + 1 + context }
    private var sharedOutput: Int { always + 1 + contextCount }
    private func ownOutput(_ context: Int) -> Int { sharedOutput + 1 + context }

    /// Without contexts. The unit vector of contexts is an input for each: one that is not the
    /// context's own is zero there, and the layer of a context needs no weights from it.
    private func skeleton(hiddenWidth: Int) -> GatedGraph {
        let contexts = 0..<contextCount
        func nodes(_ name: String, _ width: Int) -> [GatedGraph.Node] {
            contexts.map { GatedGraph.Node(name: "\(name)\($0)", width: width) }
        }
        let inputs = [GatedGraph.Node(name: "item", width: shared.items ?? 0)]
        let hidden = [GatedGraph.Node(name: "always", width: hiddenWidth)]
        let outputs = [GatedGraph.Node(name: "shared", width: shared.features)]
        let intoLayers = contexts.flatMap { context in
            [(0, layer(context)), (contextInput(context), always)]
                + [(contextInput(context), layer(context))]
        }
        let outOfLayers = ([always] + contexts.map(layer)).flatMap { layer in
            ([sharedOutput] + contexts.map(ownOutput)).map { (layer, $0) }
        }
        return GatedGraph(
            nodes: inputs + nodes("context", 1) + hidden + nodes("in", hiddenWidth) + outputs
                + nodes("only", shared.features),
            edges: ([(0, always)] + intoLayers + outOfLayers).map(GatedGraph.Edge.init),
            contexts: [])
    }

    func size(hiddenWidth: Int) -> GraphSize {
        var size = skeleton(hiddenWidth: hiddenWidth).weightSize
        let items = shared.items ?? 0
        for _ in 0..<contextCount {
            size.addMoments(
                inputs: items + 1, outputs: (1 + contextCount) * shared.features, examples: items)
        }
        return size
    }

    func graph(hiddenWidth: Int) -> GatedGraph {
        var contextual = shared
        contextual.strengths = contextualStrengths
        let (table, own) = (shared.table, contextual.table.targets)
        let absent = Matrix(zeros: own.rows, own.columns)
        let here = Matrix(
            rows: own.rows, columns: 1, values: [Double](repeating: 1, count: own.rows))
        var graph = skeleton(hiddenWidth: hiddenWidth)
        graph.contexts = (0..<contextCount).map { context in
            let others = (0..<contextCount).filter { $0 != context }
            let targets = (0..<contextCount).map {
                (node: ownOutput($0), rows: $0 == context ? own : absent)
            }
            return GatedGraph.Context(
                name: "\(context)", weight: 1 / Double(contextCount),
                closedNodes: Set(others.map(layer)),
                moments: Moments(
                    inputs: [(0, table.inputs), (contextInput(context), here)],
                    targets: [(sharedOutput, table.targets)] + targets))
        }
        return graph
    }

    var members: [String: JSONValue] {
        var members = shared.members
        members["context_count"] = .integer(contextCount)
        members["contextual_strengths"] = .array(contextualStrengths.map(JSONValue.number))
        return members
    }
}

/// A deep linear network without gates on the data of a tree.
public struct TreeTask: Hashable, Sendable {
    public var data: TreeData
    /// Hidden layers.
    public var layers: Int

    public init(data: TreeData, layers: Int) {
        self.data = data
        self.layers = layers
    }

    func graph(hiddenWidth: Int) -> GatedGraph {
        let table = data.table
        let nodes =
            [GatedGraph.Node(name: "item", width: table.inputs.columns)]
            + (0..<layers).map { GatedGraph.Node(name: "h\($0)", width: hiddenWidth) }
            + [GatedGraph.Node(name: "features", width: table.targets.columns)]
        let edges = (0...layers).map { GatedGraph.Edge(from: $0, to: $0 + 1) }
        let moments = Moments(
            inputs: [(0, table.inputs)], targets: [(layers + 1, table.targets)])
        return GatedGraph(
            nodes: nodes, edges: edges, contexts: [.init(name: "items", moments: moments)])
    }

    func size(hiddenWidth: Int) -> GraphSize {
        let (items, features) = (data.items ?? 0, data.features)
        var size = GraphSize()
        size.addWeights(hiddenWidth, items + features)
        size.addWeights(hiddenWidth, hiddenWidth, times: layers - 1)
        size.addMoments(inputs: items, outputs: features, examples: items)
        return size
    }

    var members: [String: JSONValue] {
        data.members.merging(["layers": .integer(layers)]) { first, _ in first }
    }
}

extension FieldReader {
    mutating func treeTask() -> TreeTask? {
        let layers = integer("layers", in: 1...Limits.layersMax, default: 1)
        return treeData().map { TreeTask(data: $0, layers: layers) }
    }

    mutating func contextualTask() -> ContextualTask? {
        let count = requiredInteger("context_count", in: 1...64)
        let shared = treeData()
        let wanted = "a list of numbers, one for each level from the root on"
        let value = required("contextual_strengths", wanted: wanted)
        let own = value.flatMap { numbers($0, wanted: wanted) }
        guard let count, let shared, let own, let value else { return nil }
        guard own.count == shared.strengths.count else {
            mistakes.add(
                .conflict, at: value.place,
                "found \(own.count) numbers, wanted depth + 1: \(shared.strengths.count)")
            return nil
        }
        return ContextualTask(contextCount: count, shared: shared, contextualStrengths: own)
    }
}
