/// A value as it stands in a sweep file or a message, with its place, so that a mistake found much
/// later (in the ninety-first configuration of a sweep) can still say where it was written.
public struct SourceValue: Sendable {
    public var content: Content
    public var place: Place

    public init(_ content: Content, at place: Place) {
        self.content = content
        self.place = place
    }

    public indirect enum Content: Sendable {
        case null
        case bool(Bool)
        case integer(Int)
        case number(Double)
        case string(String)
        case list([SourceValue])
        /// In the order of the file.
        case map([Member])
    }

    public struct Member: Sendable {
        public var key: String
        public var keyPlace: Place
        public var value: SourceValue

        public init(key: String, keyPlace: Place, value: SourceValue) {
            self.key = key
            self.keyPlace = keyPlace
            self.value = value
        }
    }
}

/// Where a value stands: `axes.gate[1].k`, and its line where it came from a file.
public struct Place: Hashable, Codable, Sendable {
    /// Empty for the whole document.
    public var path: String
    /// Counts from 1.
    public var line: Int?

    public init(path: String = "", line: Int? = nil) {
        self.path = path
        self.line = line
    }

    /// The place of a member, on the same line until someone knows better.
    public func appending(key: String) -> Place {
        Place(path: path.isEmpty ? key : "\(path).\(key)", line: line)
    }

    /// The place of an element of a list; `index` counts from 0.
    public func appending(index: Int) -> Place {
        Place(path: "\(path)[\(index)]", line: line)
    }
}

extension SourceValue {
    /// A value from the wire: it has no lines, and its members come in the order of their keys.
    public init(_ json: JSONValue, path: String = "") {
        self.init(json, place: Place(path: path))
    }

    private init(_ json: JSONValue, place: Place) {
        self.place = place
        switch json {
        case .null: content = .null
        case .bool(let value): content = .bool(value)
        case .integer(let value): content = .integer(value)
        case .number(let value): content = .number(value)
        case .string(let value): content = .string(value)
        case .array(let values):
            content = .list(
                values.enumerated().map { index, value in
                    SourceValue(value, place: place.appending(index: index))
                })
        case .object(let members):
            content = .map(
                members.sorted { $0.key < $1.key }.map { key, value in
                    let place = place.appending(key: key)
                    return Member(
                        key: key, keyPlace: place, value: SourceValue(value, place: place))
                })
        }
    }

    public var json: JSONValue {
        switch content {
        case .null: .null
        case .bool(let value): .bool(value)
        case .integer(let value): .integer(value)
        case .number(let value): .number(value)
        case .string(let value): .string(value)
        case .list(let values): .array(values.map(\.json))
        case .map(let members):
            .object(
                Dictionary(members.map { ($0.key, $0.value.json) }, uniquingKeysWith: { $1 }))
        }
    }

    var members: [Member]? {
        guard case .map(let members) = content else { return nil }
        return members
    }

    var elements: [SourceValue]? {
        guard case .list(let elements) = content else { return nil }
        return elements
    }

    subscript(_ key: String) -> SourceValue? {
        members?.first { $0.key == key }?.value
    }

    /// The whole number that this is. `8.0` and `1e3` are integers already (`NumberText`); what is
    /// still a `.number` has a fraction, also if a float64 is too short for it.
    var wholeNumber: Int? {
        guard case .integer(let value) = content else { return nil }
        return value
    }

    /// The float64 that this number is. Nil for what is no number, and for a whole number that no
    /// float64 stands for.
    var float64Number: Double? {
        switch content {
        case .integer(let value): float64(value)
        case .number(let value): value
        default: nil
        }
    }

    /// What a mistake says was found.
    var described: String {
        switch content {
        case .null: "nothing"
        case .bool(let value): "\(value)"
        case .integer(let value): "\(value)"
        case .number(let value): numberText(value)
        case .string(let value): quoted(value)
        case .list(let values): values.isEmpty ? "an empty list" : "a list"
        case .map: "a map"
        }
    }

    /// The text of a scalar in a report: numbers in their shortest form, so that `8` and `8.0` are
    /// the same text.
    var cell: String {
        switch content {
        case .null: ""
        case .string(let value): value
        case .number(let value): numberText(value)
        case .list(let values): "[" + values.map(\.cell).joined(separator: ", ") + "]"
        case .map(let members):
            "{"
                + members.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value.cell)" }
                .joined(separator: ", ") + "}"
        default: described
        }
    }
}

/// The shortest digits that give the same number back, without a fraction where there is none.
func numberText(_ value: Double) -> String {
    if value.isNaN { return "NaN" }
    if value.isInfinite { return value < 0 ? "-Infinity" : "Infinity" }
    if let whole = Int(exactly: value), abs(value) < 1e15 { return "\(whole)" }
    return value.description
}

/// Text from outside as a message shows it: in quotes, on one line, not endless, and with the code
/// point of the first character that is easily taken for another.
public func quoted(_ text: String) -> String {
    let shown = String(text.unicodeScalars.prefix(60))
    let lookalike = shown.unicodeScalars.first(where: \.isLookalike)
    return "\"" + shown.plainLine + (text.unicodeScalars.count > 60 ? "…" : "") + "\""
        + (lookalike.map { " (with \($0.codePoint))" } ?? "")
}
