import Shared

/// A table as RFC 4180 has it: commas, CRLF, quotes doubled, UTF-8.
enum CSV {
    enum Cell: Equatable {
        case empty
        /// Digits of ours: written as they are, so that a minus sign stays a number's.
        case number(String)
        /// Anybody's words. Where a spreadsheet would run them as a formula, an apostrophe stands
        /// before them.
        case text(String)
    }

    static func line(_ cells: [Cell]) -> String {
        var bytes: [UInt8] = []
        appendLine(cells, to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    static func appendLine(_ cells: [Cell], to bytes: inout [UInt8]) {
        append(cells, to: &bytes)
        endLine(&bytes)
    }

    static func endLine(_ bytes: inout [UInt8]) {
        bytes.append(UInt8(ascii: "\r"))
        bytes.append(UInt8(ascii: "\n"))
    }

    /// The cells with commas between them.
    static func append(_ cells: [Cell], to bytes: inout [UInt8]) {
        var isFirst = true
        for cell in cells {
            if !isFirst { bytes.append(UInt8(ascii: ",")) }
            isFirst = false
            switch cell {
            case .empty: break
            case .number(let digits): bytes.append(contentsOf: digits.utf8)
            case .text(let text): append(text: text.utf8, to: &bytes)
            }
        }
    }

    /// As `plainText`, quoted where it must be, and with an apostrophe before what a spreadsheet
    /// would run.
    static func append(text: some Collection<UInt8>, to bytes: inout [UInt8]) {
        if text.allSatisfy({ (0x20..<0x7F).contains($0) }) {
            append(plain: text, to: &bytes)
        } else {
            append(plain: String(decoding: text, as: UTF8.self).plainText.utf8, to: &bytes)
        }
    }

    private static func append(plain text: some Collection<UInt8>, to bytes: inout [UInt8]) {
        let mustQuote = text.contains { byte in
            switch byte {
            case UInt8(ascii: ","), UInt8(ascii: "\""), UInt8(ascii: "\r"), UInt8(ascii: "\n"): true
            default: false
            }
        }
        if mustQuote { bytes.append(UInt8(ascii: "\"")) }
        if CellText.formula(text) == .dangerous { bytes.append(UInt8(ascii: "'")) }
        guard mustQuote else {
            bytes.append(contentsOf: text)
            return
        }
        for byte in text {
            bytes.append(byte)
            if byte == UInt8(ascii: "\"") { bytes.append(byte) }
        }
        bytes.append(UInt8(ascii: "\""))
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
