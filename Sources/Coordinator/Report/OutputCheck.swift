import Foundation
import Shared

/// What common readers cut or change of a file that a command writes: spreadsheets have limits on
/// rows, columns, cells and digits, and readers with float64 numbers change large integers. One
/// pass over the bytes.
enum OutputCheck {
    enum Format {
        case csv
        case json
    }

    /// One sentence for all that is cut or changed; nil where nothing is.
    static func warning(of file: Data, as format: Format?) -> String? {
        guard let format else { return nil }
        var scan = Scan(format)
        file.withUnsafeBytes { bytes in
            for byte in bytes { scan.take(byte) }
        }
        scan.end()
        return scan.warning
    }

    /// Of the bytes of a CSV or JSON text.
    private struct Scan {
        private let format: Format
        private var isQuoted = false
        private var isEscaped = false
        private var (rows, columns, columnsMax) = (0, 0, 0)
        /// UTF-16 code units, as spreadsheets count them.
        private var (cellUnits, longestCell) = (0, 0)
        private var number = NumberScan()
        private var (longNumbers, largeIntegers) = (0, 0)

        init(_ format: Format) { self.format = format }

        mutating func take(_ byte: UInt8) {
            switch format {
            case .csv: takeCSV(byte)
            case .json: takeJSON(byte)
            }
        }

        private mutating func takeCSV(_ byte: UInt8) {
            switch byte {
            case UInt8(ascii: "\""): isQuoted.toggle()
            case UInt8(ascii: ",") where !isQuoted: endCell()
            case UInt8(ascii: "\n") where !isQuoted:
                endCell()
                endRow()
            case UInt8(ascii: "\r") where !isQuoted: break
            default:
                // Continuation bytes count nothing; a character of four bytes is two units.
                if byte & 0xC0 != 0x80 { cellUnits += byte >= 0xF0 ? 2 : 1 }
                number.take(byte)
            }
        }

        /// Every run of bytes that can be a number, outside texts.
        private mutating func takeJSON(_ byte: UInt8) {
            if isQuoted {
                if isEscaped {
                    isEscaped = false
                } else if byte == UInt8(ascii: "\\") {
                    isEscaped = true
                } else if byte == UInt8(ascii: "\"") {
                    isQuoted = false
                }
                return
            }
            switch byte {
            case UInt8(ascii: "\""): isQuoted = true
            case UInt8(ascii: ","), UInt8(ascii: ":"), UInt8(ascii: "["), UInt8(ascii: "]"),
                UInt8(ascii: "{"), UInt8(ascii: "}"), UInt8(ascii: " "), UInt8(ascii: "\n"):
                endNumber()
            default: number.take(byte)
            }
        }

        mutating func end() {
            if columns > 0 || cellUnits > 0 {
                endCell()
                endRow()
            }
            endNumber()
        }

        private mutating func endCell() {
            columns += 1
            longestCell = max(longestCell, cellUnits)
            cellUnits = 0
            endNumber()
        }

        private mutating func endRow() {
            rows += 1
            columnsMax = max(columnsMax, columns)
            columns = 0
        }

        private mutating func endNumber() {
            if number.isInteger(above: Limits.float64IntegerMax) {
                largeIntegers += 1
            } else if number.hasMoreDigits(than: Limits.spreadsheetDigitsMax) {
                longNumbers += 1
            }
            number = NumberScan()
        }

        var warning: String? {
            var found: [String] = []
            if format == .csv {
                if rows > Limits.spreadsheetRowsMax {
                    found.append(
                        "\(rows) rows, of which spreadsheets read \(Limits.spreadsheetRowsMax)")
                }
                if columnsMax > Limits.spreadsheetColumnsMax {
                    found.append(
                        "\(columnsMax) columns, of which spreadsheets read "
                            + "\(Limits.spreadsheetColumnsMax)")
                }
                if longestCell > Limits.spreadsheetCellUnitsMax {
                    found.append(
                        "a cell of \(longestCell) characters, of which spreadsheets read "
                            + "\(Limits.spreadsheetCellUnitsMax)")
                }
                if longNumbers > 0 {
                    found.append(
                        "integers of more than \(Limits.spreadsheetDigitsMax) digits, which "
                            + "spreadsheets round (\(longNumbers))")
                }
            }
            if largeIntegers > 0 {
                found.append(
                    "integers above 2^53, which readers with float64 numbers change "
                        + "(\(largeIntegers))")
            }
            return found.isEmpty ? nil : "the output has " + found.joined(separator: "; ")
        }
    }

    /// A cell or token as it comes: whether it is an integer, and of how many digits.
    private struct NumberScan {
        private var digits = 0
        private var value = 0.0
        private var count = 0
        private var state = State.start

        private enum State {
            case start
            case whole
            /// `12e34`: 32 hexadecimal digits may happen to look so.
            case exponent
            case other
        }

        mutating func take(_ byte: UInt8) {
            count += 1
            switch (state, byte) {
            case (.start, UInt8(ascii: "-")) where count == 1: break
            case (.start, UInt8(ascii: "0")...UInt8(ascii: "9")),
                (.whole, UInt8(ascii: "0")...UInt8(ascii: "9")):
                state = .whole
                value = value * 10 + Double(byte - UInt8(ascii: "0"))
                if value > 0 { digits += 1 }
            case (.whole, UInt8(ascii: "e")): state = .exponent
            case (.exponent, UInt8(ascii: "0")...UInt8(ascii: "9")): digits += 1
            default: state = .other
            }
        }

        func isInteger(above bound: Double) -> Bool { state == .whole && value > bound }

        func hasMoreDigits(than count: Int) -> Bool {
            (state == .whole || state == .exponent) && digits > count
        }
    }
}
