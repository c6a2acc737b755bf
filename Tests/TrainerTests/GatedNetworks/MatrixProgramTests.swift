import Shared
import Testing

@testable import Trainer

/// A program that is looked at often gives the bits of one that is run in one go.
@Suite struct MatrixProgramTests {
    /// One of each product, on matrices that no band divides; what it leaves of all numbers.
    private static func result(workMax: Int, look: () throws -> Void = {}) throws -> [Double] {
        var (layout, random) = (MatrixLayout(), SeededRandom(seed: 3, purpose: .weights))
        func matrix(_ rows: Int, _ columns: Int) throws -> MatrixSlot {
            try layout.add(
                rows, columns, (0..<rows * columns).map { _ in Double(random.below(1_000)) / 7 })
        }
        var program = MatrixProgram(workMax: workMax)
        let (a, b) = (try matrix(7, 9), try matrix(9, 5))
        program.add(a, times: b, to: try matrix(7, 5))
        program.subtract(a, times: b, from: try matrix(7, 5))
        program.add(turned: try matrix(9, 7), times: b, to: try matrix(7, 5))
        program.add(a, timesTurned: try matrix(5, 9), to: try matrix(7, 5))
        let sum = try matrix(7, 5)
        program.copy(try matrix(7, 5), to: sum)
        program.add(try matrix(7, 5), to: sum)
        program.clear(try matrix(7, 5))
        let numbers = Buffer<Double>(count: layout.numbers.count)
        numbers.base.update(from: layout.numbers, count: layout.numbers.count)
        try program.run(on: numbers, look)
        return layout.numbers.indices.map { numbers.base[$0] }
    }

    @Test(arguments: [1, 45, 100, 1_000])
    func `bands change no bit, and are looked at between`(workMax: Int) throws {
        var looks = 0
        let whole = try Self.result(workMax: .max) { looks += 1 }
        #expect(looks == 0)
        #expect(try Self.result(workMax: workMax) { looks += 1 } == whole)
        // Four products of 315 multiplications each.
        #expect(looks >= min(7 * 4, 4 * 315 / max(workMax + 45, 1)))
    }

    @Test func `what a look throws ends the program`() {
        var looks = 0
        #expect(throws: TrainingStopped.self) {
            _ = try Self.result(workMax: 1) {
                looks += 1
                throw TrainingStopped()
            }
        }
        #expect(looks == 1)
    }
}
