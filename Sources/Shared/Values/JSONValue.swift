public import FoundationEssentials

/// Any JSON document as a value. A whole number of 64 bits is an integer in every spelling (`8`,
/// `8.0`, `1e3`): see `NumberText`.
public enum JSONValue: Hashable, Sendable {
    case null
    case bool(Bool)
    case integer(Int)
    case number(Double)
    case string(String)
    case array([JSONValue])
    case object([String: JSONValue])
}

extension JSONValue: Codable {
    /// The slow way, for a value inside a message: one type after the other, the frequent ones
    /// first. A whole document goes through `init(parsing:)`.
    public init(from decoder: any Decoder) throws {
        if let scalar = try? Self(scalarIn: decoder.singleValueContainer()) {
            self = scalar
        } else if let keyed = try? decoder.container(keyedBy: AnyCodingKey.self) {
            var object: [String: JSONValue] = [:]
            for key in keyed.allKeys {
                object[key.stringValue] = try keyed.decode(JSONValue.self, forKey: key)
            }
            self = .object(object)
        } else {
            var unkeyed = try decoder.unkeyedContainer()
            var array: [JSONValue] = []
            while !unkeyed.isAtEnd { array.append(try unkeyed.decode(JSONValue.self)) }
            self = .array(array)
        }
    }

    private init(scalarIn container: any SingleValueDecodingContainer) throws {
        if container.decodeNil() {
            self = .null
        } else if let value = try? container.decode(Int.self) {
            self = .integer(value)
        } else if let value = try? container.decode(Double.self) {
            self = .number(value)
        } else if let value = try? container.decode(String.self) {
            self = .string(value)
        } else {
            self = .bool(try container.decode(Bool.self))
        }
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .null: try container.encodeNil()
        case .bool(let value): try container.encode(value)
        case .integer(let value): try container.encode(value)
        case .number(let value): try container.encode(value)
        case .string(let value): try container.encode(value)
        case .array(let values): try container.encode(values)
        case .object(let members): try container.encode(members)
        }
    }
}

extension JSONValue {
    /// The one spelling of this value: keys sorted, no white space, slashes as they are. Digests
    /// are taken over it, so a change here gives every task a new identity.
    /// Throws where a number is NaN or infinite, which JSON cannot say.
    public func canonicalData() throws -> Data {
        var text = JSONText()
        try text.value(self)
        return text.data
    }

    /// The same with line breaks and indentation, for people.
    public func readableData() throws -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes, .prettyPrinted]
        return try encoder.encode(self)
    }

    /// A whole document. Throws where it is no JSON, where a key stands twice in an object, where a
    /// number would become another one (`NumberText`), and where values are nested too deep.
    public init(parsing data: Data) throws(JSONSyntaxError) {
        self = try JSONReader.read(data)
    }

    /// The member of an object, nil where there is none or this is no object.
    public subscript(_ key: String) -> JSONValue? {
        guard case .object(let members) = self else { return nil }
        return members[key]
    }
}

/// A key that is only known when the document is read.
private struct AnyCodingKey: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }

    init?(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
}
