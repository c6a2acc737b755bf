import Testing

@testable import Trainer

@Suite struct ProductsTests {
    private func product(
        _ m: Int, _ k: Int, _ n: Int, turnedA: Bool, turnedB: Bool, _ into: Products.Into
    ) -> Double {
        let a = FloatBuffer(count: m * k)
        let b = FloatBuffer(count: k * n)
        let (fast, slow) = (FloatBuffer(count: m * (n + 3)), FloatBuffer(count: m * (n + 3)))
        for (seed, buffer) in [a, b, fast].enumerated() {
            let values = randomFloats(buffer.count, seed: UInt64(seed))
            for i in values.indices { buffer.base[i] = values[i] }
        }
        for i in 0..<fast.count { slow.base[i] = fast.base[i] }
        let left = Matrix(a.base, rows: m, columns: k, isTransposed: turnedA)
        let right = Matrix(b.base, rows: k, columns: n, isTransposed: turnedB)
        // A stride over the columns: what lies between the rows must stay.
        Products.multiply(
            left, right, into: Matrix(fast.base, rows: m, columns: n, stride: n + 3), into)
        Products.multiplyReference(
            left, right, into: Matrix(slow.base, rows: m, columns: n, stride: n + 3), into)
        return worst(fast.values, slow.values.map(Double.init))
    }

    @Test(arguments: oddSizes)
    func `a product is that of the definition, whatever is transposed`(size: Int) {
        for (turnedA, turnedB) in [(false, false), (false, true), (true, false), (true, true)] {
            for into in [Products.Into.replacing, .adding] {
                #expect(product(size, 5, 3, turnedA: turnedA, turnedB: turnedB, into) < 1e-5)
                #expect(product(3, size, 7, turnedA: turnedA, turnedB: turnedB, into) < 1e-5)
                #expect(product(2, 9, size, turnedA: turnedA, turnedB: turnedB, into) < 1e-5)
            }
        }
    }

    @Test(arguments: oddSizes)
    func `a product of few columns is that of the definition`(size: Int) {
        for into in [Products.Into.replacing, .adding] {
            #expect(product(size, 64 + size, 8, turnedA: false, turnedB: true, into) < 1e-5)
            #expect(product(5, 70, min(size, 16), turnedA: false, turnedB: true, into) < 1e-5)
        }
    }

    @Test func `columns of a matrix are read in place`() {
        let buffer = FloatBuffer(count: 6)
        for i in 0..<6 { buffer.base[i] = Float(i) }
        let matrix = Matrix(buffer.base, rows: 2, columns: 3)
        #expect(matrix.columns(1..<3)[1, 0] == 4)
        #expect(matrix.transposed.columns(1..<2)[2, 0] == 5)
    }
}
