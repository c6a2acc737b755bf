import Foundation
import Shared
import TestSupport
import Testing

@testable import Trainer

@Suite struct RandomTests {
    @Test func `permutations are NumPy's`() throws {
        let file = try Data(contentsOf: Fixtures.directory("transforms/transforms.safetensors"))
        let tensors = try RawTensors(file)
        let wanted = try tensors.int32("permutations")
        #expect(wanted.count == 12 * 784)
        for seed in 0..<12 {
            var random = NumPyRandom(seed: UInt64(seed))
            #expect(random.permutation(784) == Array(wanted[seed * 784..<(seed + 1) * 784]))
        }
    }

    /// Made by `numpy.random.default_rng(seed).permutation(count)`, NumPy 2.4.6.
    static let numPys: [(seed: UInt64, permutation: [Int])] = [
        (3, [9, 6, 0, 2, 1, 4, 7, 5, 3, 8]),
        (
            99,
            [
                5, 15, 17, 22, 18, 26, 9, 28, 4, 31, 0, 23, 16, 8, 32, 21, 2, 24, 14, 12, 30, 11, 3,
                20, 19, 27, 6, 1, 10, 29, 7, 13, 25,
            ]
        ),
        (4_000_000_000, [5, 1, 2, 0, 6, 4, 3]), (0, [0]), (2, [0, 1]), (1, []),
    ]

    @Test func `permutations of other lengths are NumPy's`() {
        for (seed, wanted) in Self.numPys {
            var random = NumPyRandom(seed: seed)
            #expect(random.permutation(wanted.count) == wanted, "seed \(seed)")
        }
    }

    @Test func `the exact logarithm is a logarithm to fourteen digits`() {
        var random = SeededRandom(seed: 1, purpose: .embeddedData)
        for _ in 0..<20_000 {
            let x = exp((2 * random.uniform() - 1) * 300)
            expectClose(exactLogarithm(x), log(x), relative: 1e-14)
            let near = 1 + (2 * random.uniform() - 1) * 1e-3
            expectClose(exactLogarithm(near), log(near), relative: 1e-14)
        }
        #expect(exactLogarithm(1) == 0)
    }

    @Test func `the inverse normal undoes the normal distribution function`() {
        for p in [
            1e-300, 1e-30, 1e-12, 1e-5, 0.01, 0.07, 0.075, 0.2, 0.5, 0.6, 0.925, 0.99, 1 - 1e-10,
        ] {
            let x = inverseNormal(p)
            // The tail's own relative error, from the complementary error function.
            let back =
                p < 0.5 ? erfc(-x / 2.0.squareRoot()) / 2 : 1 - erfc(x / 2.0.squareRoot()) / 2
            expectClose(back, p, relative: 2e-13, "p = \(p)")
        }
        #expect(inverseNormal(0.5) == 0)
        #expect(inverseNormal(0.25) == -inverseNormal(0.75))
    }

    @Test func `normal weights have the same bits on every host`() {
        let xavier = XavierInitialization(
            initialization: Initialization(scheme: .xavierNormal), seed: 7)
        let bits = xavier.values(count: 4, fanIn: 1, fanOut: 1, tensor: 3).map(\.bitPattern)
        #expect(bits == Golden.normalBits)
    }

    @Test(arguments: Initialization.Scheme.allCases)
    func `weights have Xavier's variance`(scheme: Initialization.Scheme) {
        let initialization = Initialization(scheme: scheme, gain: 1.5)
        let values = XavierInitialization(initialization: initialization, seed: 1)
            .values(count: 100_000, fanIn: 30, fanOut: 70, tensor: 0).map(Double.init)
        let mean = values.reduce(0, +) / 100_000
        let variance = values.reduce(0) { $0 + $1 * $1 } / 100_000
        expectClose(mean, 0, absolute: 3e-3)
        expectClose(variance, 1.5 * 1.5 * 2 / 100, relative: 0.02)
        if scheme == .xavierUniform {
            let bound = 1.5 * (6.0 / 100).squareRoot()
            #expect(values.allSatisfy { (-bound...bound).contains($0) })
        }
    }
}

private enum Golden {
    /// Made by Python: SplitMix64 written out, `statistics.NormalDist().inv_cdf`, float32.
    static let normalBits: [UInt32] = [3_202_401_404, 1_032_304_521, 1_066_753_428, 3_193_031_751]
}

/// Tensors of types that the system itself does not use.
struct RawTensors {
    private let header: JSONValue
    private let body: Data

    init(_ file: Data) throws {
        let length = Int(file.prefix(8).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) })
        header = try JSONValue(parsing: Data(file[8..<8 + length]))
        body = Data(file[(8 + length)...])
    }

    func bytes(_ name: String) throws -> Data {
        let offsets = try #require(header[name]?["data_offsets"]).doubles.map { Int($0) }
        return Data(body[offsets[0]..<offsets[1]])
    }

    func int32(_ name: String) throws -> [Int] {
        try bytes(name).withUnsafeBytes { raw in
            (0..<raw.count / 4).map {
                Int(Int32(littleEndian: raw.loadUnaligned(fromByteOffset: 4 * $0, as: Int32.self)))
            }
        }
    }

    func doubles(_ name: String) throws -> [Double] {
        try bytes(name).withUnsafeBytes { raw in
            (0..<raw.count / 8).map {
                Double(
                    bitPattern: UInt64(
                        littleEndian: raw.loadUnaligned(fromByteOffset: 8 * $0, as: UInt64.self)))
            }
        }
    }
}
