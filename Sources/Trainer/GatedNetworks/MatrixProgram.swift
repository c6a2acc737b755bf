import CMatrices
import Shared

/// A matrix's place among the numbers of a program.
struct MatrixSlot {
    let start: Int
    let rows: Int
    let columns: Int
}

/// Matrices side by side in one array, as they are laid out before the array is made.
struct MatrixLayout {
    private(set) var numbers: [Double] = []

    /// A new matrix: zeros, or what is given.
    mutating func add(_ rows: Int, _ columns: Int, _ values: [Double]? = nil)
        throws(TrainingError) -> MatrixSlot
    {
        let slot = MatrixSlot(start: numbers.count, rows: rows, columns: columns)
        guard numbers.count + rows * columns <= Limits.gatedNumbersMax else {
            throw TrainingError(
                "The network's training would keep more than \(Limits.gatedNumbersMax) numbers.")
        }
        numbers += values ?? [Double](repeating: 0, count: rows * columns)
        return slot
    }

    mutating func add(_ matrix: Matrix) throws(TrainingError) -> MatrixSlot {
        try add(matrix.rows, matrix.columns, matrix.values)
    }
}

/// Operations on matrices in one array, run in order with a single call.
struct MatrixProgram {
    private var operations: [cm_operation] = []

    mutating func clear(_ c: MatrixSlot) { append(CM_CLEAR, c, c, c, inner: 0) }

    mutating func copy(_ a: MatrixSlot, to c: MatrixSlot) { append(CM_COPY, c, a, a, inner: 0) }

    mutating func add(_ a: MatrixSlot, to c: MatrixSlot) { append(CM_ADD, c, a, a, inner: 0) }

    /// c += a b
    mutating func add(_ a: MatrixSlot, times b: MatrixSlot, to c: MatrixSlot) {
        append(CM_ADD_PRODUCT, c, a, b, inner: a.columns)
    }

    /// c -= a b
    mutating func subtract(_ a: MatrixSlot, times b: MatrixSlot, from c: MatrixSlot) {
        append(CM_SUBTRACT_PRODUCT, c, a, b, inner: a.columns)
    }

    /// c += a^T b
    mutating func add(turned a: MatrixSlot, times b: MatrixSlot, to c: MatrixSlot) {
        append(CM_ADD_PRODUCT_LEFT_TURNED, c, a, b, inner: a.rows)
    }

    /// c += a b^T
    mutating func add(_ a: MatrixSlot, timesTurned b: MatrixSlot, to c: MatrixSlot) {
        append(CM_ADD_PRODUCT_RIGHT_TURNED, c, a, b, inner: a.columns)
    }

    private mutating func append(
        _ kind: cm_kind, _ c: MatrixSlot, _ a: MatrixSlot, _ b: MatrixSlot, inner: Int
    ) {
        operations.append(
            cm_operation(
                kind: Int32(kind.rawValue), rows: Int32(c.rows), columns: Int32(c.columns),
                inner: Int32(inner), c: c.start, a: a.start, b: b.start))
    }

    func run(on numbers: Buffer<Double>) {
        operations.withUnsafeBufferPointer { operations in
            guard let base = operations.baseAddress else { return }
            cm_run(base, operations.count, numbers.base)
        }
    }
}
