import Shared

/// First weights, each matrix from a stream of its own: what one edge draws does not depend on the
/// others.
enum FirstWeights {
    /// Every singular value is the gain.
    static func orthogonal(_ network: GatedNetwork, gain: Double, seed: UInt64)
        throws(TrainingError)
    {
        for (edge, shape) in network.shapes.enumerated() {
            let (short, long) = (min(shape.rows, shape.columns), max(shape.rows, shape.columns))
            let rows = try orthonormalRows(short, length: long, seed: seed, index: edge)
            network.setWeight(edge, gain * (shape.rows == short ? rows : rows.transposed))
        }
    }

    /// Random, and uniform among all such.
    static func orthonormalRows(_ count: Int, length: Int, seed: UInt64, index: Int)
        throws(TrainingError) -> Matrix
    {
        var random = SeededRandom(seed: seed, purpose: .weights, index: UInt64(index))
        let normal = (0..<count * length).map { _ in
            // The middle of one of 2^52 equal parts: neither 0 nor 1, where the inverse ends.
            inverseNormal((Double(random.next() >> 12) + 0.5) * 0x1p-52)
        }
        let rows = Matrix(rows: count, columns: length, values: normal)
        guard let result = orthonormalized(rows) else {
            throw TrainingError("The random vectors of stream \(index) are linearly dependent.")
        }
        return result
    }

    /// The modes of the data all the way: each weight matrix takes mode i of its source to mode i
    /// of its target, times the gain. Hidden nodes have a random orthonormal vector for each mode.
    static func balanced(
        _ model: GatedModel, _ parts: PathComponents, _ modes: Modes, gain: Double, seed: UInt64
    ) throws(TrainingError) {
        let (graph, network) = (model.graph, model.network)
        for (index, edge) in graph.edges.enumerated() {
            var weight = Matrix(zeros: network.shapes[index].rows, network.shapes[index].columns)
            guard let part = parts.ofEdges[index] else { continue }
            let to = try vectors(edge.target, part, model, parts, modes, seed)
            let from = try vectors(edge.source, part, model, parts, modes, seed)
            for (to, from) in zip(to, from) {
                guard let to, let from else { continue }
                for row in 0..<weight.rows {
                    for column in 0..<weight.columns {
                        weight[row, column] += gain * to[row] * from[column]
                    }
                }
            }
            network.setWeight(index, weight)
        }
    }

    /// By mode of a part: its vector at a node, nil where the data give it none.
    private static func vectors(
        _ node: Int, _ part: Int, _ model: GatedModel, _ parts: PathComponents, _ modes: Modes,
        _ seed: UInt64
    ) throws(TrainingError) -> [[Double]?] {
        let own = modes.all.filter { mode in
            mode.vectors.keys.contains { $0 / parts.nodeCount == part }
        }
        let place = parts.place(node, in: part)
        if modes.nodes.contains(place) { return own.map { $0.vectors[place] } }
        let width = model.graph.nodes[node].width
        guard width >= own.count else {
            throw TrainingError(
                "The node '\(model.graph.nodes[node].name)' has a width of \(width); a balanced "
                    + "start wants one for each of \(own.count) modes.")
        }
        let rows = try orthonormalRows(
            own.count, length: width, seed: seed, index: model.graph.edges.count + node)
        return (0..<rows.rows).map { rows.row($0) }
    }
}
