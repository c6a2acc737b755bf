public import FoundationEssentials

/// Builds the one spelling that messages and configurations have: no white space, and keys in the
/// order in which they are written, which is the writer's to keep sorted.
///
/// By hand for the same reason as `JSONReader`: `JSONEncoder` takes fifty microseconds for a
/// configuration. Its spelling of texts and numbers is kept to the byte, because digests are taken
/// over it.
public struct JSONText {
    public private(set) var bytes: [UInt8] = []
    /// Whether a comma must stand before the next member or element.
    private var needsComma = false

    public init() { bytes.reserveCapacity(256) }

    public var data: Data { Data(bytes) }

    /// Without escapes: a name of ours.
    public mutating func key(_ name: StaticString) {
        comma()
        bytes.append(UInt8(ascii: "\""))
        bytes.append(
            contentsOf: UnsafeBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount))
        bytes.append(UInt8(ascii: "\""))
        bytes.append(UInt8(ascii: ":"))
        needsComma = false
    }

    public mutating func key(_ name: String) {
        comma()
        quote(name)
        bytes.append(UInt8(ascii: ":"))
        needsComma = false
    }

    public mutating func object<Failure: Error>(
        _ body: (inout JSONText) throws(Failure) -> Void
    ) throws(Failure) { try nested("{", "}", body) }

    public mutating func array<Failure: Error>(
        _ body: (inout JSONText) throws(Failure) -> Void
    ) throws(Failure) { try nested("[", "]", body) }

    private mutating func nested<Failure: Error>(
        _ open: Unicode.Scalar, _ close: Unicode.Scalar,
        _ body: (inout JSONText) throws(Failure) -> Void
    ) throws(Failure) {
        comma()
        bytes.append(UInt8(ascii: open))
        needsComma = false
        try body(&self)
        bytes.append(UInt8(ascii: close))
        needsComma = true
    }

    public mutating func string(_ text: String) {
        comma()
        quote(text)
        needsComma = true
    }

    public mutating func integer(_ value: Int) { raw("\(value)") }

    public mutating func bool(_ value: Bool) { raw(value ? "true" : "false") }

    /// JSON that is written already.
    public mutating func raw(_ json: String) {
        comma()
        bytes.append(contentsOf: json.utf8)
        needsComma = true
    }

    /// Throws where the number is NaN or infinite, which JSON cannot say.
    public mutating func number(_ value: Double) throws(JSONSyntaxError) {
        guard value.isFinite else {
            throw JSONSyntaxError(
                offset: bytes.count, sentence: "\(value) has no spelling in JSON")
        }
        let text = value.description
        raw(text.hasSuffix(".0") ? String(text.dropLast(2)) : text)
    }

    /// With the keys of objects sorted.
    public mutating func value(_ value: JSONValue) throws(JSONSyntaxError) {
        switch value {
        case .null: raw("null")
        case .bool(let value): bool(value)
        case .integer(let value): integer(value)
        case .number(let value): try number(value)
        case .string(let value): string(value)
        case .array(let values):
            try array { text throws(JSONSyntaxError) in
                for value in values { try text.value(value) }
            }
        case .object(let members):
            try object { text throws(JSONSyntaxError) in
                for (key, value) in members.sorted(by: {
                    $0.key.utf8.lexicographicallyPrecedes($1.key.utf8)
                }) {
                    text.key(key)
                    try text.value(value)
                }
            }
        }
    }

    private mutating func comma() {
        if needsComma { bytes.append(UInt8(ascii: ",")) }
    }

    private mutating func quote(_ text: String) {
        bytes.append(UInt8(ascii: "\""))
        if text.utf8.contains(where: Self.mustBeEscaped) {
            for byte in text.utf8 { escape(byte) }
        } else {
            bytes.append(contentsOf: text.utf8)
        }
        bytes.append(UInt8(ascii: "\""))
    }

    private static func mustBeEscaped(_ byte: UInt8) -> Bool {
        byte < 32 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\")
    }

    private mutating func escape(_ byte: UInt8) {
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"): bytes += [UInt8(ascii: "\\"), byte]
        case 8: bytes += Array("\\b".utf8)
        case 9: bytes += Array("\\t".utf8)
        case 10: bytes += Array("\\n".utf8)
        case 12: bytes += Array("\\f".utf8)
        case 13: bytes += Array("\\r".utf8)
        case ..<32: bytes += Array("\\u00".utf8) + Array(hexadecimalString([byte]).utf8)
        default: bytes.append(byte)
        }
    }
}
