import Shared

/// Second moments as those of the fewest examples that have them: X X^T = < x x^T > and
/// Y X^T = < y x^T >. A loss as a sum of squares over these is exact where it is small, which a
/// difference of moments is not.
struct MomentRoots {
    /// (inputs, rank)
    let inputs: Matrix
    /// (outputs, rank)
    let targets: Matrix

    /// Variances below this share of the largest count as none.
    private static let tolerance = 1e-12

    /// Throws where the inputs are none that there can be, or targets go with inputs that do not
    /// vary.
    init(inputInput: Matrix, outputInput: Matrix) throws(TrainingError) {
        let eigen = SymmetricEigenDecomposition(inputInput)
        let largest = max(eigen.values.first ?? 0, 0)
        let size = eigen.values.map(abs).max() ?? 0
        guard eigen.values.allSatisfy({ $0 >= -1e-9 * size }) else {
            throw TrainingError(
                "The correlations are those of no data: some mixture of inputs has a negative "
                    + "variance.")
        }
        let kept = eigen.values.indices.filter { eigen.values[$0] > Self.tolerance * largest }
        var (x, y) = (
            Matrix(zeros: inputInput.rows, kept.count),
            Matrix(zeros: outputInput.rows, kept.count)
        )
        for (column, index) in kept.enumerated() {
            let (vector, root) = (eigen.vectors.row(index), eigen.values[index].squareRoot())
            for row in 0..<x.rows { x[row, column] = root * vector[row] }
            for row in 0..<y.rows { y[row, column] = dot(outputInput.row(row), vector) / root }
        }
        (inputs, targets) = (x, y)
        for index in eigen.values.indices where eigen.values[index] <= Self.tolerance * largest {
            let lost = multiply(outputInput, eigen.vectors.row(index)).map(abs).max() ?? 0
            guard lost <= 1e-6 * max(outputInput.squaredNorm.squareRoot(), 1e-300) else {
                throw TrainingError(
                    "The correlations are those of no data: targets go with an input that does "
                        + "not vary.")
            }
        }
    }
}
