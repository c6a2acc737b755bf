import CMatrices
import Shared
import TestSupport
import Testing

@testable import Trainer

@Suite struct LinearAlgebraTests {
    private func random(_ rows: Int, _ columns: Int, seed: UInt64, scale: Double = 1) -> Matrix {
        var random = SeededRandom(seed: seed, purpose: .embeddedData)
        return Matrix(
            rows: rows, columns: columns,
            values: (0..<rows * columns).map { _ in scale * (2 * random.uniform() - 1) })
    }

    private func expectMatrix(
        _ found: Matrix, _ wanted: Matrix, absolute: Double,
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        #expect(
            found.rows == wanted.rows && found.columns == wanted.columns,
            sourceLocation: sourceLocation)
        expectClose(
            found.values, wanted.values, absolute: absolute, sourceLocation: sourceLocation)
    }

    static let shapes = [(1, 1), (3, 5), (5, 3), (8, 8), (17, 40), (33, 9), (64, 64)]

    @Test(arguments: shapes)
    func `singular vectors are orthonormal and give the matrix back`(rows: Int, columns: Int) {
        let matrix = random(rows, columns, seed: UInt64(rows * 100 + columns))
        let found = SingularValueDecomposition(matrix)
        let count = min(rows, columns)
        #expect(found.values.count == count && found.values == found.values.sorted(by: >))
        for vectors in [found.left, found.right] {
            let products = multiply(vectors, vectors.transposed)
            expectMatrix(products, Matrix(identity: count), absolute: 1e-13)
        }
        var scaled = found.right
        for row in 0..<count {
            for column in 0..<columns { scaled[row, column] *= found.values[row] }
        }
        expectMatrix(multiply(found.left.transposed, scaled), matrix, absolute: 1e-13)
    }

    /// numpy.linalg.svd and numpy.linalg.eigh, NumPy 2.4.6.
    @Test func `values are those of another implementation`() throws {
        let matrix = try #require(
            Matrix([[6, 4, 0, 3, 0, 0, 0], [6, 4, 0, 0, 3, 0, 0], [6, 0, 4, 0, 0, 3, 0]]))
        let singular = [12.006932318949158, 5.462012109852393, 3.0]
        expectClose(singularValues(matrix), singular, absolute: 1e-12)
        let symmetric = try #require(Matrix([[2, -1, 0], [-1, -2, 0.5], [0, 0.5, 1]]))
        let wanted = [2.24711765581152, 1.0606043199545867, -2.307721975766106]
        expectClose(SymmetricEigenDecomposition(symmetric).values, wanted, absolute: 1e-12)
    }

    @Test(arguments: [1, 2, 7, 30])
    func `eigenvectors are orthonormal and diagonal, whatever the signs`(size: Int) {
        let half = random(size, size, seed: UInt64(size))
        var matrix = half
        matrix += half.transposed
        let found = SymmetricEigenDecomposition(matrix)
        let products = multiply(found.vectors, found.vectors.transposed)
        expectMatrix(products, Matrix(identity: size), absolute: 1e-13)
        for index in 0..<size {
            let vector = found.vectors.row(index)
            expectClose(
                multiply(matrix, vector), vector.map { found.values[index] * $0 }, absolute: 1e-12)
        }
        #expect(size == 1 || (found.values.first ?? 0) > 0 && (found.values.last ?? 0) < 0)
    }

    @Test func `zero, diagonal and rank one matrices are decomposed`() {
        #expect(singularValues(Matrix(zeros: 3, 4)) == [0, 0, 0])
        var one = Matrix(zeros: 3, 3)
        one[1, 2] = -4
        #expect(singularValues(one) == [4, 0, 0])
        var diagonal = Matrix(identity: 3)
        (diagonal[0, 0], diagonal[2, 2]) = (-3, 5)
        #expect(SymmetricEigenDecomposition(diagonal).values == [5, 1, -3])
        #expect(singularValues(Matrix(rows: 1, columns: 2, values: [.nan, 1]))[0].isNaN)
    }

    @Test func `rows are made orthonormal, or found dependent`() throws {
        let rows = random(20, 64, seed: 5)
        let found = try #require(orthonormalized(rows))
        expectMatrix(
            multiply(found, found.transposed), Matrix(identity: 20), absolute: 1e-14)
        // The same span: what is projected on it stays.
        let back = multiply(multiply(rows, found.transposed), found)
        expectMatrix(back, rows, absolute: 1e-13)
        var dependent = rows.values
        dependent.replaceSubrange(64..<128, with: dependent[0..<64].map { 2 * $0 })
        #expect(orthonormalized(Matrix(rows: 20, columns: 64, values: dependent)) == nil)
    }

    /// Each element is one chain of fused multiply-adds: the bits of the definition, whichever kind
    /// of processor the loops were compiled for. At the second scale factors are normal, and
    /// products and sums subnormal.
    @Test(
        arguments: [(1, 1, 1), (3, 9, 4), (8, 16, 8), (13, 21, 17), (2, 40, 33)], [1, 1e-157])
    func `products are chains in ascending order, to the last bit`(
        _ size: (m: Int, n: Int, k: Int), scale: Double
    ) {
        let (m, n, k) = size
        let (a, b) = (random(m, k, seed: 1, scale: scale), random(k, n, seed: 2, scale: scale))
        let c = random(m, n, seed: 3, scale: scale * scale)
        func chain(sign: Double) -> [Double] {
            (0..<m * n).map { index in
                (0..<k).reduce(c.values[index]) { sum, step in
                    sum.addingProduct(sign * a[index / n, step], b[step, index % n])
                }
            }
        }
        let runs: [(cm_kind, Matrix, Matrix, Double)] = [
            (CM_ADD_PRODUCT, a, b, 1), (CM_SUBTRACT_PRODUCT, a, b, -1),
            (CM_ADD_PRODUCT_LEFT_TURNED, a.transposed, b, 1),
            (CM_ADD_PRODUCT_RIGHT_TURNED, a, b.transposed, 1),
        ]
        for (kind, left, right, sign) in runs {
            var numbers = c.values + left.values + right.values
            var operation = cm_operation(
                kind: Int32(kind.rawValue), rows: Int32(m), columns: Int32(n), inner: Int32(k),
                c: 0, a: m * n, b: m * n + left.values.count)
            cm_run(&operation, 1, &numbers)
            expectSameBits(numbers[..<(m * n)], chain(sign: sign), "\(kind)")
        }
    }
}
