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
/// each context, there only (`contextualStrengths`; zero in every other). One pathway is always
/// open, and one for each context in its context; each reaches all features. Which pathway comes to
/// carry what is a race.
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

    /// Nodes: items, the always open layer, the contexts' layers, shared features, contexts' ones.
    func graph(hiddenWidth: Int) -> GatedGraph {
        var contextual = shared
        contextual.strengths = contextualStrengths
        let (table, own) = (shared.table, contextual.table.targets)
        let hidden = ["always"] + (0..<contextCount).map { "in\($0)" }
        let outputs = ["shared"] + (0..<contextCount).map { "only\($0)" }
        let nodes =
            [GatedGraph.Node(name: "item", width: table.inputs.columns)]
            + hidden.map { GatedGraph.Node(name: $0, width: hiddenWidth) }
            + outputs.map { GatedGraph.Node(name: $0, width: own.columns) }
        let firstOutput = 1 + hidden.count
        let edges =
            hidden.indices.map { GatedGraph.Edge(from: 0, to: 1 + $0) }
            + hidden.indices.flatMap { layer in
                outputs.indices.map { GatedGraph.Edge(from: 1 + layer, to: firstOutput + $0) }
            }
        let absent = Matrix(zeros: own.rows, own.columns)
        let contexts = (0..<contextCount).map { context in
            let others = (0..<contextCount).filter { $0 != context }
            let targets = (0..<contextCount).map {
                (node: firstOutput + 1 + $0, rows: $0 == context ? own : absent)
            }
            return GatedGraph.Context(
                name: "\(context)", weight: 1 / Double(contextCount),
                closedNodes: Set(others.map { 2 + $0 }),
                moments: Moments(
                    inputs: [(0, table.inputs)], targets: [(firstOutput, table.targets)] + targets))
        }
        return GatedGraph(nodes: nodes, edges: edges, contexts: contexts)
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
