import Shared

@testable import Trainer

/// Random graphs on data that are diagonal together: every input and output has orthonormal vectors
/// of its own, and in each context example i shows mode i alone, at every input and target.
struct DiagonalData {
    let graph: GatedGraph
    let modeCount: Int

    init(seed: UInt64) throws {
        var random = SeededRandom(seed: seed, purpose: .embeddedData)
        let modeCount = 1 + random.below(3)
        self.modeCount = modeCount
        let nodeCount = 3 + random.below(4)
        let nodes = (0..<nodeCount).map {
            GatedGraph.Node(name: "n\($0)", width: modeCount + random.below(3))
        }
        var edges: [GatedGraph.Edge] = []
        for target in 1..<nodeCount {
            for source in 0..<target where source == target - 1 || random.below(10) < 4 {
                if target == 1, random.below(2) == 0 { continue }
                edges.append(GatedGraph.Edge(from: source, to: target))
            }
        }
        var graph = GatedGraph(nodes: nodes, edges: edges, contexts: [])
        let bases = try nodes.indices.map {
            try FirstWeights.orthonormalRows(
                modeCount, length: nodes[$0].width, seed: seed, index: 900 + $0)
        }
        for index in 0..<1 + random.below(3) {
            func table(_ node: Int, _ scale: Double) -> (node: Int, rows: Matrix) {
                var rows = bases[node]
                for mode in 0..<modeCount {
                    let size = scale * (0.5 + random.uniform())
                    for column in 0..<rows.columns { rows[mode, column] *= size }
                }
                return (node, rows)
            }
            let inputs = nodes.indices.filter(graph.isInput).map { table($0, 1) }
            var targets = [table(nodeCount - 1, 2)]
            if nodeCount > 4, random.below(2) == 0 {
                targets.insert(table(nodeCount - 2, 2), at: 0)
            }
            let closed = Set(1..<nodeCount - 1).filter { _ in index > 0 && random.below(4) == 0 }
            graph.contexts.append(
                GatedGraph.Context(
                    name: "c\(index)", weight: 1, closedNodes: closed,
                    moments: Moments(inputs: inputs, targets: targets)))
        }
        self.graph = graph
    }
}

extension GatedTraining {
    /// All rows of the rest of the training.
    func finish() -> [MetricRow] {
        var rows: [MetricRow] = []
        while let some = trainEpoch(shouldStop: { false }) { rows += some }
        return rows
    }
}

extension MetricRow {
    subscript(_ name: String) -> Double { Double(values[name]?.value ?? .nan) }
}
