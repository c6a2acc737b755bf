/// A report as rows of cells by column: RFC 4180 read by other code than that which wrote it.
public struct Table {
    public let columns: [String]
    public let rows: [[String: String]]

    public init(_ csv: String) {
        let lines = Self.cells(csv)
        let columns = lines.first ?? []
        self.columns = columns
        rows = lines.dropFirst().map { Dictionary(zip(columns, $0)) { first, _ in first } }
    }

    public func column(_ name: String) -> [String] { rows.map { $0[name] ?? "(none)" } }

    private static func cells(_ csv: String) -> [[String]] {
        var (lines, line, cell, isQuoted): ([[String]], [String], String, Bool) = (
            [], [], "", false
        )
        var previous: Character = ","
        for character in csv {
            defer { previous = character }
            switch character {
            // Two quotes within a quoted cell stand for one: the second opens it again.
            case "\"":
                if !isQuoted, previous == "\"" { cell.append(character) }
                isQuoted.toggle()
            case _ where isQuoted: cell.append(character)
            case ",":
                line.append(cell)
                cell = ""
            case "\r\n":
                lines.append(line + [cell])
                (line, cell) = ([], "")
            default: cell.append(character)
            }
        }
        return lines
    }
}
