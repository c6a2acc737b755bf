/// The correlations of a context from a sweep file: each pair of nodes once, and nothing of a node
/// whose own variance is not among them.
extension FieldReader {
    /// The elements of a list that are among some names; anything but a list is refused.
    func names(_ value: SourceValue, among names: [String], wanted: String) -> [String]? {
        guard let elements = value.elements else {
            refuse(value, wanted: wanted)
            return nil
        }
        return elements.compactMap { choice($0, among: names) }
    }

    func correlations(_ value: SourceValue, _ graph: WrittenGraph) -> [WrittenGraph.Correlation] {
        guard let elements = value.elements, !elements.isEmpty else {
            refuse(value, wanted: "a list of maps of of and matrix")
            return []
        }
        var (found, pairs): ([WrittenGraph.Correlation], Set<Set<String>>) = ([], [])
        for element in elements {
            guard let correlation = correlation(element, graph) else { continue }
            if !pairs.insert([correlation.first, correlation.second]).inserted {
                mistakes.add(
                    .repeated, at: element.place,
                    "found \(correlation.first) and \(correlation.second) again, wanted each pair "
                        + "once")
            }
            found.append(correlation)
        }
        if found.count == elements.count { checkVariances(value, pairs, graph) }
        return found
    }

    /// A node without a variance would be no input or no output, without a word.
    private func checkVariances(
        _ value: SourceValue, _ pairs: Set<Set<String>>, _ graph: WrittenGraph
    ) {
        for node in graph.nodes.map(\.name)
        where pairs.contains(where: { $0.contains(node) }) && !pairs.contains([node]) {
            mistakes.add(
                .conflict, at: value.place,
                "found correlations of \(quoted(node)) with others, wanted [\(node), \(node)] too")
        }
    }

    private func correlation(_ value: SourceValue, _ graph: WrittenGraph)
        -> WrittenGraph.Correlation?
    {
        var fields = FieldReader(value, wanted: "a map of of and matrix", mistakes: mistakes)
        let wanted = "two nodes: inputs, or a target before an input, or one target twice"
        let of = fields.required("of", wanted: wanted)
        let names = of.flatMap { fields.names($0, among: graph.nodes.map(\.name), wanted: wanted) }
        let matrix = fields.matrix("matrix")
        fields.finish()
        guard let names, let matrix else { return nil }
        guard names.count == 2 else {
            mistakes.add(
                .wrongValue, at: fields.place("of"),
                "found \(names.count) nodes, wanted \(wanted)")
            return nil
        }
        let (first, second) = (names[0], names[1])
        let inputs = graph.inputNames
        guard inputs.contains(second) || first == second else {
            mistakes.add(
                .conflict, at: fields.place("of"),
                "found \(first) and \(second), wanted \(wanted)")
            return nil
        }
        let widths = [first, second].map { name in graph.nodes.first { $0.name == name }?.width }
        let isSymmetric = first != second || matrix == matrix.transposed
        guard widths == [matrix.rows, matrix.columns], isSymmetric else {
            mistakes.add(
                .conflict, at: fields.place("matrix"),
                "found \(matrix.rows) x \(matrix.columns) numbers, wanted the widths of \(first) "
                    + "and \(second), and a symmetric matrix for one node twice")
            return nil
        }
        return WrittenGraph.Correlation(first: first, second: second, matrix: matrix)
    }
}
