/// Metric rows as bytes, one after the other: what is stored of a call, what is compared with a
/// repeat of it, and what a trajectory is the digest of.
///
/// A row is its epoch (8 bytes), its split's name, then by metric name in order the name, a zero
/// byte and the value's float32 bits (4 bytes); all little-endian, every NaN as 0x7fc00000. Four
/// bytes with the row's length stand before it, which are not hashed.
///
/// Equal rows are equal bytes. A name must have no zero byte: whoever takes rows from outside
/// checks that.
public struct MetricBatch: Hashable, Sendable {
    public private(set) var bytes: [UInt8] = []
    /// Where each row lies in `bytes`, without its length.
    public private(set) var ranges: [Range<Int>] = []
    /// The largest one.
    public private(set) var lastEpoch = 0

    public var count: Int { ranges.count }

    public init() {}

    public init(_ rows: [MetricRow]) {
        bytes.reserveCapacity(rows.count * 128)
        for row in rows {
            begin(epoch: row.epoch, split: row.split)
            let names = row.values.keys.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
            for name in names {
                guard let value = row.values[name]?.value else { continue }
                bytes.append(contentsOf: name.utf8)
                append(value)
            }
            end()
        }
    }

    /// What was stored. Throws where it was not made by us.
    public init(bytes: [UInt8]) throws(Damaged) {
        self.bytes = bytes
        var offset = 0
        while offset < bytes.count {
            guard let length = number(at: offset, UInt32.self).flatMap(Int.init(exactly:)),
                length <= bytes.count - offset - Self.lengthBytes,
                let epoch = number(at: offset + Self.lengthBytes, UInt64.self)
            else { throw Damaged() }
            offset += Self.lengthBytes
            ranges.append(offset..<(offset + length))
            lastEpoch = max(lastEpoch, Int(truncatingIfNeeded: epoch))
            offset += length
        }
    }

    /// The bytes are no rows: whoever kept them has lost some.
    public struct Damaged: Error {}

    private func number<Number: FixedWidthInteger>(at offset: Int, _ type: Number.Type) -> Number? {
        guard bytes.count - offset >= MemoryLayout<Number>.size else { return nil }
        return bytes.withUnsafeBytes {
            Number(littleEndian: $0.loadUnaligned(fromByteOffset: offset, as: type))
        }
    }

    /// The rows from one of them on, without a copy of the others.
    public func suffix(from index: Int) -> MetricBatch {
        if index == 0 { return self }
        var rest = MetricBatch()
        for range in ranges[index...] { rest.append(row: bytes[range]) }
        return rest
    }

    public func row(_ index: Int) -> ArraySlice<UInt8> { bytes[ranges[index]] }

    /// Reads one row after the other.
    /// - Parameter epoch: only those of this one; nil: all.
    public func forEach(epoch: Int? = nil, _ body: (RowReader) throws -> Void) throws {
        try bytes.withUnsafeBytes { raw in
            for range in ranges {
                let row = try RowReader(UnsafeRawBufferPointer(rebasing: raw[range]))
                if epoch == nil || row.epoch == epoch { try body(row) }
            }
        }
    }

    public func allSatisfy(_ isRight: (RowReader) -> Bool) throws -> Bool {
        var areAllRight = true
        try forEach { areAllRight = areAllRight && isRight($0) }
        return areAllRight
    }

    public func rows() throws -> [MetricRow] {
        var rows: [MetricRow] = []
        try forEach { rows.append($0.row) }
        return rows
    }
}

// MARK: - Writing

extension MetricBatch {
    private static let lengthBytes = 4

    mutating func begin(epoch: Int, split: MetricRow.Split) {
        let start = bytes.count + Self.lengthBytes
        ranges.append(start..<start)
        append(UInt32(0))
        append(UInt64(truncatingIfNeeded: epoch))
        bytes.append(contentsOf: split.rawValue.utf8)
        lastEpoch = max(lastEpoch, epoch)
    }

    /// After its name's bytes.
    mutating func append(_ value: Float) {
        bytes.append(0)
        append(value.isNaN ? Float.nan.bitPattern : value.bitPattern)
    }

    mutating func append(name: UnsafeBufferPointer<UInt8>) { bytes.append(contentsOf: name) }

    mutating func end() {
        guard let start = ranges.last?.lowerBound else { return }
        ranges[ranges.count - 1] = start..<bytes.count
        let length = UInt32(truncatingIfNeeded: bytes.count - start).littleEndian
        withUnsafeBytes(of: length) { length in
            for (index, byte) in length.enumerated() {
                bytes[start - Self.lengthBytes + index] = byte
            }
        }
    }

    private mutating func append(row: ArraySlice<UInt8>) {
        let start = bytes.count + Self.lengthBytes
        append(UInt32(truncatingIfNeeded: row.count))
        bytes.append(contentsOf: row)
        ranges.append(start..<bytes.count)
        let epoch = number(at: start, UInt64.self) ?? 0
        lastEpoch = max(lastEpoch, Int(truncatingIfNeeded: epoch))
    }

    private mutating func append(_ value: some FixedWidthInteger) {
        withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
    }
}

// MARK: - Reading

extension MetricBatch {
    /// One row where it lies, without a copy.
    public struct RowReader {
        public let epoch: Int
        public let split: MetricRow.Split
        /// Of the row as it is stored.
        public let byteCount: Int
        private let metrics: UnsafeRawBufferPointer

        private static let splits = MetricRow.Split.allCases.map { (Array($0.rawValue.utf8), $0) }

        init(_ raw: UnsafeRawBufferPointer) throws {
            guard raw.count >= 8 else { throw Damaged() }
            byteCount = raw.count
            epoch = Int(
                truncatingIfNeeded: UInt64(
                    littleEndian: raw.loadUnaligned(fromByteOffset: 0, as: UInt64.self)))
            let rest = UnsafeRawBufferPointer(rebasing: raw[8...])
            guard let (name, split) = Self.splits.first(where: { rest.starts(with: $0.0) })
            else { throw Damaged() }
            self.split = split
            metrics = UnsafeRawBufferPointer(rebasing: rest[name.count...])
            guard isWhole else { throw Damaged() }
        }

        private var isWhole: Bool {
            var offset = 0
            while offset < metrics.count {
                guard let zero = metrics[offset...].firstIndex(of: 0), zero + 5 <= metrics.count
                else { return false }
                offset = zero + 5
            }
            return true
        }

        /// By name in order.
        public func forEachMetric(_ body: (UnsafeRawBufferPointer, MetricValue) -> Void) {
            var offset = 0
            while let zero = metrics[offset...].firstIndex(of: 0) {
                let bits = metrics.loadUnaligned(fromByteOffset: zero + 1, as: UInt32.self)
                body(
                    UnsafeRawBufferPointer(rebasing: metrics[offset..<zero]),
                    MetricValue(Float(bitPattern: UInt32(littleEndian: bits))))
                offset = zero + 5
            }
        }

        public var row: MetricRow {
            var values: [String: MetricValue] = [:]
            forEachMetric { name, value in values[String(decoding: name, as: UTF8.self)] = value }
            return MetricRow(epoch: epoch, split: split, values: values)
        }
    }
}
