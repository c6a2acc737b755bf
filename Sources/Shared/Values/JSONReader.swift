import FoundationEssentials

/// Why some bytes are no JSON that we take.
public struct JSONSyntaxError: Error, Hashable, CustomStringConvertible, Sendable {
    /// Of the byte that was wrong, from 0.
    public let offset: Int
    /// Without a capital and a full stop.
    public let sentence: String

    public var description: String { "byte \(offset): \(sentence)" }
}

/// Reads a document of RFC 8259 in one pass. Stricter than the standard where it leaves a choice: a
/// key stands once in an object, a number keeps its value (`NumberText`), and nesting is bounded,
/// because every value inside another costs a call.
///
/// By hand because decoding a value of unknown type with `Codable` means trying one type after the
/// other, which is a thousand times slower: every sweep and every configuration comes through here.
struct JSONReader {
    private let bytes: UnsafeBufferPointer<UInt8>
    private var offset = 0
    private var depth = 0

    static func read(_ data: Data) throws(JSONSyntaxError) -> JSONValue {
        let bytes = [UInt8](data)
        let result = bytes.withUnsafeBufferPointer { bytes in
            Result { () throws(JSONSyntaxError) in
                var reader = JSONReader(bytes: bytes)
                return try reader.document()
            }
        }
        return try result.get()
    }

    private init(bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }

    private mutating func document() throws(JSONSyntaxError) -> JSONValue {
        let value = try value()
        skipSpace()
        guard offset == bytes.count else { throw error("found more after the end of the value") }
        return value
    }

    private mutating func value() throws(JSONSyntaxError) -> JSONValue {
        skipSpace()
        switch peek {
        case UInt8(ascii: "{"):
            return try nested { reader throws(JSONSyntaxError) in try reader.object() }
        case UInt8(ascii: "["):
            return try nested { reader throws(JSONSyntaxError) in try reader.array() }
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try word("true", .bool(true))
        case UInt8(ascii: "f"): return try word("false", .bool(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        case UInt8(ascii: "-"), .some(UInt8(ascii: "0")...UInt8(ascii: "9")): return try number()
        case nil: throw error("the document ends where a value should stand")
        default: throw error("found no value")
        }
    }

    private mutating func nested(
        _ body: (inout JSONReader) throws(JSONSyntaxError) -> JSONValue
    ) throws(JSONSyntaxError) -> JSONValue {
        guard depth < Limits.jsonNestingMax else {
            throw error("values are nested more than \(Limits.jsonNestingMax) deep")
        }
        depth += 1
        offset += 1
        let value = try body(&self)
        depth -= 1
        return value
    }

    private mutating func object() throws(JSONSyntaxError) -> JSONValue {
        var members: [String: JSONValue] = [:]
        if skip("}") { return .object(members) }
        repeat {
            skipSpace()
            let start = offset
            guard peek == UInt8(ascii: "\"") else { throw error("a key should stand here") }
            let key = try string()
            guard skip(":") else { throw error("a colon should stand here") }
            guard members.updateValue(try value(), forKey: key) == nil else {
                offset = start
                throw error("the key \(quoted(key)) stands there a second time")
            }
        } while skip(",")
        guard skip("}") else { throw error("a comma or the end of an object should stand here") }
        return .object(members)
    }

    private mutating func array() throws(JSONSyntaxError) -> JSONValue {
        var elements: [JSONValue] = []
        if skip("]") { return .array(elements) }
        repeat { elements.append(try value()) } while skip(",")
        guard skip("]") else { throw error("a comma or the end of an array should stand here") }
        return .array(elements)
    }
}

// MARK: - Scalars

extension JSONReader {
    private mutating func word(_ word: StaticString, _ value: JSONValue) throws(JSONSyntaxError)
        -> JSONValue
    {
        for index in 0..<word.utf8CodeUnitCount {
            guard peek == word.utf8Start[index] else { throw error("found no value") }
            offset += 1
        }
        return value
    }

    private mutating func number() throws(JSONSyntaxError) -> JSONValue {
        let start = offset
        var isWhole = true
        skipByte("-")
        if !skipByte("0") { try digits() }
        if skipByte(".") {
            isWhole = false
            try digits()
        }
        if skipByte("e") || skipByte("E") {
            isWhole = false
            if !skipByte("+") { skipByte("-") }
            try digits()
        }
        let text = String(decoding: bytes[start..<offset], as: UTF8.self)
        if isWhole, let whole = Int(text) { return .integer(whole) }
        do throws(NumberTextError) {
            guard let value = try NumberText(text)?.value() else { throw .tooLarge }
            return value
        } catch {
            offset = start
            throw self.error(error.sentence(text))
        }
    }

    private mutating func digits() throws(JSONSyntaxError) {
        let start = offset
        while let byte = peek, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) {
            offset += 1
        }
        guard offset > start else { throw error("a digit should stand here") }
    }

    private mutating func string() throws(JSONSyntaxError) -> String {
        offset += 1
        let start = offset
        // Most strings have no escapes and are taken as they stand.
        while let byte = peek, byte >= 32, byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\") {
            offset += 1
        }
        var text = try utf8(start..<offset)
        while true {
            switch peek {
            case UInt8(ascii: "\""):
                offset += 1
                return text
            case UInt8(ascii: "\\"):
                offset += 1
                text.unicodeScalars.append(try escaped())
            case .some(32...):
                let start = offset
                while let byte = peek, byte >= 32, byte != UInt8(ascii: "\""),
                    byte != UInt8(ascii: "\\")
                { offset += 1 }
                text += try utf8(start..<offset)
            case nil: throw error("the document ends inside a text")
            default: throw error("found a control character inside a text")
            }
        }
    }

