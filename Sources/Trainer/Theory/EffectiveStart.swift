import Shared

/// Where the reduction starts when small first weights are not decoupled, if every trained pathway
/// has one hidden layer: what of the weights grows.
///
/// While products are far below their ends, a mode of a hidden node is linear. With a_i = W_i v_i
/// what the node makes of input i, c_o = W_o^T u_o what output o reads of it, and S_oi,
///
///     da_i/dt = sum over o of S_oi c_o           dc_o/dt = sum over i of S_oi a_i
///
/// With the largest singular value of S = sum of sigma p q^T, g = (sum q_i a_i + sum p_o c_o) / 2
/// grows as exp(sigma t), and all else falls behind: the start is q_i |g| and p_o |g|.
struct EffectiveStart {
    /// By mode, by edge; nil where some pathway has another number of hidden layers.
    let values: [[Double]]?

    init(_ model: GatedModel, _ parts: PathComponents, _ modes: Modes) {
        let correlations = model.network.correlations
        let tree = correlations.tree
        let middles = tree.ends.map { end in
            tree.branches[end].parent.flatMap { tree.branches[$0].parent == nil ? nil : $0 }
        }
        let isOneLayer = middles.allSatisfy { middle in
            let first = middle.flatMap { tree.branches[$0].parent }
            return first.map { tree.branches[$0].parent == nil } ?? false
        }
        guard isOneLayer else {
            values = nil
            return
        }
        let byNode = Dictionary(grouping: tree.ends.indices) { end in
            middles[end].map { tree.branches[$0].node } ?? 0
        }
        values = modes.all.map { mode in
            var start = [Double](repeating: 0, count: model.graph.edges.count)
            for node in byNode.keys.sorted() {
                Self.set(&start, mode, byNode[node] ?? [], model, parts)
            }
            return start
        }
    }

    /// The numbers of the edges into and out of one hidden node.
    private static func set(
        _ start: inout [Double], _ mode: Modes.Mode, _ ends: [Int], _ model: GatedModel,
        _ parts: PathComponents
    ) {
        let (network, tree) = (model.network, model.network.correlations.tree)
        var (incoming, outgoing): ([Int: [Double]], [Int: [Double]]) = ([:], [:])
        var strengths: [[Int]: Double] = [:]
        for end in ends {
            let (last, part) = (tree.branches[tree.ends[end]], parts.ofEnds[end])
            guard let out = last.edge, let into = last.parent.flatMap({ tree.branches[$0].edge }),
                let u = mode.vectors[parts.place(last.node, in: part)],
                let v = mode.vectors[parts.place(last.input, in: part)]
            else { continue }
            incoming[into] = incoming[into] ?? multiply(network.weight(into), v)
            outgoing[out] = outgoing[out] ?? multiply(network.weight(out).transposed, u)
            strengths[[out, into]] = mode.value(
                network.correlations.targets[end], parts.place(last.node, in: part),
                parts.place(last.input, in: part))
        }
        let (outs, ins) = (outgoing.keys.sorted(), incoming.keys.sorted())
        guard let width = incoming.values.first?.count, !outs.isEmpty else { return }
        var matrix = Matrix(zeros: outs.count, ins.count)
        for (row, out) in outs.enumerated() {
            for (column, into) in ins.enumerated() {
                matrix[row, column] = strengths[[out, into]] ?? 0
            }
        }
        let parts = SingularValueDecomposition(matrix)
        guard let largest = parts.values.first, largest > 0 else { return }
        let (p, q) = (parts.left.row(0), parts.right.row(0))
        var growing = [Double](repeating: 0, count: width)
        func add(_ shares: [Double], _ edges: [Int], _ vectors: [Int: [Double]]) {
            for (share, edge) in zip(shares, edges) {
                guard let vector = vectors[edge] else { continue }
                for index in growing.indices { growing[index] += share * vector[index] / 2 }
            }
        }
        add(q, ins, incoming)
        add(p, outs, outgoing)
        let size = dot(growing, growing).squareRoot()
        for (share, edge) in zip(q + p, ins + outs) { start[edge] = share * size }
    }
}
