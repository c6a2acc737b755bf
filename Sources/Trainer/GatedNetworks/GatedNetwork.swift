import CMatrices
import Shared

/// A gated deep linear network under full-batch training: its weights, their slopes, and its
/// losses, all through the correlations of its pathways. One step costs the same for ten examples
/// and for ten million.
///
/// A pathway p of `tree` with the product A_p of its weights, and with the other pathways j to its
/// output, pulls at its weights by
///
///     E(p) = Sigma_yx(p) - sum over j of A_j Sigma_x(j, p)
///     - dL/dW_e = sum over p through e of  W_after(p, e)^T E(p) W_before(p, e)^T
///
/// W_before is shared by all pathways that begin alike, and what W_after^T E gives is summed over
/// them before it is passed on: the work is that of the tree's branches, not of pathways by edges.
final class GatedNetwork {
    /// One term of the loss: 1/2 | target - sum over terms of A_branch input |^2 + rest.
    struct Residual {
        let target: Matrix
        let terms: [(branch: Int, input: Matrix)]
        /// What no weights can take away.
        let rest: Double
    }

    let correlations: PathCorrelations
    /// (outputs, inputs) of each edge.
    let shapes: [(rows: Int, columns: Int)]
    let parameterCount: Int

    private let numbers: Buffer<Double>
    private let weightSlots: [MatrixSlot]
    private let slopeProgram: MatrixProgram
    private let lossProgram: MatrixProgram
    private let endSlots: [MatrixSlot]
    private let residualSlots: [MatrixSlot]
    private let rests: [Double]

    /// - Parameters:
    ///   - widths: of each node of the graph.
    ///   - lossTree: the pathways that `residuals` speak of.
    /// Throws where the network is too large.
    init(
        widths: [Int], edges: [GatedGraph.Edge], correlations: PathCorrelations,
        lossTree: PathTree, residuals: [Residual]
    ) throws(TrainingError) {
        self.correlations = correlations
        shapes = edges.map { (widths[$0.target], widths[$0.source]) }
        var layout = MatrixLayout()
        var (weights, slopes): ([MatrixSlot], [MatrixSlot]) = ([], [])
        for shape in shapes { weights.append(try layout.add(shape.rows, shape.columns)) }
        parameterCount = layout.numbers.count
        for shape in shapes { slopes.append(try layout.add(shape.rows, shape.columns)) }

        var program = MatrixProgram()
        let products = try Self.products(correlations.tree, weights, &layout, &program)
        let pulls = try Self.pulls(correlations, products, &layout, &program)
        try Self.slopes(
            correlations.tree, weights, slopes, products, pulls, &layout, &program)
        slopeProgram = program
        endSlots = correlations.tree.ends.compactMap { products[$0] }

        program = MatrixProgram()
        let found = try Self.products(lossTree, weights, &layout, &program)
        var differences: [MatrixSlot] = []
        for residual in residuals {
            let target = try layout.add(residual.target)
            let difference = try layout.add(residual.target.rows, residual.target.columns)
            program.copy(target, to: difference)
            for term in residual.terms {
                guard let product = found[term.branch] else { continue }
                program.subtract(product, times: try layout.add(term.input), from: difference)
            }
            differences.append(difference)
        }
        lossProgram = program
        residualSlots = differences
        rests = residuals.map(\.rest)
        weightSlots = weights
        numbers = Buffer(count: layout.numbers.count)
        numbers.base.update(from: layout.numbers, count: layout.numbers.count)
    }
}

// MARK: - The programs

extension GatedNetwork {
    /// The product of the weights along each branch; nil for the roots, whose is the identity.
    private static func products(
        _ tree: PathTree, _ weights: [MatrixSlot], _ layout: inout MatrixLayout,
        _ program: inout MatrixProgram
    ) throws(TrainingError) -> [MatrixSlot?] {
        var products: [MatrixSlot?] = []
        for branch in tree.branches {
            guard let edge = branch.edge, let parent = branch.parent else {
                products.append(nil)
                continue
            }
            guard let before = products[parent] else {
                products.append(weights[edge])
                continue
            }
            let product = try layout.add(weights[edge].rows, before.columns)
            program.clear(product)
            program.add(weights[edge], times: before, to: product)
            products.append(product)
        }
        return products
    }

