public import Crypto
public import FoundationEssentials

/// A SHA-256, as 64 lower-case hexadecimal digits: the name of a content, the same everywhere.
public struct Digest: Hashable, Sendable {
    public let hexadecimal: String

    public init(of data: some DataProtocol) {
        self.init(SHA256.hash(data: data))
    }

    /// Of no bytes: the data of a task whose experiment makes its own.
    public static let ofNothing = Digest(of: Data())

    public init(_ digest: SHA256.Digest) {
        hexadecimal = hexadecimalString(digest)
    }

    /// The 32 bytes.
    public var bytes: Data {
        let nibbles = hexadecimal.utf8.map { $0 < 58 ? $0 - 48 : $0 - 87 }
        return Data(stride(from: 0, to: 64, by: 2).map { nibbles[$0] << 4 | nibbles[$0 + 1] })
    }

    /// Nil unless `text` is 64 lower-case hexadecimal digits, so that a digest from outside can
    /// stand in a file name.
    public init?(hexadecimal text: String) {
        let digits = text.utf8
        let isDigit = { (byte: UInt8) in (48...57).contains(byte) || (97...102).contains(byte) }
        guard digits.count == 64, digits.allSatisfy(isDigit) else { return nil }
        hexadecimal = text
    }
}

extension Digest: Codable, CustomStringConvertible {
    public init(from decoder: any Decoder) throws {
        let text = try decoder.singleValueContainer().decode(String.self)
        guard let digest = Digest(hexadecimal: text) else {
            throw DecodingError.dataCorrupted(
                .init(
                    codingPath: decoder.codingPath,
                    debugDescription: "a digest is 64 lower-case hexadecimal digits"))
        }
        self = digest
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(hexadecimal)
    }

    public var description: String { hexadecimal }
}

/// Two lower-case hexadecimal digits a byte.
public func hexadecimalString(_ bytes: some Sequence<UInt8>) -> String {
    var text: [UInt8] = []
    text.reserveCapacity(2 * bytes.underestimatedCount)
    for byte in bytes {
        text.append(hexadecimalDigit(byte >> 4))
        text.append(hexadecimalDigit(byte & 15))
    }
    return String(decoding: text, as: UTF8.self)
}

private func hexadecimalDigit(_ value: UInt8) -> UInt8 {
    value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") - 10 + value
}
