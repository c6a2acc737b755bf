import CKernels
import Foundation
import Shared
import Testing

@testable import Trainer

/// Lengths around the kernels' vectors and blocks, where loops end.
let oddSizes = [1, 2, 3, 7, 8, 9, 15, 16, 17, 31, 33]

func randomFloats(_ count: Int, seed: UInt64, scale: Double = 1) -> [Float] {
    var random = SeededRandom(seed: seed, purpose: .embeddedData)
    return (0..<count).map { _ in Float((2 * random.uniform() - 1) * scale) }
}

func worst(_ found: [Float], _ wanted: [Double]) -> Double {
    zip(found, wanted).map { abs(Double($0) - $1) }.max() ?? .infinity
}

@Suite struct KernelTests {
    @Test func `exp agrees with a libm to one part in ten million`() {
        let xs = (0...87_200).map { Float(-Double($0) / 1000) }
        var values = xs
        gdln_exp(&values, values.count)
        let errors = zip(xs, values).map { abs(Double($1) / exp(Double($0)) - 1) }
        #expect(errors.max() ?? 1 < 1.0e-7)
    }

    @Test func `exp is one at zero, nothing far below and keeps a NaN`() {
        var values: [Float] = [0, -0.0, -88, -.infinity, .nan]
        gdln_exp(&values, values.count)
        #expect(values[..<4] == [1, 1, 0, 0])
        #expect(values[4].isNaN)
    }

    @Test func `log agrees with a libm`() {
        let xs =
            (1...200_000).map { Float(Double($0) / 3000) } + [1e-30, 1e30, 1, 0.99999, 1.00001]
        var values = xs
        gdln_log(&values, values.count)
        for (x, value) in zip(xs, values) {
            let want = log(Double(x))
            #expect(abs(Double(value) - want) <= max(1.5e-7 * abs(want), 1e-7), "log \(x)")
        }
        var strange: [Float] = [1, .nan]
        gdln_log(&strange, 2)
        #expect(strange[0] == 0 && strange[1].isNaN)
    }

    @Test(arguments: oddSizes, [2, 10])
    func `the softmax's gradient is that of the definition`(columns: Int, classes: Int) {
        for size in [columns, columns + 64] {
            let logits = randomFloats(classes * size, seed: 1, scale: 6)
            let labels = (0..<size).map { Int32($0 * 7 % classes) }
            let scale = (0..<size).map { Float($0 % 3 == 1 ? 0 : 0.25) }
            var gradient = logits
            let loss = gdln_softmax_gradient(&gradient, classes, size, labels, scale)
            let want = KernelTwins.softmaxGradient(logits, labels: labels, scale: scale)
            #expect(worst(gradient, want.gradient) < 1e-7)
            #expect(abs(loss - want.loss) <= 2e-6 * Double(size))
            for i in 0..<size where scale[i] == 0 {
                #expect((0..<classes).allSatisfy { gradient[$0 * size + i] == 0 })
            }
        }
    }

    @Test(arguments: oddSizes)
    func `losses and hits are those of the definition`(columns: Int) {
        let logits = randomFloats(10 * columns, seed: 2, scale: 9).map { ($0 * 2).rounded() / 2 }
        let labels = (0..<columns).map { Int32($0 % 10) }
        var losses = [Float](repeating: 0, count: columns)
        var hits = [Int32](repeating: 7, count: columns)
        gdln_softmax_losses(logits, 10, columns, labels, &losses, &hits)
        let want = KernelTwins.softmaxLosses(logits, labels: labels)
        #expect(worst(losses, want.map(\.loss)) < 4e-6)
        #expect(hits.map { $0 == 1 } == want.map(\.hit))
    }

    @Test func `of equal logits the first class is the answer`() {
        var losses: [Float] = [0, 0]
        var hits: [Int32] = [9, 9]
        // Two columns: classes 0 and 1 equal; classes 1 and 2 equal and largest.
        gdln_softmax_losses([1, 0, 1, 3, 0, 3], 3, 2, [0, 1], &losses, &hits)
        #expect(hits == [1, 1])
        gdln_softmax_losses([1, 0, 1, 3, 0, 3], 3, 2, [1, 2], &losses, &hits)
        #expect(hits == [0, 0])
    }

    @Test func `a logit that is no number makes a loss that is none`() {
        var losses: [Float] = [0, 0, 0]
        var hits: [Int32] = [9, 9, 9]
        gdln_softmax_losses(
            [.nan, 0, .infinity, 1, .nan, 1], 2, 3, [0, 0, 0], &losses, &hits)
        #expect(losses.allSatisfy { $0.isNaN })
        var logits: [Float] = [.nan, 0, 1, 1]
        let loss = gdln_softmax_gradient(&logits, 2, 2, [0, 0], [0, 1])
        #expect(loss.isFinite && logits[0] == 0 && logits[2] == 0)
    }

    @Test(arguments: oddSizes)
    func `rows are summed and filled`(columns: Int) {
        let values = randomFloats(3 * columns, seed: 3)
        var sums: [Float] = [0, 0, 0]
        gdln_row_sums(&sums, values, 3, columns, columns)
        #expect(worst(sums, KernelTwins.rowSums(values, columns: columns)) < 1e-5)
        var filled = [Float](repeating: 9, count: 2 * (columns + 1))
        gdln_fill_rows(&filled, [1, 2], 2, columns, columns + 1)
        let row = [Float](repeating: 1, count: columns) + [9]
        #expect(filled == row + row.map { $0 == 1 ? 2 : 9 })
    }

    @Test(arguments: oddSizes)
    func `ReLU closes what is negative and keeps a NaN`(count: Int) {
        let values = randomFloats(count, seed: 4) + [.nan]
        var closed = values
        gdln_relu(&closed, count + 1)
        #expect(closed.dropLast() == values.dropLast().map { max($0, 0) }[...])
        #expect(closed[count].isNaN)
        var gradient = [Float](repeating: 5, count: count)
        gdln_relu_gradient(&gradient, closed, count)
        #expect(gradient == values.dropLast().map { $0 > 0 ? 5 : 0 })
    }

    @Test func `columns are gathered, added back and repeated`() {
        let values = (0..<12).map(Float.init)  // (2, 3 blocks of 2)
        var out = [Float](repeating: 0, count: 8)
        gdln_gather_blocks(&out, values, 2, 6, [2, 0], 2, 2)
        #expect(out == [4, 5, 0, 1, 10, 11, 6, 7])
        var sums = values
        gdln_scatter_blocks(&sums, out, 2, 6, [2, 0], 2, 2)
        #expect(sums == [0, 2, 2, 3, 8, 10, 12, 14, 8, 9, 20, 22])
        var gathered: [Float] = [0, 0, 0]
        gdln_gather(&gathered, values, [11, 0, 5], 3)
        #expect(gathered == [11, 0, 5])
        var each: [Float] = [0, 0, 0, 0]
        gdln_repeat_each(&each, [1, 2], 2, 2)
        #expect(each == [1, 1, 2, 2])
        var all: [Int32] = [0, 0, 0, 0]
        gdln_repeat_all(&all, [1, 2], 2, 2)
        #expect(all == [1, 2, 1, 2])
    }
}
