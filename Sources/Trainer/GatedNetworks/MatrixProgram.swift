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

/// Operations on matrices in one array, run in order, with a look around now and then.
struct MatrixProgram {
    private var operations: [cm_operation] = []
    /// Where a look is due: after how many operations.
    private var looks: [Int] = []
    private var work = 0
    private let workMax: Int

    /// - Parameter workMax: multiplications between two looks; unless told otherwise they take some
    ///   hundredths of a second.
    init(workMax: Int = 1 << 24) { self.workMax = workMax }

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

    /// A large product is cut into bands, which changes no bit: of the rows, or where a's rows are
    /// summed over, of these.
    private mutating func append(
        _ kind: cm_kind, _ c: MatrixSlot, _ a: MatrixSlot, _ b: MatrixSlot, inner: Int
    ) {
        let isSummed = kind == CM_ADD_PRODUCT_LEFT_TURNED
        let isProduct = inner > 0
        let length = isSummed ? inner : c.rows
        let each = (isSummed ? c.rows : max(inner, 1)) * c.columns
        let band = isProduct ? max(1, workMax / max(each, 1)) : length
        for start in stride(from: 0, to: length, by: max(band, 1)) {
            let count = min(band, length - start)
            operations.append(
                cm_operation(
                    kind: Int32(kind.rawValue), rows: Int32(isSummed ? c.rows : count),
                    columns: Int32(c.columns), inner: Int32(isSummed ? count : inner),
                    c: isSummed ? c.start : c.start + start * c.columns,
                    a: a.start + start * (isSummed ? c.rows : inner),
                    b: isSummed ? b.start + start * c.columns : b.start))
            work += each * count
            guard work >= workMax else { continue }
            looks.append(operations.count)
            work = 0
        }
    }

    /// - Parameter look: called often in a long program, not at all in a short one. Where it
    ///   throws, the rest is not done.
    func run<Stop: Error>(on numbers: Buffer<Double>, _ look: () throws(Stop) -> Void)
        throws(Stop)
    {
        var start = 0
        for end in looks {
            run(start..<end, on: numbers)
            try look()
            start = end
        }
        run(start..<operations.count, on: numbers)
    }

    private func run(_ part: Range<Int>, on numbers: Buffer<Double>) {
        operations.withUnsafeBufferPointer { operations in
            guard let base = operations.baseAddress else { return }
            cm_run(base + part.lowerBound, part.count, numbers.base)
        }
    }
}
