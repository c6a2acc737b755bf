/// Reads what `CSV.line` writes: commas, CRLF or LF, quotes doubled.
extension CSV {
    /// The cells of each line, the header's first. An unclosed quote ends with the text.
    static func read(_ text: String) -> [[String]] {
        var reader = Reader()
        for scalar in text.unicodeScalars { reader.take(scalar) }
        return reader.end()
    }

    private struct Reader {
        private var lines: [[String]] = []
        private var line: [String] = []
        private var cell = ""
        private var state = State.plain

        private enum State {
            case plain
            case quoted
            /// After a quote within quotes: the end of the cell, or the first of two.
            case closing
        }

        mutating func take(_ scalar: Unicode.Scalar) {
            switch (state, scalar) {
            case (.plain, "\""): state = .quoted
            case (.quoted, "\""): state = .closing
            case (.closing, "\""):
                cell.unicodeScalars.append(scalar)
                state = .quoted
            case (.quoted, _): cell.unicodeScalars.append(scalar)
            case (_, ","): endCell()
            case (_, "\n"): endLine()
            case (_, "\r"): break
            case (_, _): cell.unicodeScalars.append(scalar)
            }
        }

        mutating func end() -> [[String]] {
            if !cell.isEmpty || !line.isEmpty { endLine() }
            return lines
        }

        private mutating func endCell() {
            line.append(cell)
            (cell, state) = ("", .plain)
        }

        private mutating func endLine() {
            endCell()
            lines.append(line)
            line = []
        }
    }
}
