/// A small dense matrix of float64, rows first.
///
/// Invariant: `values` has rows * columns elements.
public struct Matrix: Hashable, Sendable {
    public let rows: Int
    public let columns: Int
    public var values: [Double]

    /// The number of values must fit: a programmer's duty.
    public init(rows: Int, columns: Int, values: [Double]) {
        precondition(values.count == rows * columns, "\(rows) x \(columns) of \(values.count)")
        self.rows = rows
        self.columns = columns
        self.values = values
    }

    public init(zeros rows: Int, _ columns: Int) {
        self.init(
            rows: rows, columns: columns, values: [Double](repeating: 0, count: rows * columns))
    }

    /// Ones on the diagonal.
    public init(identity size: Int) {
        self.init(zeros: size, size)
        for index in 0..<size { self[index, index] = 1 }
    }

    /// Nil where the rows are of different lengths.
    public init?(_ lists: [[Double]]) {
        let columns = lists.first?.count ?? 0
        guard lists.allSatisfy({ $0.count == columns }) else { return nil }
        self.init(rows: lists.count, columns: columns, values: lists.flatMap { $0 })
    }

    public subscript(row: Int, column: Int) -> Double {
        get { values[row * columns + column] }
        set { values[row * columns + column] = newValue }
    }

    public func row(_ index: Int) -> [Double] {
        Array(values[index * columns..<(index + 1) * columns])
    }

    public func column(_ index: Int) -> [Double] {
        (0..<rows).map { self[$0, index] }
    }

    /// As lists of rows.
    public var lists: [[Double]] { (0..<rows).map(row) }

    public var transposed: Matrix {
        var result = Matrix(zeros: columns, rows)
        for row in 0..<rows {
            for column in 0..<columns { result[column, row] = self[row, column] }
        }
        return result
    }

    /// The rows and columns in two ranges.
    public func block(rows: Range<Int>, columns: Range<Int>) -> Matrix {
        Matrix(
            rows: rows.count, columns: columns.count,
            values: rows.flatMap { row in columns.map { self[row, $0] } })
    }

    /// The sum of the squares of all elements.
    public var squaredNorm: Double { values.reduce(0) { $0 + $1 * $1 } }

    public static func += (left: inout Matrix, right: Matrix) {
        precondition(left.rows == right.rows && left.columns == right.columns, "another shape")
        for index in left.values.indices { left.values[index] += right.values[index] }
    }

    public static func * (factor: Double, matrix: Matrix) -> Matrix {
        Matrix(
            rows: matrix.rows, columns: matrix.columns, values: matrix.values.map { factor * $0 })
    }
}
