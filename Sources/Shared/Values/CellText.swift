/// What programs that read CSV make of a text in a cell.
public enum CellText {
    /// What common readers take a text for if it is not what was written: a relative clause for a
    /// warning. Nil for a text that all of them read as it is.
    public static func misreading(of text: String) -> String? {
        let lower = text.lowercased()
        if text.isEmpty || (missing.contains(lower) && text != "none") {
            return "which readers of CSV (pandas, R) take for a missing value"
        }
        if ["true", "false", "t", "f"].contains(lower) {
            return "which readers of CSV (pandas, R, spreadsheets) take for a truth value"
        }
        if text.first?.isWhitespace ?? false || text.last?.isWhitespace ?? false {
            return "whose outer spaces some readers of CSV remove"
        }
        if Double(text) != nil {
            return "which readers of CSV take for a number and may write otherwise"
        }
        if isDate(lower) { return "which spreadsheets take for a date or a time" }
        switch formula(text.utf8) {
        case .none: return nil
        case .harmless: return "which spreadsheets take for a formula"
        case .dangerous:
            return "before which reports write an apostrophe, since spreadsheets would run it as "
                + "a formula"
        }
    }

    /// In small letters; what pandas, R, SQL and JSON have for nothing.
    private static let missing: Set = [
        "na", "n/a", "nan", "-nan", "null", "none", "nil", "<na>", "#na", "#n/a", "#n/a n/a",
        "1.#ind", "-1.#ind", "1.#qnan", "-1.#qnan",
    ]

    public enum Formula: Sendable {
        case none
        /// Begins with a minus sign and goes on as a plain name. A spreadsheet shows it otherwise,
        /// but it can neither call a function nor name another program or file.
        case harmless
        case dangerous
    }

    /// Whether a spreadsheet takes a text for a formula.
    public static func formula(_ text: some Collection<UInt8>) -> Formula {
        switch text.first {
        case UInt8(ascii: "-"): text.allSatisfy(isPlain) ? .harmless : .dangerous
        case UInt8(ascii: "="), UInt8(ascii: "+"), UInt8(ascii: "@"), 0, 9, 10, 13: .dangerous
        default: .none
        }
    }

    /// Letters of any language, digits, `-`, `_`, `.` and spaces, but no full-width forms, which
    /// spreadsheets may read as the operators that they look like (their first byte is 0xEF).
    private static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "-"), UInt8(ascii: "_"),
            UInt8(ascii: "."), UInt8(ascii: " "), 0x80..<0xEF, 0xF0...:
            true
        default: false
        }
    }

    private static let months = [
        "january", "february", "march", "april", "may", "june", "july", "august", "september",
        "october", "november", "december",
    ]

    /// `2026-11-30`, `1/2`, `12:30`, `mar1`, `1-dec`.
    private static func isDate(_ text: String) -> Bool {
        let parts = text.split { "-/:. ".contains($0) }
        guard (1...3).contains(parts.count), text.first?.isLetter ?? false || startsWithDigit(text)
        else { return false }
        if parts.count > 1, parts.allSatisfy({ (1...4).contains($0.count) && isDigits($0) }) {
            return true
        }
        let runs = parts.flatMap { part -> [Substring] in
            let letters = part.prefix { $0.isLetter }
            return [letters, part.dropFirst(letters.count)].filter { !$0.isEmpty }
        }
        guard (2...3).contains(runs.count) else { return false }
        let (words, numbers) = (runs.filter { !isDigits($0) }, runs.filter(isDigits))
        return words.count == 1 && numbers.allSatisfy { $0.count <= 4 }
            && months.contains { $0 == words[0] || $0.prefix(3) == words[0] }
    }

    private static func startsWithDigit(_ text: String) -> Bool { isDigits(text.prefix(1)) }

    private static func isDigits(_ text: Substring) -> Bool {
        !text.isEmpty && text.utf8.allSatisfy { (48...57).contains($0) }
    }
}
