import Shared

/// A graph's network, trained on its trained contexts and measured in all of them.
final class GatedModel {
    let graph: GatedGraph
    let network: GatedNetwork
    /// The context of each residual of the network's loss.
    private let residualContexts: [Int]
    private let lossBound: LossBound

    struct Losses {
        /// What is trained: the sum over trained contexts of weight times loss.
        let training: Double
        /// Means over trained and over other contexts, by their weights; nil where there are none.
        let trained: Double?
        let untrained: Double?

        /// Whether what is trained is NaN or infinite as the float32 that a report has.
        var isDiverged: Bool {
            guard let trained else { return false }
            return !Float(training).isFinite || !Float(trained).isFinite
        }
    }

    /// Throws where the graph is too large, its moments are those of no data, or where there are
    /// trained contexts but no way through any of them.
    init(_ graph: GatedGraph) throws(TrainingError) {
        let contexts = Array(graph.contexts.indices)
        let trained = contexts.filter { graph.contexts[$0].isTrained }
        let tree = try PathTree(graph, contexts: trained)
        guard trained.isEmpty || !tree.branches.isEmpty else {
            throw TrainingError("No trained context has an open pathway from data to a target.")
        }
        let lossTree = try PathTree(graph, contexts: contexts)
        let (residuals, residualContexts) = try Self.residuals(graph, lossTree)
        self.graph = graph
        self.residualContexts = residualContexts
        lossBound = LossBound(graph, lossTree, residuals)
        network = try GatedNetwork(
            widths: graph.nodes.map(\.width), edges: graph.edges,
            correlations: PathCorrelations(graph, tree), lossTree: lossTree, residuals: residuals)
    }

    /// One for each output of each context.
    private static func residuals(_ graph: GatedGraph, _ tree: PathTree)
        throws(TrainingError) -> ([GatedNetwork.Residual], [Int])
    {
        var open: [[Int]: [Int]] = [:]
        for end in tree.ends {
            let branch = tree.branches[end]
            for context in branch.targets { open[[context, branch.node], default: []].append(end) }
        }
        var known: [Moments: MomentRoots] = [:]
        var (residuals, contexts): ([GatedNetwork.Residual], [Int]) = ([], [])
        for (index, context) in graph.contexts.enumerated() {
            let moments = context.moments
            let roots: MomentRoots
            if let found = known[moments] {
                roots = found
            } else {
                roots = try MomentRoots(
                    inputInput: moments.inputInput, outputInput: moments.outputInput)
                known[moments] = roots
            }
            let rank = roots.inputs.columns
            var row = 0
            for (place, output) in moments.outputs.enumerated() {
                let rows = row..<row + graph.nodes[output].width
                row = rows.upperBound
                let target = roots.targets.block(rows: rows, columns: 0..<rank)
                let terms = (open[[index, output]] ?? []).map { end in
                    (end, Self.part(of: roots.inputs, tree.branches[end].input, moments, graph))
                }
                residuals.append(
                    GatedNetwork.Residual(
                        target: target, terms: terms,
                        rest: try Self.rest(power: moments.power[place], target)))
                contexts.append(index)
            }
        }
        return (residuals, contexts)
    }

    /// The rows of one input among those of all.
    private static func part(
        of inputs: Matrix, _ node: Int, _ moments: Moments, _ graph: GatedGraph
    ) -> Matrix {
        let before = moments.inputs.prefix { $0 != node }
        let start = before.reduce(0) { $0 + graph.nodes[$1].width }
        return inputs.block(
            rows: start..<start + graph.nodes[node].width, columns: 0..<inputs.columns)
    }

    /// Half of what a target has beyond all that goes with the inputs.
    static func rest(power: Double, _ target: Matrix) throws(TrainingError) -> Double {
        let rest = power - target.squaredNorm
        guard rest >= -1e-6 * power else {
            throw TrainingError(
                "The correlations are those of no data: a target goes with the inputs by more "
                    + "than it varies.")
        }
        // Below the rounding of its two parts it is none.
        return rest > 1e-12 * power ? rest / 2 : 0
    }

    func losses() -> Losses { losses {} }

    /// Whether a bound from the weights' norms shows that the training loss is finite as a float32.
    /// False says nothing; `losses` does. Costs a pass over the weights, not over the pathways.
    var hasFiniteLossForSure: Bool { lossBound.isFinite(largestNorm: network.largestNorm) }

    /// - Parameter look: called often where it takes long.
    func losses<Stop: Error>(_ look: () throws(Stop) -> Void) throws(Stop) -> Losses {
        var byContext = [Double](repeating: 0, count: graph.contexts.count)
        for (loss, context) in zip(try network.losses(look), residualContexts) {
            byContext[context] += loss
        }
        var sums = [(loss: 0.0, weight: 0.0), (loss: 0.0, weight: 0.0)]
        for (loss, context) in zip(byContext, graph.contexts) {
            let kind = context.isTrained ? 0 : 1
            sums[kind].loss += context.weight * loss
            sums[kind].weight += context.weight
        }
        return Losses(
            training: sums[0].loss,
            trained: sums[0].weight > 0 ? sums[0].loss / sums[0].weight : nil,
            untrained: sums[1].weight > 0 ? sums[1].loss / sums[1].weight : nil)
    }
}
