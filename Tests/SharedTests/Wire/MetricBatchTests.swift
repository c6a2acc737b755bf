import Foundation
import Shared
import TestSupport
import Testing

/// Metric rows as bytes, and the two readers that make them.
@Suite struct MetricBatchTests {
    static func rows(_ random: TestRandom, count: Int) -> [MetricRow] {
        (0..<count).map { _ in
            let values = (0..<random.below(5)).map { _ in
                (
                    "m\(random.below(100))",
                    MetricValue(Float(bitPattern: UInt32(random.below(1 << 32))))
                )
            }
            return MetricRow(
                epoch: 1 + random.below(1_000), split: random.chance(0.5) ? .train : .test,
                // A NaN has one spelling on the wire.
                values: Dictionary(values) { $1 }.mapValues {
                    $0.value.isNaN ? MetricValue(.nan) : $0
                })
        }
    }

    /// Written out by hand, from the protocol's words.
    @Test func `a row's bytes are those that the protocol names`() {
        let row = MetricRow(
            epoch: 258, split: .test,
            values: ["b": MetricValue(1), "a": MetricValue(.nan)])
        let bytes: [UInt8] =
            [24, 0, 0, 0, 2, 1, 0, 0, 0, 0, 0, 0] + Array("test".utf8)
            + Array("a".utf8) + [0, 0, 0, 0xc0, 0x7f] + Array("b".utf8) + [0, 0, 0, 0x80, 0x3f]
        #expect(MetricBatch([row]).bytes == bytes)
        var trajectory = TrajectoryDigest()
        trajectory.append(row)
        #expect(trajectory.digest == Digest(of: bytes.dropFirst(4)))
    }

    @Test func `what was packed is unpacked, from any row on`() throws {
        let random = TestRandom(seed: 4)
        for _ in 0..<200 {
            let rows = Self.rows(random, count: 1 + random.below(6))
            let batch = MetricBatch(rows)
            #expect(try MetricBatch(bytes: batch.bytes) == batch)
            #expect(try batch.rows() == rows)
            #expect(batch.lastEpoch == rows.map(\.epoch).max())
            let index = random.below(rows.count + 1)
            #expect(batch.suffix(from: index) == MetricBatch(Array(rows[index...])))
        }
    }

    @Test func `bytes that lost something are damaged, never a trap`() throws {
        let random = TestRandom(seed: 5)
        var damaged = 0
        for _ in 0..<2_000 {
            var bytes = MetricBatch(Self.rows(random, count: 3)).bytes
            bytes[random.below(bytes.count)] = UInt8(random.below(256))
            bytes.removeLast(random.below(3))
            do { _ = try MetricBatch(bytes: bytes).rows() } catch { damaged += 1 }
        }
        #expect(damaged > 500)
        #expect(throws: MetricBatch.Damaged.self) { try MetricBatch(bytes: [1]) }
        #expect(throws: MetricBatch.Damaged.self) { try MetricBatch(bytes: [1, 0, 0, 0, 7]) }
    }

    // MARK: The quick reader

    private func quick(_ bytes: Data) -> PackedMetrics? {
        bytes.withUnsafeBytes { raw in
            raw.withMemoryRebound(to: UInt8.self) { PackedMetrics(reading: $0) }
        }
    }

    private func quickCompletion(_ bytes: Data) -> PackedCompletion? {
        bytes.withUnsafeBytes { raw in
            raw.withMemoryRebound(to: UInt8.self) { PackedCompletion(reading: $0) }
        }
    }

    @Test func `what our client writes is read quickly`() throws {
        let random = TestRandom(seed: 6)
        for count in 0..<100 {
            let rows = Self.rows(random, count: count % 7)
            let request = MetricsRequest(
                firstSequence: random.below(1 << 40), rows: rows, epochsCompleted: count)
            #expect(try quick(WireCoding.encode(request)) == PackedMetrics(request))
            let completion = CompleteRequest(
                epochsCompleted: count, rowCount: rows.count, rows: count % 2 == 0 ? rows : nil,
                trajectory: Digest(of: [UInt8(count)]))
            #expect(
                try quickCompletion(WireCoding.encode(completion)) == PackedCompletion(completion))
        }
    }

    /// Found by libFuzzer: where a number should begin, the text ended, and a byte behind it was
    /// read. The copy is exactly as long as its text, so that the address sanitizer sees that; each
    /// cut must be nothing, or what the decoder makes of it, in any case.
    @Test func `a text that is cut anywhere is left to the decoder`() throws {
        let rows = Self.rows(TestRandom(seed: 8), count: 2)
        let texts = [
            try WireCoding.encode(
                MetricsRequest(firstSequence: 3, rows: rows, epochsCompleted: 4)),
            try WireCoding.encode(
                CompleteRequest(
                    epochsCompleted: 2, rowCount: 2, rows: rows, trajectory: Digest(of: [1]))),
        ]
        for text in texts {
            for length in 0..<text.count {
                let cut = Array(text.prefix(length))
                let (metrics, completion) = cut.withUnsafeBufferPointer {
                    (PackedMetrics(reading: $0), PackedCompletion(reading: $0))
                }
                #expect(metrics == nil && completion == nil)
            }
        }
    }

    /// It may leave to the decoder what it likes, but what it takes it must take alike.
    @Test func `the quick reader never differs from the decoder`() throws {
        let random = TestRandom(seed: 7)
        let strange = Array("0123456789.eE+-\"{}[],: aNItrnl\\\u{0}".utf8)
        var taken = 0
        for _ in 0..<20_000 {
            var bytes = try WireCoding.encode(
                MetricsRequest(
                    firstSequence: random.below(20), rows: Self.rows(random, count: 2),
                    epochsCompleted: random.below(20)))
            for _ in 0...random.below(2) {
                let place = bytes.startIndex + random.below(bytes.count)
                let byte = strange[random.below(strange.count)]
                if random.chance(0.5) { bytes[place] = byte } else { bytes.insert(byte, at: place) }
            }
            guard let packed = quick(bytes) else { continue }
            taken += 1
            let decoded = try? WireCoding.decode(MetricsRequest.self, from: bytes)
            #expect(
                decoded.map(PackedMetrics.init) == packed,
                "\(String(decoding: bytes, as: UTF8.self))")
        }
        #expect(taken > 1_000)
    }
}
