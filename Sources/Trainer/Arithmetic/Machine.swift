import CKernels
import FoundationEssentials
import Shared

/// What a training computes with: one kind of kernels, and threads. Neither changes a bit of what
/// comes out.
final class Machine {
    /// Lives as long as the program.
    let kernels: UnsafePointer<gdln_kernels>
    let crew: Crew

    /// - Parameter kernels: a name; nil: the fastest that this processor has.
    /// - Parameter active: how many of the threads work at first; nil: all.
    /// Throws where there are no such kernels here, or no such threads.
    init(kernels name: String? = Machine.forcedKernels, threads: Int, active: Int? = nil)
        throws(TrainingError)
    {
        if let name {
            guard let found = gdln_kernels_named(name) else {
                throw TrainingError(
                    "GDLN_KERNELS is '\(name)'; this processor has "
                        + Self.kernelNames.joined(separator: ", ") + ".")
            }
            kernels = found
        } else {
            kernels = gdln_kernels_best()
        }
        crew = try Crew(threads: threads, active: active)
    }

    /// What a person forces by the environment, for comparisons.
    static var forcedKernels: String? { EnvironmentVariables.current["GDLN_KERNELS"] }

    /// The kernels that this processor has, fastest first.
    static var kernelNames: [String] {
        sequence(first: 0) { $0 + 1 }.lazy
            .map { index in gdln_kernels_name(index).map { String(cString: $0) } }
            .prefix { $0 != nil }.compactMap { $0 }
            .filter { gdln_kernels_named($0) != nil }
    }

    var kernelName: String { String(cString: kernels.pointee.name) }
}

// MARK: - Products

extension Machine {
    /// What the chains of a product begin with.
    enum Start {
        case zero
        /// What stands in the output.
        case old
        /// A number for each column, or for each row.
        case columns(UnsafeMutablePointer<Float>)
        case rows(UnsafeMutablePointer<Float>)
    }

    /// a (m, k) times b (k, n) into out (m, n), which overlaps neither. Each element is one chain
    /// of fused multiply-adds in ascending k, whatever the kernels.
    func multiply(_ a: Panels, _ b: Panels, into out: Panels, from start: Start) {
        assert(a.columns == b.rows && a.rows == out.rows && b.panelCount == out.panelCount)
        multiply(a, turned: 0, m: a.rows, k: a.columns, b, out, start)
    }

    /// The same with the transpose of `a`, which begins on a panel.
    func multiply(transposed a: Panels, _ b: Panels, into out: Panels, from start: Start) {
        assert(a.rows == b.rows && a.columns == out.rows && b.panelCount == out.panelCount)
        multiply(a, turned: 1, m: a.columns, k: a.rows, b, out, start)
    }

    private func multiply(
        _ a: Panels, turned: Int, m: Int, k: Int, _ b: Panels, _ out: Panels, _ start: Start
    ) {
        let (begin, numbers): (gdln_start, UnsafeMutablePointer<Float>?) =
            switch start {
            case .zero: (GDLN_ZERO, nil)
            case .old: (GDLN_OLD, nil)
            case .columns(let numbers): (GDLN_COLUMN, numbers)
            case .rows(let numbers): (GDLN_ROW, numbers)
            }
        var product = gdln_product(
            m: m, k: k, panels: out.panelCount, a: a.base, aPanel: a.panel, aTurned: turned,
            b: b.base, bPanel: b.panel, out: out.base, outPanel: out.panel,
            begin: Int(begin.rawValue), start: numbers)
        kernels.pointee.product(&product)
    }

    /// The transpose of `matrix`, counted in whole panels both ways, into `out`.
    func transpose(_ matrix: Panels, into out: Panels) {
        kernels.pointee.turn(
            out.base, out.panel, matrix.base, matrix.panel,
            Panels.padded(matrix.rows) / Panels.width,
            matrix.panelCount)
    }

    /// out[c] = the sum of column c.
    func columnSums(_ matrix: Panels, into out: UnsafeMutablePointer<Float>) {
        kernels.pointee.columnSums(
            out, matrix.base, matrix.panel, matrix.rows, matrix.panelCount)
    }

    /// out[r] = the sum of row r, over whole panels.
    func rowSums(_ matrix: Panels, into out: UnsafeMutablePointer<Float>) {
        kernels.pointee.rowSums(out, matrix.base, matrix.panel, matrix.rows, matrix.panelCount)
    }

    func copy(_ matrix: Panels, into out: Panels) {
        gdln_copy_rows(
            out.base, out.panel, matrix.base, matrix.panel, matrix.rows, matrix.panelCount)
    }

    func clear(_ matrix: Panels) {
        gdln_clear_rows(matrix.base, matrix.panel, matrix.rows, matrix.panelCount)
    }

    func relu(_ matrix: Panels) {
        for p in 0..<matrix.panelCount {
            kernels.pointee.relu(matrix.base + p * matrix.panel, matrix.rows * Panels.width)
        }
    }

    /// Clears `gradient` where `activation` is not above zero.
    func reluGradient(_ gradient: Panels, _ activation: Panels) {
        for p in 0..<gradient.panelCount {
            kernels.pointee.reluGradient(
                gradient.base + p * gradient.panel, activation.base + p * activation.panel,
                gradient.rows * Panels.width)
        }
    }
}
