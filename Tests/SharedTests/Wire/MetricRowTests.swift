import Foundation
import Shared
import TestSupport
import Testing

@Suite struct MetricRowTests {
    @Test func `every float32 comes back from its text to the bit`() throws {
        let random = TestRandom(seed: 5)
        let edges: [Float] = [
            0, -0.0, 1, .leastNonzeroMagnitude, .leastNormalMagnitude, .greatestFiniteMagnitude,
            .infinity, -.infinity, .nan, 16_777_216, 1 / 3, 3.4028235e38,
        ]
        let drawn = (0..<5_000).map { _ in
            Float(bitPattern: UInt32(truncatingIfNeeded: random.bits()))
        }
        let values = (edges + drawn.filter { !$0.isNaN }).map(MetricValue.init)
        let data = try WireCoding.encode(values)
        #expect(try WireCoding.decode([MetricValue].self, from: data) == values)
    }

    @Test(arguments: [
        (Float.nan, "NaN"), (.infinity, "Infinity"), (-.infinity, "-Infinity"), (0.1, "0.1"),
        (-0.0, "-0.0"), (1e-10, "1e-10"), (8, "8.0"),
    ])
    func `a metric's text in a report`(value: Float, text: String) {
        #expect(MetricValue(value).text == text)
    }

    @Test(arguments: ["1e39", "1e300", "\"nan\"", "\"inf\"", "\"\"", "null", "true", "[1]"])
    func `what is no float32 is refused`(text: String) {
        #expect(throws: DecodingError.self) {
            try WireCoding.decode([MetricValue].self, from: Data("[\(text)]".utf8))
        }
    }

    private static let rows = [
        MetricRow(epoch: 1, split: .train, values: ["b": MetricValue(1), "a": MetricValue(.nan)]),
        MetricRow(epoch: 2, split: .test, values: ["a": MetricValue(-2)]),
    ]

    private func digest(_ rows: [MetricRow]) -> Digest {
        var digest = TrajectoryDigest()
        for row in rows { digest.append(row) }
        return digest.digest
    }

    /// Computed by hand from the bytes that the documentation names.
    @Test func `a trajectory is the digest of these bytes`() {
        var bytes: [UInt8] = [1, 0, 0, 0, 0, 0, 0, 0] + Array("train".utf8)
        bytes += Array("a".utf8) + [0, 0x00, 0x00, 0xc0, 0x7f]
        bytes += Array("b".utf8) + [0, 0x00, 0x00, 0x80, 0x3f]
        bytes += [2, 0, 0, 0, 0, 0, 0, 0] + Array("test".utf8)
        bytes += Array("a".utf8) + [0, 0x00, 0x00, 0x00, 0xc0]
        #expect(digest(Self.rows) == Digest(of: bytes))
    }

    @Test func `any bit, epoch, split, name or order changes it; which NaN does not`() {
        let rows = Self.rows
        var changed = [rows, rows, rows, rows, Array(rows.reversed())]
        changed[0][1].values["a"] = MetricValue(Float(-2).nextUp)
        changed[1][1].epoch = 3
        changed[2][1].split = .train
        changed[3][1].values = ["c": MetricValue(-2)]
        #expect(Set((changed + [rows]).map(digest)).count == 6)
        var other = rows
        other[0].values["a"] = MetricValue(Float(nan: 5, signaling: false))
        #expect(digest(other) == digest(rows))
    }
}
