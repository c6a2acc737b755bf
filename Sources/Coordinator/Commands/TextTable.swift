import Shared

/// Lines up columns for a person to read: texts to the left, numbers to the right. A cell has one
/// line, with an escape for each character that is not plain.
struct TextTable {
    private let header: [String]
    private var rows: [[String]] = []

    init(_ header: [String]) { self.header = header.map(\.plainLine) }

    mutating func add(_ cells: [String]) { rows.append(cells.map(\.plainLine)) }

    var text: String {
        let all = [header] + rows
        let widths = header.indices.map { column in all.map { $0[column].count }.max() ?? 0 }
        let isNumeric = header.indices.map { column in
            !rows.isEmpty && rows.allSatisfy { $0[column].isEmpty || Double($0[column]) != nil }
        }
        return all.map { row in
            let cells = row.indices.map { column in
                let padding = String(repeating: " ", count: widths[column] - row[column].count)
                return isNumeric[column] ? padding + row[column] : row[column] + padding
            }
            let line = cells.joined(separator: "  ")
            return String(line.reversed().drop { $0 == " " }.reversed())
        }.joined(separator: "\n")
    }
}
