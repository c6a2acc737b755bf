/// A matrix somewhere in memory that another object owns: where it begins, its size, and how far
/// apart its stored rows are. It must not outlive that owner.
struct Matrix {
    let base: UnsafeMutablePointer<Float>
    let rows: Int
    let columns: Int
    /// From a stored row to the next; at least as long as a stored row.
    let stride: Int
    /// Whether the stored rows are this matrix's columns.
    let isTransposed: Bool

    init(
        _ base: UnsafeMutablePointer<Float>, rows: Int, columns: Int, stride: Int? = nil,
        isTransposed: Bool = false
    ) {
        self.base = base
        self.rows = rows
        self.columns = columns
        self.stride = stride ?? (isTransposed ? rows : columns)
        self.isTransposed = isTransposed
    }

    /// The same memory, read the other way.
    var transposed: Matrix {
        Matrix(
            base, rows: columns, columns: rows, stride: stride, isTransposed: !isTransposed)
    }

    /// Some of the columns, in place.
    func columns(_ range: Range<Int>) -> Matrix {
        let start = isTransposed ? range.lowerBound * stride : range.lowerBound
        return Matrix(
            base + start, rows: rows, columns: range.count, stride: stride,
            isTransposed: isTransposed)
    }

    subscript(row: Int, column: Int) -> Float {
        isTransposed ? base[column * stride + row] : base[row * stride + column]
    }
}