    /// E(p) of every end, by branch.
    private static func pulls(
        _ correlations: PathCorrelations, _ products: [MatrixSlot?], _ layout: inout MatrixLayout,
        _ program: inout MatrixProgram
    ) throws(TrainingError) -> [Int: MatrixSlot] {
        let ends = correlations.tree.ends
        var pulls: [MatrixSlot] = []
        for target in correlations.targets {
            let pull = try layout.add(target.rows, target.columns)
            program.copy(try layout.add(target), to: pull)
            pulls.append(pull)
        }
        for pair in correlations.pairs {
            guard let product = products[ends[pair.first]] else { continue }
            program.subtract(product, times: try layout.add(pair.moment), from: pulls[pair.second])
        }
        return Dictionary(uniqueKeysWithValues: zip(ends, pulls))
    }

    /// From the ends back to the roots: what pulls at a branch is what pulls at its own end and,
    /// back through their edges, what pulls at its children.
    private static func slopes(
        _ tree: PathTree, _ weights: [MatrixSlot], _ slopes: [MatrixSlot],
        _ products: [MatrixSlot?], _ ends: [Int: MatrixSlot], _ layout: inout MatrixLayout,
        _ program: inout MatrixProgram
    ) throws(TrainingError) {
        for slope in slopes { program.clear(slope) }
        var pulls = ends
        for index in tree.branches.indices.reversed() {
            let branch = tree.branches[index]
            guard let edge = branch.edge, let parent = branch.parent, let pull = pulls[index]
            else { continue }
            guard let before = products[parent] else {
                program.add(pull, to: slopes[edge])
                continue
            }
            program.add(pull, timesTurned: before, to: slopes[edge])
            let onward: MatrixSlot
            if let known = pulls[parent] {
                onward = known
            } else {
                onward = try layout.add(before.rows, before.columns)
                program.clear(onward)
                pulls[parent] = onward
            }
            program.add(turned: weights[edge], times: pull, to: onward)
        }
    }
}

// MARK: - Numbers in and out

extension GatedNetwork {
    /// All weights, edge after edge, rows first.
    var weights: UnsafeMutablePointer<Double> { numbers.base }

    /// Minus the gradient of the loss by each weight, as `computeSlopes` left it.
    var slopes: UnsafeMutablePointer<Double> { numbers.base + parameterCount }

    func computeSlopes() { computeSlopes {} }

    func computeSlopes<Stop: Error>(_ look: () throws(Stop) -> Void) throws(Stop) {
        try slopeProgram.run(on: numbers, look)
    }

    /// The loss of each residual.
    func losses<Stop: Error>(_ look: () throws(Stop) -> Void) throws(Stop) -> [Double] {
        try lossProgram.run(on: numbers, look)
        return zip(residualSlots, rests).map { slot, rest in
            let (values, count) = (numbers.base + slot.start, slot.rows * slot.columns)
            return 0.5 * cm_dot(count, values, values) + rest
        }
    }

    /// The product of weights along a pathway, by its place in `correlations.tree.ends`, as
    /// `computeSlopes` found it.
    func product(end: Int) -> Matrix { matrix(endSlots[end]) }

    func weight(_ edge: Int) -> Matrix { matrix(weightSlots[edge]) }

    func setWeight(_ edge: Int, _ matrix: Matrix) {
        let slot = weightSlots[edge]
        precondition(matrix.rows == slot.rows && matrix.columns == slot.columns, "another shape")
        (numbers.base + slot.start).update(from: matrix.values, count: matrix.values.count)
    }

    private func matrix(_ slot: MatrixSlot) -> Matrix {
        let values = UnsafeBufferPointer(
            start: numbers.base + slot.start, count: slot.rows * slot.columns)
        return Matrix(rows: slot.rows, columns: slot.columns, values: Array(values))
    }

    /// The largest Frobenius norm of an edge's weights; NaN if a weight is.
    var largestNorm: Double {
        var largest = 0.0
        for slot in weightSlots {
            let (values, count) = (numbers.base + slot.start, slot.rows * slot.columns)
            let norm = cm_dot(count, values, values)
            if !(norm <= largest) { largest = norm }
        }
        return largest.squareRoot()
    }

    /// One step of gradient descent.
    func descend<Stop: Error>(rate: Double, _ look: () throws(Stop) -> Void) throws(Stop) {
        try computeSlopes(look)
        cm_add(parameterCount, rate, slopes, weights)
    }
}
