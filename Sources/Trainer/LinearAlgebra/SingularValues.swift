import CMatrices
import Shared

/// A matrix as U diag(s) V^T, by one-sided Jacobi: slow on large matrices, accurate on small ones,
/// and with the same bits on every host.
struct SingularValueDecomposition {
    /// Descending; as many as the shorter side is long.
    let values: [Double]
    /// One row for each value: the left singular vectors.
    let left: Matrix
    /// One row for each value: the right singular vectors. Zeros where the value is zero.
    let right: Matrix

    /// Pairs of rows count as orthogonal below this cosine.
    private static let tolerance = 0x1p-50
    /// Eight are enough for almost any matrix; a matrix with NaN is never turned at all.
    private static let sweepsMax = 60

    init(_ matrix: Matrix) {
        let isWide = matrix.rows <= matrix.columns
        let (values, turned, other) = Self.decompose(isWide ? matrix : matrix.transposed)
        self.values = values
        (left, right) = isWide ? (turned, other) : (other, turned)
    }

    /// Of a matrix that is no higher than wide: J A has orthogonal rows s_i v_i^T, so that
    /// A = J^T s V^T.
    private static func decompose(_ matrix: Matrix) -> ([Double], Matrix, Matrix) {
        let (count, length) = (matrix.rows, matrix.columns)
        var (a, j) = (matrix.values, Matrix(identity: count).values)
        for _ in 0..<sweepsMax where cm_jacobi_sweep(&a, count, length, &j, tolerance) == 0 {
            break
        }
        let rows = Matrix(rows: count, columns: length, values: a)
        let norms = (0..<count).map { squareRoot(of: rows.row($0)) }
        let order = (0..<count).sorted { norms[$0] == norms[$1] ? $0 < $1 : norms[$0] > norms[$1] }
        let turns = Matrix(rows: count, columns: count, values: j)
        return (
            order.map { norms[$0] },
            Matrix(rows: count, columns: count, values: order.flatMap(turns.row)),
            Matrix(
                rows: count, columns: length,
                values: order.flatMap { index in
                    rows.row(index).map { norms[index] > 0 ? $0 / norms[index] : 0 }
                })
        )
    }

    private static func squareRoot(of row: [Double]) -> Double {
        cm_dot(row.count, row, row).squareRoot()
    }
}

/// The singular values alone, descending.
func singularValues(_ matrix: Matrix) -> [Double] { SingularValueDecomposition(matrix).values }

/// A symmetric matrix as V diag(l) V^T.
struct SymmetricEigenDecomposition {
    /// Descending.
    let values: [Double]
    /// One row for each value, orthonormal.
    let vectors: Matrix

    /// Eigenvectors are the singular vectors of the matrix once it is shifted to be positive
    /// definite, so that eigenvalues of opposite sign are not of one size. Their error is that of
    /// the largest.
    init(_ matrix: Matrix) {
        precondition(matrix.rows == matrix.columns, "only a square matrix is symmetric")
        // A diagonal matrix is its own decomposition, to the last bit.
        let isDiagonal = (0..<matrix.rows).allSatisfy { row in
            (0..<matrix.rows).allSatisfy { row == $0 || matrix[row, $0] == 0 }
        }
        if isDiagonal {
            let diagonal = (0..<matrix.rows).map { matrix[$0, $0] }
            let order = diagonal.indices.sorted {
                diagonal[$0] == diagonal[$1] ? $0 < $1 : diagonal[$0] > diagonal[$1]
            }
            values = order.map { diagonal[$0] }
            let identity = Matrix(identity: matrix.rows)
            vectors = Matrix(
                rows: matrix.rows, columns: matrix.rows, values: order.flatMap(identity.row))
            return
        }
        // No eigenvalue is larger than the largest sum of a row's magnitudes.
        let bound = (0..<matrix.rows).map { matrix.row($0).reduce(0) { $0 + abs($1) } }.max() ?? 0
        var shifted = matrix
        for index in 0..<matrix.rows { shifted[index, index] += 1.25 * bound }
        let decomposition = SingularValueDecomposition(shifted)
        vectors = decomposition.left
        values = (0..<matrix.rows).map { index in
            let vector = decomposition.left.row(index)
            return dot(vector, multiply(matrix, vector))
        }
    }
}
