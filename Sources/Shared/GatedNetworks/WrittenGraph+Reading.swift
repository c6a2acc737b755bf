/// A written graph from a sweep file, checked by name: every node and edge that is spoken of is
/// there, nothing leads in a ring, and all data fit the nodes they stand at.
extension FieldReader {
    /// Nil where a part is wrong.
    mutating func writtenGraph() -> WrittenGraph? {
        let before = mistakes.found.count
        let nodes = list("nodes", wanted: "a list of maps of name and width", Limits.graphNodesMax)
        let edges = list("edges", wanted: "a list of maps of from and to", Limits.graphEdgesMax)
        let contexts = list("contexts", wanted: "a list of contexts", Limits.contextsMax)
        var graph = WrittenGraph(nodes: [], edges: [], contexts: [])
        for value in nodes { readNode(value, into: &graph) }
        for value in edges { readEdge(value, into: &graph) }
        if mistakes.found.count == before { checkOrder(graph) }
        for value in contexts { readContext(value, of: contexts.count, into: &graph) }
        if mistakes.found.count == before,
            !graph.contexts.contains(where: { $0.isTrained && $0.weight > 0 })
        {
            mistakes.add(
                .wrongValue, at: place("contexts"),
                "found no context that is trained with a weight above 0, wanted one at least")
        }
        return mistakes.found.count == before ? graph : nil
    }

    private mutating func list(_ key: String, wanted: String, _ limit: Int) -> [SourceValue] {
        guard let value = required(key, wanted: wanted) else { return [] }
        guard let elements = value.elements, (1...limit).contains(elements.count) else {
            refuse(value, wanted: "\(wanted), 1 to \(limit) of them")
            return []
        }
        return elements
    }

    private func readNode(_ value: SourceValue, into graph: inout WrittenGraph) {
        var fields = FieldReader(value, wanted: "a map of name and width", mistakes: mistakes)
        let name = fields.name("name", wanted: "the name of a node")
        let width = fields.optionalInteger("width", in: 1...Limits.hiddenWidthMax)
        fields.finish()
        if graph.nodes.contains(where: { $0.name == name }) {
            mistakes.add(
                .repeated, at: fields.place("name"),
                "found the node \(quoted(name)) again, wanted each once")
        }
        graph.nodes.append(WrittenGraph.Node(name: name, width: width))
    }

    private func readEdge(_ value: SourceValue, into graph: inout WrittenGraph) {
        var fields = FieldReader(value, wanted: "a map of from and to", mistakes: mistakes)
        let names = graph.nodes.map(\.name)
        let ends = ["from", "to"].map { key in
            fields.required(key, wanted: "a node").flatMap { fields.choice($0, among: names) }
        }
        fields.finish()
        guard let from = ends[0], let to = ends[1] else { return }
        let edge = WrittenGraph.Edge(from: from, to: to)
        if graph.edges.contains(edge) {
            mistakes.add(
                .repeated, at: value.place, "found the edge \(edge.name) again, wanted each once")
        }
        graph.edges.append(edge)
    }

    private func checkOrder(_ graph: WrittenGraph) {
        var bare = graph
        bare.contexts = []
        if bare.graph(hiddenWidth: 1).order == nil {
            mistakes.add(
                .conflict, at: place("edges"),
                "found edges that lead back to where they came from, wanted a graph without rings")
        }
    }

    private func readContext(
        _ value: SourceValue, of count: Int, into graph: inout WrittenGraph
    ) {
        let wanted = "a map of inputs and targets, or of correlations"
        var fields = FieldReader(value, wanted: wanted, mistakes: mistakes)
        let name =
            fields.has("name")
            ? fields.name("name", wanted: "the name of a context") : "\(graph.contexts.count)"
        let weight = fields.number("weight", .notNegative, default: 1 / Double(count))
        let isTrained = fields.bool("trained", default: true)
        let known = graph.nodes.map(\.name) + graph.edges.map(\.name)
        let closed = fields.value("closed").flatMap {
            fields.names($0, among: known, wanted: "a list of nodes and edges, such as [h, h->y]")
        }
        let data = fields.contextData(graph)
        fields.know(["name"])
        fields.finish()
        guard let data else { return }
        graph.contexts.append(
            WrittenGraph.Context(
                name: name, weight: weight, isTrained: isTrained, closed: closed ?? [],
                data: data))
    }

    private mutating func contextData(_ graph: WrittenGraph) -> WrittenGraph.Data? {
        if let value = value("correlations") {
            if has("inputs") || has("targets") {
                mistakes.add(
                    .conflict, at: value.place,
                    "found correlations beside examples, wanted one of the two")
            }
            know(["inputs", "targets"])
            return .correlations(correlations(value, graph))
        }
        let inputs = tables("inputs", graph, graph.inputNames)
        let targets = tables("targets", graph, graph.reachedNames)
        let counts = Set((inputs + targets).map(\.rows.rows))
        if counts.count > 1 {
            mistakes.add(
                .conflict, at: place("inputs"),
                "found tables of \(counts.sorted().map(String.init).joined(separator: " and ")) "
                    + "rows, wanted one row for each example everywhere")
        }
        return .examples(inputs: inputs, targets: targets)
    }

    /// By node; in the order of the nodes, so that the order of a map's keys has no meaning.
    private mutating func tables(_ key: String, _ graph: WrittenGraph, _ names: [String])
        -> [WrittenGraph.Table]
    {
        let wanted = "a map from nodes to rows of numbers"
        guard let map = required(key, wanted: wanted) else { return [] }
        var fields = FieldReader(map, wanted: wanted, mistakes: mistakes)
        var tables: [WrittenGraph.Table] = []
        for name in names {
            guard let value = fields.value(name), let rows = matrix(value) else { continue }
            let width = graph.nodes.first { $0.name == name }?.width
            if width != rows.columns {
                mistakes.add(
                    .conflict, at: value.place,
                    "found rows of \(rows.columns) numbers, wanted as many as the width of "
                        + "\(quoted(name)) says: \(width.map(String.init) ?? "it says none")")
            }
            tables.append(WrittenGraph.Table(node: name, rows: rows))
        }
        if map.members?.isEmpty == true { refuse(map, wanted: wanted, code: .wrongValue) }
        fields.finish()
        return tables
    }
}

extension WrittenGraph {
    /// The nodes without an edge into them, and the others.
    var inputNames: [String] {
        nodes.map(\.name).filter { name in !edges.contains { $0.to == name } }
    }
    fileprivate var reachedNames: [String] {
        nodes.map(\.name).filter { name in edges.contains { $0.to == name } }
    }
}
