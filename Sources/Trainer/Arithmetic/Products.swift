import CBLAS
import CKernels

/// Matrix products, all that the trainer takes. This is the one file that knows whose they are: our
/// own kernel's where a large matrix meets a few examples, else a system BLAS's, on one thread. A
/// BLAS's last bits depend on the processor.
enum Products {
    /// Evaluated once, before the first product: how many threads a training has is the caller's
    /// affair, and BLAS's own would get in its way.
    private static let oneThread: Void = openblas_set_num_threads(1)

    enum Into {
        /// out = a b
        case replacing
        /// out = out + a b
        case adding
    }

    /// a (m, k) times b (k, n) into out (m, n). `out` is not transposed and overlaps neither.
    static func multiply(_ a: Matrix, _ b: Matrix, into out: Matrix, _ into: Into) {
        assert(a.columns == b.rows && a.rows == out.rows && b.columns == out.columns)
        assert(!out.isTransposed)
        if isNarrow(a, b) {
            if into == .replacing { clear(out) }
            gdln_add_narrow_product(
                a.base, a.rows, a.stride, b.base, b.columns, b.stride, a.columns, out.base,
                out.stride)
            return
        }
        _ = oneThread
        cblas_sgemm(
            CblasRowMajor, a.isTransposed ? CblasTrans : CblasNoTrans,
            b.isTransposed ? CblasTrans : CblasNoTrans,
            Int32(a.rows), Int32(b.columns), Int32(a.columns),
            1, a.base, Int32(a.stride), b.base, Int32(b.stride),
            into == .adding ? 1 : 0, out.base, Int32(out.stride))
    }

    /// Few columns, and both matrices stored along the summed index. From about 16 columns on it
    /// pays that a BLAS packs its matrices.
    private static func isNarrow(_ a: Matrix, _ b: Matrix) -> Bool {
        !a.isTransposed && b.isTransposed && b.columns <= 16 && a.columns >= 64
    }

    private static func clear(_ out: Matrix) {
        for row in 0..<out.rows {
            (out.base + row * out.stride).update(repeating: 0, count: out.columns)
        }
    }

    /// The same by the definition, summed in double. Slow; the oracle for `multiply`.
    static func multiplyReference(_ a: Matrix, _ b: Matrix, into out: Matrix, _ into: Into) {
        for row in 0..<a.rows {
            for column in 0..<b.columns {
                var sum = into == .adding ? Double(out[row, column]) : 0
                for k in 0..<a.columns { sum += Double(a[row, k]) * Double(b[k, column]) }
                out.base[row * out.stride + column] = Float(sum)
            }
        }
    }
}
