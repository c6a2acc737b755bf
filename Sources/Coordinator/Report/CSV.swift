/// A table as RFC 4180 has it: commas, CRLF, quotes doubled, UTF-8.
enum CSV {
    enum Cell: Equatable {
        case empty
        /// Digits of ours: written as they are, so that a minus sign stays a number's.
        case number(String)
        /// Anybody's words. Where a spreadsheet would take them for a formula, an apostrophe stands
        /// before them.
        case text(String)
    }

    static func line(_ cells: [Cell]) -> String {
        cells.map(written).joined(separator: ",") + "\r\n"
    }

    private static func written(_ cell: Cell) -> String {
        switch cell {
        case .empty: ""
        case .number(let digits): digits
        case .text(let text): quoted(defused(text))
        }
    }

    private static func defused(_ text: String) -> String {
        guard let first = text.utf8.first, Array("=+-@\t\r".utf8).contains(first) else {
            return text
        }
        return "'" + text
    }

    private static func quoted(_ text: String) -> String {
        let mustQuote = text.utf8.contains { Array(",\"\r\n".utf8).contains($0) }
        guard mustQuote else { return text }
        var escaped = "\""
        for character in text.unicodeScalars {
            if character == "\"" {
                escaped += "\"\""
            } else {
                escaped.unicodeScalars.append(character)
            }
        }
        return escaped + "\""
    }
}

extension CSV.Cell {
    static func number(_ value: Int) -> CSV.Cell { .number(String(value)) }

    /// A value of an axis: as a number where it is one, else as text.
    static func axis(_ text: String) -> CSV.Cell {
        if text.isEmpty { return .empty }
        return Double(text) == nil ? .text(text) : .number(text)
    }
}
