import Foundation
import Shared

/// Reads a gate as people, spreadsheets, NumPy and pandas write it: a line for each row, with
/// commas, semicolons, tabs or spaces between the cells, or with nothing between single digits. A
/// cell is 0 or 1 in any spelling of the number (`1.0`, `1.000e+00`), or true or false, in quotes
/// or not. Empty lines and empty cells at a line's end are skipped.
struct GateText {
    /// The rows as texts of the digits 0 and 1.
    static func rows(of bytes: Data) throws(GateTextError) -> [String] {
        if let type = FileType.name(of: bytes) {
            throw GateTextError("found \(type), wanted rows of 0 and 1 as UTF-8 text")
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw GateTextError("found bytes that are not UTF-8, wanted UTF-8 text")
        }
        var scalars = Array(text.unicodeScalars)
        if scalars.first == "\u{feff}" { scalars.removeFirst() }
        var rows: [String] = []
        for (index, line) in lines(scalars).enumerated() {
            let row = try GateText(scalars: line, line: index + 1, rowsBefore: rows.count).row()
            if !row.isEmpty { rows.append(row) }
        }
        return rows
    }

    /// Split at LF, CR LF and CR alone: other programs know no other line ends.
    private static func lines(_ scalars: [Unicode.Scalar]) -> [[Unicode.Scalar]] {
        var lines: [[Unicode.Scalar]] = [[]]
        var last: Unicode.Scalar?
        for scalar in scalars {
            switch scalar {
            case "\n" where last == "\r": break
            case "\n", "\r": lines.append([])
            default: lines[lines.count - 1].append(scalar)
            }
            last = scalar
        }
        return lines
    }

    private let scalars: [Unicode.Scalar]
    private let line: Int
    /// How many rows stand above.
    private let rowsBefore: Int

    private struct Cell {
        var text: ArraySlice<Unicode.Scalar>
        /// Whether a comma or semicolon stands before or after it.
        var isDelimited: Bool

        var string: String {
            var string = ""
            string.unicodeScalars.append(contentsOf: text)
            return string
        }
    }
}

// MARK: - One line

extension GateText {
    private func row() throws(GateTextError) -> String {
        var cells = try cells()
        while let last = cells.last, last.text.isEmpty { cells.removeLast() }
        try refuseHeader(cells)
        var row = ""
        for (index, cell) in cells.enumerated() { row += try digits(cell, number: index) }
        return row
    }

    private func cells() throws(GateTextError) -> [Cell] {
        let delimiters = scalars.indices.filter { scalars[$0] == "," || scalars[$0] == ";" }
        if let first = delimiters.first,
            let other = delimiters.first(where: { scalars[$0] != scalars[first] })
        {
            throw mistake(
                at: other,
                "found \"\(scalars[other])\" after \"\(scalars[first])\", wanted one of the two "
                    + "between all cells")
        }
        var cells: [Cell] = []
        var start = 0
        for end in delimiters + [scalars.count] {
            let words = scalars[start..<end].split { $0 == " " || $0 == "\t" }
            if words.isEmpty, !delimiters.isEmpty {
                cells.append(Cell(text: scalars[start..<start], isDelimited: true))
            }
            for word in words {
                cells.append(Cell(text: word, isDelimited: !delimiters.isEmpty))
            }
            start = end + 1
        }
        return cells
    }

    private func digits(_ cell: Cell, number: Int) throws(GateTextError) -> String {
        var bare = cell.text
        if bare.count >= 2, let quote = bare.first, quote == "\"" || quote == "'",
            bare.last == quote
        {
            bare = bare.dropFirst().dropLast()
        }
        let text = Cell(text: bare, isDelimited: cell.isDelimited).string
        if !cell.isDelimited, bare.count > 1, bare.allSatisfy({ $0 == "0" || $0 == "1" }) {
            return text
        }
        switch text.lowercased() {
        case "true": return "1"
        case "false": return "0"
        default: break
        }
        // A whole number of several digits is a label, or cells without their separators.
        let isLong = bare.count > 1 && bare.allSatisfy { ("0"..."9").contains($0) }
        if !isLong, let value = NumberText(text) {
            if value == NumberText("0") { return "0" }
            if value == NumberText("1") { return "1" }
        }
        throw unreadable(cell, bare, number: number)
    }

    private func unreadable(
        _ cell: Cell, _ bare: ArraySlice<Unicode.Scalar>, number: Int
    ) -> GateTextError {
        guard !bare.isEmpty else {
            return mistake(at: cell.text.startIndex, "found an empty cell, wanted 0 or 1")
        }
        if let odd = bare.indices.first(where: { !scalars[$0].isASCII || !scalars[$0].isPlain }) {
            return mistake(at: odd, "found \(scalars[odd].described), wanted 0 or 1")
        }
        let text = String(cell.string.prefix(40))
        let isLabel = number == 0 && rowsBefore > 1 && Int(text) == rowsBefore
        return mistake(
            at: cell.text.startIndex,
            "found \"\(text)\", wanted 0 or 1"
                + (isLabel ? " (row labels? pandas leaves them out with index=False)" : ""))
    }

    /// A header stands above all rows: names, the numbers 0, 1, 2, …, or an empty cell above the
    /// row labels.
    private func refuseHeader(_ cells: [Cell]) throws(GateTextError) {
        guard rowsBefore == 0, let first = cells.first else { return }
        let isCounted =
            cells.count > 2 && cells.enumerated().allSatisfy { $1.string == String($0) }
        let isNamed = cells.allSatisfy { cell in
            let text = cell.string.lowercased()
            let isWord = cell.text.contains { $0.properties.isAlphabetic && $0.isASCII }
            return isWord && text != "true" && text != "false" && NumberText(text) == nil
        }
        guard first.text.isEmpty || isCounted || isNamed else { return }
        throw mistake(
            at: first.text.startIndex,
            "found a header row, wanted only rows of 0 and 1 (pandas writes them with "
                + "header=False, index=False)")
    }

    private func mistake(at index: Int, _ sentence: String) -> GateTextError {
        GateTextError(sentence, line: line, column: index + 1)
    }
}

/// Why a text is no gate.
struct GateTextError: Error, CustomStringConvertible {
    let description: String
    /// Between a file's name and the description.
    let separator: String

    init(_ sentence: String) { (description, separator) = (sentence, ": ") }

    /// - Parameters:
    ///   - line: counts from 1.
    ///   - column: counts characters from 1.
    init(_ sentence: String, line: Int, column: Int) {
        description = "line \(line), column \(column): \(sentence)"
        separator = ", "
    }
}
