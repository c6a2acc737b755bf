import CKernels
import Foundation
import Shared
import TestSupport
import Testing

@testable import Trainer

/// Lengths around the kernels' vectors and tiles, where loops end.
let oddSizes = [1, 2, 3, 7, 8, 9, 15, 16, 17, 31, 33]

func randomFloats(_ count: Int, seed: UInt64, scale: Double = 1) -> [Float] {
    var random = SeededRandom(seed: seed, purpose: .embeddedData)
    return (0..<count).map { _ in Float((2 * random.uniform() - 1) * scale) }
}

/// A matrix in panels and its memory, filled with numbers of a seed, also where no element stands.
struct OwnedPanels {
    let buffer: FloatBuffer
    let panels: Panels

    init(_ rows: Int, _ columns: Int, seed: UInt64, scale: Double = 1) {
        let panel = (rows + 1) * Panels.width
        buffer = FloatBuffer(count: Panels.padded(columns) / Panels.width * panel)
        for (i, value) in randomFloats(buffer.count, seed: seed, scale: scale).enumerated() {
            buffer.base[i] = value
        }
        panels = Panels(buffer.base, rows: rows, columns: columns, panel: panel)
    }

    /// As (rows, columns), row by row.
    var values: [Float] {
        (0..<panels.rows).flatMap { r in (0..<panels.columns).map { panels[r, $0] } }
    }
}

/// All kinds of kernels that this processor has: each test runs with each, and wants the same bits.
@Suite struct KernelTests {
    private func machines() throws -> [Machine] {
        try Machine.kernelNames.map { try Machine(kernels: $0, threads: 1) }
    }

