import CMatrices
import Shared

/// Products of small matrices with the same bits on every host.
func dot(_ x: [Double], _ y: [Double]) -> Double {
    precondition(x.count == y.count, "a scalar product of vectors of different lengths")
    return cm_dot(x.count, x, y)
}

func multiply(_ matrix: Matrix, _ vector: [Double]) -> [Double] {
    precondition(matrix.columns == vector.count, "a product that does not fit")
    return (0..<matrix.rows).map { dot(matrix.row($0), vector) }
}

/// a b
func multiply(_ a: Matrix, _ b: Matrix) -> Matrix {
    precondition(a.columns == b.rows, "a product that does not fit")
    var numbers = a.values + b.values
    let start = numbers.count
    numbers += [Double](repeating: 0, count: a.rows * b.columns)
    var operation = cm_operation(
        kind: Int32(CM_ADD_PRODUCT.rawValue), rows: Int32(a.rows), columns: Int32(b.columns),
        inner: Int32(a.columns), c: start, a: 0, b: a.values.count)
    cm_run(&operation, 1, &numbers)
    return Matrix(rows: a.rows, columns: b.columns, values: Array(numbers[start...]))
}

/// Rows that are orthonormal and span what `rows` span, by Gram and Schmidt, twice; nil where they
/// are linearly dependent.
///
/// Source: Giraud, Langou & Rozloznik, "The loss of orthogonality in the Gram-Schmidt
/// orthogonalization process", Computers & Mathematics with Applications 50 (2005): twice is
/// enough.
func orthonormalized(_ rows: Matrix, tolerance: Double = 1e-10) -> Matrix? {
    let length = rows.columns
    var result = rows.values
    var isIndependent = true
    result.withUnsafeMutableBufferPointer { numbers in
        guard let base = numbers.baseAddress else { return }
        for index in 0..<rows.rows {
            let row = base + index * length
            let before = cm_dot(length, row, row)
            for _ in 0..<2 {
                for earlier in 0..<index {
                    let other = base + earlier * length
                    cm_add(length, -cm_dot(length, row, other), other, row)
                }
            }
            let norm = cm_dot(length, row, row).squareRoot()
            if !(norm > tolerance * before.squareRoot()) { isIndependent = false }
            for column in 0..<length { row[column] /= norm }
        }
    }
    guard isIndependent else { return nil }
    return Matrix(rows: rows.rows, columns: length, values: result)
}