    private func utf8(_ range: Range<Int>) throws(JSONSyntaxError) -> String {
        guard let text = String(validating: bytes[range], as: UTF8.self) else {
            throw JSONSyntaxError(
                offset: range.lowerBound, sentence: "found a text that is no UTF-8")
        }
        return text
    }

    private mutating func escaped() throws(JSONSyntaxError) -> Unicode.Scalar {
        guard let byte = peek else { throw error("the document ends inside a text") }
        offset += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return Unicode.Scalar(byte)
        case UInt8(ascii: "b"): return "\u{8}"
        case UInt8(ascii: "f"): return "\u{c}"
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "u"): return try escapedScalar()
        default: throw error("found an unknown escape")
        }
    }

    /// Characters beyond 16 bits are written as two escapes, which make sense together alone.
    private mutating func escapedScalar() throws(JSONSyntaxError) -> Unicode.Scalar {
        let first = try fourDigits()
        if let scalar = Unicode.Scalar(first) { return scalar }
        guard first < 0xdc00, skipByte("\\"), skipByte("u") else {
            throw error("found half a surrogate pair")
        }
        let second = try fourDigits()
        guard (0xdc00...0xdfff).contains(second),
            let scalar = Unicode.Scalar(0x10000 + (first - 0xd800) << 10 + (second - 0xdc00))
        else { throw error("found half a surrogate pair") }
        return scalar
    }

    private mutating func fourDigits() throws(JSONSyntaxError) -> UInt32 {
        var value: UInt32 = 0
        for _ in 0..<4 {
            guard let byte = peek, let digit = Character(Unicode.Scalar(byte)).hexDigitValue else {
                throw error("four hexadecimal digits should stand here")
            }
            value = value << 4 + UInt32(digit)
            offset += 1
        }
        return value
    }
}

// MARK: - Bytes

extension JSONReader {
    private var peek: UInt8? { offset < bytes.count ? bytes[offset] : nil }

    private mutating func skipSpace() {
        while let byte = peek, byte == 32 || byte == 10 || byte == 13 || byte == 9 { offset += 1 }
    }

    /// Passes over `byte` and the space before it, if it is next.
    private mutating func skip(_ byte: Unicode.Scalar) -> Bool {
        skipSpace()
        return skipByte(byte)
    }

    @discardableResult
    private mutating func skipByte(_ byte: Unicode.Scalar) -> Bool {
        guard peek == UInt8(ascii: byte) else { return false }
        offset += 1
        return true
    }

    private func error(_ sentence: String) -> JSONSyntaxError {
        JSONSyntaxError(offset: offset, sentence: sentence)
    }
}