    @Test func `there are the portable kernels and no unknown ones`() throws {
        #expect(Machine.kernelNames.last == "portable")
        for name in Machine.kernelNames {
            #expect(try Machine(kernels: name, threads: 1).kernelName == name)
        }
        let error = try #require(throws: TrainingError.self) {
            try Machine(kernels: "sse9", threads: 1)
        }
        #expect(error.description.hasPrefix("GDLN_KERNELS is 'sse9'; this processor has "))
    }

    // MARK: Products

    private func product(
        _ machine: Machine, _ m: Int, _ k: Int, _ n: Int, turned: Bool, start: Int, scale: Double
    ) -> (found: [Float], wanted: [Float]) {
        let a = OwnedPanels(turned ? k : m, turned ? m : k, seed: 1, scale: scale)
        let b = OwnedPanels(k, n, seed: 2, scale: scale)
        let out = OwnedPanels(m, n, seed: 3, scale: scale * scale)
        let width = max(m, n) + Panels.width
        let numbers = OwnedPanels(1, width, seed: 4, scale: scale * scale).buffer
        let old = out.values
        let from: Machine.Start =
            [.zero, .old, .columns(numbers.base), .rows(numbers.base)][start]
        let wanted = KernelTwins.product(m, k, n) { row, column in
            [0, old[row * n + column], numbers.base[column], numbers.base[row]][start]
        } left: {
            turned ? a.panels[$1, $0] : a.panels[$0, $1]
        } right: {
            b.panels[$0, $1]
        }
        if turned {
            machine.multiply(transposed: a.panels, b.panels, into: out.panels, from: from)
        } else {
            machine.multiply(a.panels, b.panels, into: out.panels, from: from)
        }
        return (out.values, wanted)
    }

    /// At the second scale factors are normal, and products and sums subnormal.
    @Test(arguments: oddSizes + [50, 64, 130, 260], [1, 1e-20])
    func `a product is the chain of its definition, bit for bit`(size: Int, scale: Double) throws {
        for machine in try machines() {
            for (m, k, n) in [(size, 5, 3), (3, size, 17), (2, 9, size), (9, 33, size)] {
                for start in 0..<4 {
                    for turned in [false, true] {
                        let (found, wanted) = product(
                            machine, m, k, n, turned: turned, start: start, scale: scale)
                        expectSameBits(
                            found, wanted, "\(machine.kernelName) \(m) \(k) \(n) \(start)")
                    }
                }
            }
        }
    }

    @Test(arguments: [(16, 16), (16, 48), (64, 32)])
    func `a transpose is one`(size: (rows: Int, columns: Int)) throws {
        for machine in try machines() {
            let matrix = OwnedPanels(size.rows, size.columns, seed: 1)
            let out = OwnedPanels(size.columns, size.rows, seed: 2)
            machine.transpose(matrix.panels, into: out.panels)
            for r in 0..<size.rows {
                for c in 0..<size.columns { #expect(out.panels[c, r] == matrix.panels[r, c]) }
            }
        }
    }

    @Test(arguments: oddSizes)
    func `rows and columns are summed, and rows added to`(size: Int) throws {
        for machine in try machines() {
            let matrix = OwnedPanels(size, 48, seed: 1)
            var (columns, rows) = (
                [Float](repeating: 0, count: 48), [Float](repeating: 0, count: size)
            )
            machine.columnSums(matrix.panels, into: &columns)
            machine.rowSums(matrix.panels, into: &rows)
            let values = matrix.values
            expectSameBits(columns, KernelTwins.columnSums(values, columns: 48))
            expectSameBits(rows, KernelTwins.rowSums(values, columns: 48))
            let out = OwnedPanels(size, 48, seed: 2)
            machine.kernels.pointee.addToRows(
                out.panels.base, out.panels.panel, matrix.panels.base, matrix.panels.panel,
                columns, size, 3)
            expectSameBits(out.values, values.indices.map { values[$0] + columns[$0 % 48] })
        }
    }

    // MARK: exp, log and softmax

    @Test func `exp agrees with a libm to one part in ten million`() throws {
        let xs = (0...87_200).map { Float(-Double($0) / 1000) }
        for machine in try machines() {
            var values = xs
            machine.kernels.pointee.exp(&values, values.count)
            expectClose(values, xs.map { Foundation.exp(Double($0)) }, relative: 1e-7)
            var strange: [Float] = [0, -0.0, -88, -.infinity, .nan]
            machine.kernels.pointee.exp(&strange, strange.count)
            #expect(strange[..<4] == [1, 1, 0, 0])
            #expect(strange[4].isNaN)
        }
    }

    @Test func `log agrees with a libm`() throws {
        let xs =
            (1...200_000).map { Float(Double($0) / 3000) } + [1e-30, 1e30, 1, 0.99999, 1.00001]
        for machine in try machines() {
            var values = xs
            machine.kernels.pointee.log(&values, values.count)
            expectClose(
                values, xs.map { Foundation.log(Double($0)) }, absolute: 1e-7, relative: 1.5e-7)
            var strange: [Float] = [1, .nan]
            machine.kernels.pointee.log(&strange, 2)
            #expect(strange[0] == 0 && strange[1].isNaN)
        }
    }

    @Test(arguments: [1, 2, 3, 10, 17])
    func `the softmax's gradient is that of the definition`(classes: Int) throws {
        let logits = randomFloats(classes * 16, seed: 1, scale: 6)
        let labels = (0..<16).map { Int32($0 * 7 % classes) }
        let scale = (0..<16).map { $0 % 3 == 1 ? 0 : Float($0 + 1) / 64 }
        let want = KernelTwins.softmaxGradient(logits, labels: labels, scale: scale)
        var all: Set<[UInt32]> = []
        for machine in try machines() {
            var (gradient, losses) = (logits, [Double](repeating: 0, count: 16))
            machine.kernels.pointee.softmaxGradient(&gradient, classes, labels, scale, &losses)
            expectClose(gradient, want.gradient, absolute: 1e-7)
            expectClose(losses.reduce(0, +), want.loss, absolute: 3e-5)
            for i in 0..<16 where scale[i] == 0 {
                #expect((0..<classes).allSatisfy { gradient[$0 * 16 + i] == 0 } && losses[i] == 0)
            }
            all.insert(gradient.map(\.bitPattern) + losses.map { Float($0).bitPattern })
        }
        #expect(all.count == 1)
    }

    @Test(arguments: [1, 5, 15, 16])
    func `losses and hits are those of the definition`(columns: Int) throws {
        let logits = randomFloats(10 * 16, seed: 2, scale: 9).map { ($0 * 2).rounded() / 2 }
        let labels = (0..<16).map { Int32($0 % 10) }
        let want = KernelTwins.softmaxLosses(logits, labels: labels)
        for machine in try machines() {
            var losses = [Double](repeating: 0, count: 16)
            var hits = [Int32](repeating: 7, count: 16)
            machine.kernels.pointee.softmaxLosses(logits, 10, labels, columns, &losses, &hits)
            for i in 0..<16 {
                expectClose(losses[i], i < columns ? want[i].loss : 0, absolute: 4e-6)
                #expect(hits[i] == 7 + (i < columns && want[i].hit ? 1 : 0))
            }
        }
    }

    @Test func `a logit that is no number makes a loss that is none`() throws {
        for machine in try machines() {
            var logits = [Float](repeating: 0, count: 32)
            (logits[0], logits[1], logits[2]) = (.nan, .infinity, .nan)
            var (losses, hits) = (
                [Double](repeating: 0, count: 16), [Int32](repeating: 0, count: 16)
            )
            let labels = [Int32](repeating: 0, count: 16)
            machine.kernels.pointee.softmaxLosses(logits, 2, labels, 16, &losses, &hits)
            #expect(losses[..<3].allSatisfy(\.isNaN) && losses[3].isFinite && hits[3] == 1)
            var share = [Float](repeating: 1, count: 16)
            (share[0], share[1], share[2]) = (0, 0, 0)
            losses = [Double](repeating: 0, count: 16)
            machine.kernels.pointee.softmaxGradient(&logits, 2, labels, share, &losses)
            #expect(losses.allSatisfy(\.isFinite) && logits[0] == 0 && logits[17] == 0)
        }
    }

    // MARK: Elementwise

    @Test(arguments: oddSizes)
    func `ReLU closes what is negative and keeps a NaN`(count: Int) throws {
        for machine in try machines() {
            let values = randomFloats(count, seed: 4) + [.nan]
            var closed = values
            machine.kernels.pointee.relu(&closed, count + 1)
            #expect(closed.dropLast() == values.dropLast().map { max($0, 0) }[...])
            #expect(closed[count].isNaN)
            var gradient = [Float](repeating: 5, count: count)
            machine.kernels.pointee.reluGradient(&gradient, closed, count)
            #expect(gradient == values.dropLast().map { $0 > 0 ? 5 : 0 })
        }
    }
}
