/// A `MetricsRequest` with its rows as the bytes that are stored.
public struct PackedMetrics: Hashable, Sendable {
    public var firstSequence: Int
    public var rows: MetricBatch
    public var epochsCompleted: Int

    public init(_ request: MetricsRequest) {
        firstSequence = request.firstSequence
        rows = MetricBatch(request.rows)
        epochsCompleted = request.epochsCompleted
    }

    fileprivate init(firstSequence: Int, rows: MetricBatch, epochsCompleted: Int) {
        self.firstSequence = firstSequence
        self.rows = rows
        self.epochsCompleted = epochsCompleted
    }

    /// Reads a request as our own client writes it: keys in order, no white space, no escapes. Nil
    /// for anything else, which is left to the decoder: that takes it or says what is wrong.
    public init?(reading bytes: UnsafeBufferPointer<UInt8>) {
        var reader = MetricsReader(bytes: bytes)
        guard let message = reader.message() else { return nil }
        self = message
    }
}

/// A `CompleteRequest` with its rows as the bytes that are stored.
public struct PackedCompletion: Hashable, Sendable {
    public var epochsCompleted: Int
    public var rowCount: Int
    public var rows: MetricBatch
    public var trajectory: Digest

    /// The number of the first of its rows within the attempt; below 0 in a call that cannot be
    /// right.
    public var firstSequence: Int { rowCount.subtractingReportingOverflow(rows.count).partialValue }

    public init(_ request: CompleteRequest) {
        epochsCompleted = request.epochsCompleted
        rowCount = request.rowCount
        rows = MetricBatch(request.rows ?? [])
        trajectory = request.trajectory
    }

    fileprivate init(
        epochsCompleted: Int, rowCount: Int, rows: MetricBatch, trajectory: Digest
    ) {
        self.epochsCompleted = epochsCompleted
        self.rowCount = rowCount
        self.rows = rows
        self.trajectory = trajectory
    }

    /// As `PackedMetrics` is read.
    public init?(reading bytes: UnsafeBufferPointer<UInt8>) {
        var reader = MetricsReader(bytes: bytes)
        guard let message = reader.completion() else { return nil }
        self = message
    }
}

/// Goes straight from the text to the bytes: a hundred times faster than `JSONDecoder`, and
/// metrics are what a coordinator hears most of.
private struct MetricsReader {
    private let bytes: UnsafeBufferPointer<UInt8>
    private var offset = 0

    init(bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }

    mutating func message() -> PackedMetrics? {
        guard take("{\"epochs_completed\":"), let epochsCompleted = whole(),
            take(",\"first_sequence\":"), let firstSequence = whole(), take(",\"rows\":["),
            let rows = rows(), take("]}"), offset == bytes.count
        else { return nil }
        return PackedMetrics(
            firstSequence: firstSequence, rows: rows, epochsCompleted: epochsCompleted)
    }

    mutating func completion() -> PackedCompletion? {
        guard take("{\"epochs_completed\":"), let epochsCompleted = whole(),
            take(",\"row_count\":"), let rowCount = whole()
        else { return nil }
        var last = MetricBatch()
        if take(",\"rows\":[") {
            guard let rows = rows(), take("]") else { return nil }
            last = rows
        }
        guard take(",\"trajectory_sha256\":\""), let text = name(),
            let digest = Digest(hexadecimal: String(decoding: text, as: UTF8.self)), take("\"}"),
            offset == bytes.count
        else { return nil }
        return PackedCompletion(
            epochsCompleted: epochsCompleted, rowCount: rowCount, rows: last, trajectory: digest)
    }

    private mutating func rows() -> MetricBatch? {
        var rows = MetricBatch()
        if peek == UInt8(ascii: "]") { return rows }
        repeat {
            guard row(into: &rows) else { return nil }
        } while take(",")
        return rows
    }

    private mutating func row(into rows: inout MetricBatch) -> Bool {
        guard take("{\"epoch\":"), let epoch = whole(), take(",\"split\":\"t") else { return false }
        let split: MetricRow.Split
        if take("rain") {
            split = .train
        } else if take("est") {
            split = .test
        } else {
            return false
        }
        guard take("\",\"values\":{") else { return false }
        rows.begin(epoch: epoch, split: split)
        guard values(into: &rows) else { return false }
        rows.end()
        return take("}}")
    }

    /// Names must rise: so they stand in the bytes, and so none stands twice.
    private mutating func values(into rows: inout MetricBatch) -> Bool {
        if peek == UInt8(ascii: "}") { return true }
        var last: UnsafeBufferPointer<UInt8>?
        repeat {
            guard take("\""), let name = name(), take("\":"), let value = value() else {
                return false
            }
            if let last, !last.lexicographicallyPrecedes(name) { return false }
            last = name
            rows.append(name: name)
            rows.append(value)
        } while take(",")
        return true
    }

    /// Printable ASCII without quotes and escapes, up to its closing quote.
    private mutating func name() -> UnsafeBufferPointer<UInt8>? {
        let start = offset
        while let byte = peek, byte != UInt8(ascii: "\"") {
            guard (32..<127).contains(byte), byte != UInt8(ascii: "\\") else { return nil }
            offset += 1
        }
        return UnsafeBufferPointer(rebasing: bytes[start..<offset])
    }

    private mutating func value() -> Float? {
        if take("\"") {
            if take("NaN\"") { return .nan }
            if take("Infinity\"") { return .infinity }
            return take("-Infinity\"") ? -.infinity : nil
        }
        let start = offset
        _ = take("-")
        guard take("0") || digits() else { return nil }
        if take("."), !digits() { return nil }
        if take("e") || take("E") {
            if !take("+") { _ = take("-") }
            guard digits() else { return nil }
        }
        // As a float32 from the digits on, so that nothing is rounded twice.
        let text = String(decoding: bytes[start..<offset], as: UTF8.self)
        guard let number = Float(text), number.isFinite else { return nil }
        // Too small for a float32: the decoder refuses that.
        return number != 0 || text == "0" || text == "-0" ? number : nil
    }

    private mutating func digits() -> Bool {
        let start = offset
        while let byte = peek, (48...57).contains(byte) { offset += 1 }
        return offset > start
    }

    /// A whole number of at most 18 digits, which an `Int` holds.
    private mutating func whole() -> Int? {
        let start = offset
        var value = 0
        while let byte = peek, (48...57).contains(byte), offset - start < 18 {
            value = value * 10 + Int(byte - 48)
            offset += 1
        }
        guard offset > start else { return nil }
        return offset - start == 1 || bytes[start] != UInt8(ascii: "0") ? value : nil
    }

    private var peek: UInt8? { offset < bytes.count ? bytes[offset] : nil }

    /// Passes over `text`, if it is next.
    private mutating func take(_ text: StaticString) -> Bool {
        let count = text.utf8CodeUnitCount
        guard bytes.count - offset >= count else { return false }
        for index in 0..<count where bytes[offset + index] != text.utf8Start[index] {
            return false
        }
        offset += count
        return true
    }
}
