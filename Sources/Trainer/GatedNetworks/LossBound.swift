import Shared

/// An upper bound of a gated network's losses by its weights' norms.
///
/// With m the largest Frobenius norm of a weight matrix, or 1 if that is larger, d the most edges
/// of a pathway, and n the most terms of a residual,
///
///     |target - sum over terms of A_branch input|  <=  |target| + n m^d |input|
///
/// in Frobenius norms, because the norm of a product is at most the product of the norms.
struct LossBound {
    private let depth: Int
    private let terms: Double
    private let target: Double
    private let input: Double
    private let rest: Double
    /// The larger of 1 and the sum of the contexts' weights, times the most residuals of a context.
    private let scale: Double

    init(_ graph: GatedGraph, _ tree: PathTree, _ residuals: [GatedNetwork.Residual]) {
        var depths: [Int] = []
        for branch in tree.branches {
            depths.append(branch.parent.map { depths[$0] + 1 } ?? 0)
        }
        depth = depths.max() ?? 0
        terms = Double(residuals.map(\.terms.count).max() ?? 0)
        target = residuals.map(\.target.squaredNorm).max()?.squareRoot() ?? 0
        input = residuals.flatMap(\.terms).map(\.input.squaredNorm).max()?.squareRoot() ?? 0
        rest = residuals.map(\.rest).max() ?? 0
        let weights = graph.contexts.reduce(0) { $0 + $1.weight }
        let outputs = graph.contexts.map(\.moments.outputs.count).max() ?? 0
        scale = max(1, weights) * Double(outputs)
    }

    /// Whether every mean and weighted sum of losses is at most half of the largest float32. False
    /// if the norm is NaN or infinite.
    func isFinite(largestNorm: Double) -> Bool {
        guard largestNorm.isFinite else { return false }
        var product = 1.0
        for _ in 0..<depth { product *= max(1, largestNorm) }
        let residual = target + terms * product * input
        return scale * (0.5 * residual * residual + rest)
            <= Double(Float.greatestFiniteMagnitude) / 2
    }
}
