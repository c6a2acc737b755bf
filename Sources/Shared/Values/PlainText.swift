/// Text that may be shown to people wherever they read it.
extension Unicode.Scalar {
    /// Whether a terminal shows it in its place: false for control characters (C0, C1), line and
    /// paragraph separators, and format characters, which are invisible or change the direction of
    /// the text around them.
    public var isPlain: Bool {
        if (0x20..<0x7F).contains(value) { return true }
        switch properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator: return false
        default: return true
        }
    }

    /// `U+2212`.
    public var codePoint: String {
        let digits = String(value, radix: 16, uppercase: true)
        return "U+" + String(repeating: "0", count: max(0, 4 - digits.count)) + digits
    }

    /// How a message shows this one character: with its code point unless it is ASCII.
    public var described: String {
        if !isPlain { return codePoint }
        return isASCII ? "\"\(self)\"" : "\"\(self)\" (\(codePoint))"
    }

    /// Whether it is easily taken for an ASCII character: a space, dash, quote or a full-width
    /// form.
    var isLookalike: Bool {
        if isASCII { return false }
        if value == 0x2212 || (0xFF01...0xFF5E).contains(value) { return true }
        switch properties.generalCategory {
        case .spaceSeparator, .dashPunctuation, .initialPunctuation, .finalPunctuation,
            .openPunctuation:
            return true
        default: return false
        }
    }
}

extension String {
    /// Whether a name may be so: every character is plain or joins letters (U+200C, U+200D), and
    /// there is no line end.
    public var isPlain: Bool { unicodeScalars.allSatisfy { $0.isPlain || $0.isJoiner } }

    /// The text on one line, with an escape such as `\n` or `\u{9b}` for each character that is not
    /// plain.
    public var plainLine: String { escaped(keepsLines: false) { $0.escape } }

    /// The text with an escape such as `\u{9b}` for each character that is not plain, except tabs
    /// and line ends.
    public var plainText: String { escaped(keepsLines: true) { $0.escape } }

    /// The same JSON with a `\u009b` for each character that is not plain, except tabs and line
    /// ends: elsewhere than in its strings JSON has none.
    public var plainJSON: String { escaped(keepsLines: true) { $0.jsonEscape } }

    private func escaped(
        keepsLines: Bool, _ escape: (Unicode.Scalar) -> String
    ) -> String {
        guard !utf8.allSatisfy({ (0x20..<0x7F).contains($0) }) else { return self }
        var text = ""
        var scalars = unicodeScalars[...]
        var last: Unicode.Scalar = " "
        while let scalar = scalars.popFirst() {
            let isKept =
                keepsLines
                && (scalar == "\n" || scalar == "\t" || scalar == "\r" && scalars.first == "\n")
            // Some scripts and pictures need joiners; among ASCII they only hide a difference.
            let isJoined = scalar.isJoiner && !last.isASCII && last.isPlain
            last = scalar
            if isKept || isJoined || scalar.isPlain {
                text.unicodeScalars.append(scalar)
            } else {
                text += escape(scalar)
            }
        }
        return text
    }
}

extension Unicode.Scalar {
    fileprivate var isJoiner: Bool { value == 0x200C || value == 0x200D }

    fileprivate var escape: String {
        switch self {
        case "\n": "\\n"
        case "\r": "\\r"
        case "\t": "\\t"
        default: "\\u{" + String(value, radix: 16) + "}"
        }
    }

    fileprivate var jsonEscape: String {
        String(self).utf16.map { unit in
            let digits = String(unit, radix: 16)
            return "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
        }.joined()
    }
}
