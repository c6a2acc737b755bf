import Shared

/// Characters that word processors, web pages and chat programs put in place of ASCII's, outside
/// quotes and comments: the parser takes them for letters, and nobody sees the difference.
extension YAMLGuard {
    func refuseLookalike() throws(SweepMistakes) {
        let scalar = scalar(at: index)
        let next = index + UTF8.width(scalar) < bytes.count ? bytes[index + UTF8.width(scalar)] : 10
        let isBeforeNumber = (48...57).contains(next) || next == UInt8(ascii: ".")
        let isBeforeBlank = next == 32 || next == 9 || next == 10 || next == 13
        switch scalar.properties.generalCategory {
        case .spaceSeparator:
            throw refused(scalar, "an ordinary space")
        case .initialPunctuation, .finalPunctuation, .openPunctuation:
            let isDouble = scalar == "\u{201C}" || scalar == "\u{201D}" || scalar == "\u{201E}"
            guard mayBegin, isDouble || (0x2018...0x201F).contains(scalar.value) else { return }
            throw refused(scalar, "a plain quote: \" or '")
        case .dashPunctuation, .mathSymbol:
            guard scalar.properties.generalCategory == .dashPunctuation || scalar == "\u{2212}"
            else { return }
            let isSign = isBeforeNumber && (mayBegin || isAfterExponentLetter)
            guard isSign || mayBegin && isBeforeBlank else { return }
            throw refused(scalar, "\"-\"")
        default: return
        }
    }

    /// The character at a byte. The bytes are UTF-8, and the byte begins a character.
    func scalar(at position: Int) -> Unicode.Scalar {
        String(decoding: bytes[position...].prefix(4), as: UTF8.self).unicodeScalars.first
            ?? "\u{fffd}"
    }

    /// `column 7` of this line, counted in characters.
    var column: String {
        let before = String(decoding: bytes[lineStart..<index], as: UTF8.self)
        return "column \(before.unicodeScalars.count + 1)"
    }

    /// Whether the `e` of a number stands before: `1e−4`.
    private var isAfterExponentLetter: Bool {
        guard index - 2 >= lineStart else { return false }
        return bytes[index - 1] | 0x20 == UInt8(ascii: "e")
            && ((48...57).contains(bytes[index - 2]) || bytes[index - 2] == UInt8(ascii: "."))
    }

    private func refused(_ scalar: Unicode.Scalar, _ wanted: String) -> SweepMistakes {
        SweepFile.unreadable(
            "\(column): found \(scalar.described), wanted \(wanted)", line: line)
    }
}
