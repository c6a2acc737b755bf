public import FoundationEssentials

/// How messages become bytes, on both sides: JSON with sorted keys, so that equal messages are equal
/// bytes.
public enum WireCoding {
    public static func encode(_ message: some Encodable) throws -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return try encoder.encode(message)
    }

    /// Throws a `DecodingError`; `sentence(for:)` says it to a person.
    public static func decode<Message: Decodable>(_ type: Message.Type, from data: Data) throws
        -> Message
    {
        try JSONDecoder().decode(type, from: data)
    }

    /// Where a message was wrong, and how.
    public static func sentence(for error: DecodingError) -> String {
        switch error {
        case .keyNotFound(let key, let context):
            "the field '\(path(context.codingPath + [key]))' is missing"
        case .typeMismatch(let type, let context), .valueNotFound(let type, let context):
            "the field '\(path(context.codingPath))' must be of type \(type)"
        case .dataCorrupted(let context) where context.codingPath.isEmpty:
            "it is not valid JSON"
        case .dataCorrupted(let context):
            "the field '\(path(context.codingPath))' is wrong: \(context.debugDescription)"
        @unknown default:
            "it could not be read"
        }
    }

    private static func path(_ keys: [any CodingKey]) -> String {
        keys.reduce(into: "") { path, key in
            if let index = key.intValue {
                path += "[\(index)]"
            } else {
                path += (path.isEmpty ? "" : ".") + key.stringValue
            }
        }
    }
}
