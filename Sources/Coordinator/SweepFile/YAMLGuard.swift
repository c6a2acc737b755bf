import Shared

/// Looks over the text of a sweep file before the parser of YAML does, and refuses what no sweep
/// file needs and a parser can be hurt by: anchors and aliases (a few hundred bytes of them expand
/// to gigabytes), nesting without end, tags, block texts. What it refuses, it refuses with a line
/// and a sentence.
///
/// It follows quotes, comments and the places where a value may begin, no more. Where it cannot
/// tell, it refuses: a text without quotes that goes on over several lines, for example, in which
/// the parser gives a quote or a bracket another meaning than elsewhere.
struct YAMLGuard {
    let bytes: [UInt8]
    private(set) var index = 0
    private(set) var line = 1
    private(set) var lineStart = 0
    /// The quote that is open, or 0.
    private var quote: UInt8 = 0
    private var flowDepth = 0
    /// The columns at which the block structures that are open began, and whether a map or a list
    /// is known to stand there: a text goes on over lines that are further in than those.
    private var columns: [(column: Int, isSettled: Bool)] = []
    /// Whether a text without quotes began and nothing has ended it yet.
    private var isInPlain = false
    /// The line on which it began.
    private var plainLine = 1
    /// Whether a value may begin here.
    private(set) var mayBegin = true
    /// Whether a quoted text or a flow collection has just ended: then `:` needs no space after it.
    private var hasClosed = false

    static func check(_ text: String) throws(SweepMistakes) {
        var yaml = YAMLGuard(bytes: Array(text.utf8))
        while yaml.index < yaml.bytes.count { try yaml.step() }
    }

    private init(bytes: [UInt8]) { self.bytes = bytes }

    private mutating func step() throws(SweepMistakes) {
        let byte = bytes[index]
        try refuseStrangeLineEnds(byte)
        if quote == 0, byte >= 0xC2 { try refuseLookalike() }
        switch byte {
        case UInt8(ascii: "\n"), UInt8(ascii: "\r"): endLine(byte)
        case _ where quote != 0: stepQuoted(byte)
        case UInt8(ascii: " "): index += 1
        case UInt8(ascii: "\t"): try stepTab()
        case UInt8(ascii: "#") where index == lineStart || isBlank(index - 1):
            try skipComment()
        case _ where mayBegin: try begin(byte)
        default: try stepInside(byte)
        }
    }

    private mutating func endLine(_ byte: UInt8) {
        let isPair = byte == UInt8(ascii: "\r") && peek(1) == UInt8(ascii: "\n")
        index += isPair ? 2 : 1
        line += 1
        lineStart = index
        if quote == 0 { (mayBegin, hasClosed) = (true, false) }
    }

    private mutating func stepQuoted(_ byte: UInt8) {
        let isDouble = quote == UInt8(ascii: "\"")
        if isDouble, byte == UInt8(ascii: "\\"), let next = peek(1), next != UInt8(ascii: "\n"),
            next != UInt8(ascii: "\r")
        {
            index += 2
        } else if byte == quote, !isDouble, peek(1) == quote {
            index += 2
        } else {
            if byte == quote { (quote, hasClosed) = (0, true) }
            index += 1
        }
    }

    private mutating func stepTab() throws(SweepMistakes) {
        let isIndent = bytes[lineStart..<index].allSatisfy { $0 == UInt8(ascii: " ") }
        let next = bytes[index...].first { $0 != UInt8(ascii: "\t") && $0 != UInt8(ascii: " ") }
        let isEmptyLine = next.map { [10, 13, UInt8(ascii: "#")].contains($0) } ?? true
        if isIndent, !isEmptyLine {
            throw refusal("found a tab in the indentation, wanted spaces")
        }
        index += 1
    }

    private mutating func skipComment() throws(SweepMistakes) {
        while index < bytes.count, bytes[index] != 10, bytes[index] != 13 {
            try refuseStrangeLineEnds(bytes[index])
            index += 1
        }
    }
}

// MARK: - Where a value begins, and inside it

extension YAMLGuard {
    private mutating func begin(_ byte: UInt8) throws(SweepMistakes) {
        try refuseSecondLine(byte)
        switch byte {
        case UInt8(ascii: "&"), UInt8(ascii: "*"):
            throw refusal(
                "found an anchor or alias (& or *), which sweep files do not have, wanted the "
                    + "value itself (or quotes round a text that begins so)")
        case UInt8(ascii: "!"):
            throw refusal("found a tag (!), which sweep files do not have, wanted the value alone")
        case UInt8(ascii: "|"), UInt8(ascii: ">"):
            throw refusal("found a block text (| or >), wanted the text in quotes on one line")
        case UInt8(ascii: "\""), UInt8(ascii: "'"):
            quote = byte
            mayBegin = false
            try open()
            isInPlain = false
            index += 1
        case UInt8(ascii: "["), UInt8(ascii: "{"), UInt8(ascii: "]"), UInt8(ascii: "}"),
            UInt8(ascii: ","):
            try flow(byte)
        case UInt8(ascii: "-"), UInt8(ascii: "?"), UInt8(ascii: ":"):
            try indicator(byte)
        default:
            mayBegin = false
            try open()
        }
    }

    private mutating func indicator(_ byte: UInt8) throws(SweepMistakes) {
        let isMarker = index == lineStart && byte == UInt8(ascii: "-") && isDocumentMarker
        guard isMarker || endsWord(at: index + 1) else {
            mayBegin = false
            try open()
            index += 1
            return
        }
        try open()
        isInPlain = false
        if flowDepth == 0, !isMarker { settle() }
        index += isMarker ? 3 : 1
    }

    /// A text without quotes that the line above began ends with it, unless this line is further
    /// in. In brackets only a comma or a bracket ends it.
    private mutating func refuseSecondLine(_ byte: UInt8) throws(SweepMistakes) {
        guard isInPlain else { return }
        isInPlain = false
        if flowDepth > 0 {
            if ",]}".utf8.contains(byte) { return }
            throw SweepFile.unreadable(
                "found a value without \",\" or a closing bracket after it, wanted \",\" between "
                    + "values and a ] or } after the last",
                line: plainLine)
        }
        let settled = columns.last(where: \.isSettled)?.column ?? -1
        guard index - lineStart > settled else { return }
        throw refusal(
            "found a line that is further in, which makes it part of the text above it, wanted all "
                + "keys of a map equally far in")
    }

    /// What began last is a map or a list, now that its `:` or `-` has been seen.
    private mutating func settle() {
        if !columns.isEmpty { columns[columns.count - 1].isSettled = true }
    }

    private var isDocumentMarker: Bool {
        bytes[index...].starts(with: Array("---".utf8)) && endsWord(at: index + 3)
    }

    private mutating func stepInside(_ byte: UInt8) throws(SweepMistakes) {
        switch byte {
        case UInt8(ascii: ":") where hasClosed || endsWord(at: index + 1):
            (mayBegin, hasClosed, isInPlain) = (true, false, false)
            if flowDepth == 0 { settle() }
            index += 1
        case UInt8(ascii: ","), UInt8(ascii: "["), UInt8(ascii: "]"), UInt8(ascii: "{"),
            UInt8(ascii: "}"):
            if flowDepth > 0 { try flow(byte) } else { index += 1 }
        default:
            hasClosed = false
            index += 1
        }
    }

    private mutating func flow(_ byte: UInt8) throws(SweepMistakes) {
        isInPlain = false
        switch byte {
        case UInt8(ascii: "["), UInt8(ascii: "{"):
            flowDepth += 1
            mayBegin = true
            try checkDepth()
        case UInt8(ascii: ","):
            mayBegin = true
        default:
            flowDepth = max(0, flowDepth - 1)
            (mayBegin, hasClosed) = (false, true)
        }
        index += 1
    }

    /// Something begins at this column: what began to the right of it has ended.
    private mutating func open() throws(SweepMistakes) {
        (isInPlain, plainLine) = (true, line)
        guard flowDepth == 0 else { return }
        let column = index - lineStart
        while let last = columns.last, last.column > column { columns.removeLast() }
        if columns.last?.column != column { columns.append((column, false)) }
        try checkDepth()
    }

    /// A key and its value may each take a column, hence twice the limit: the exact one is checked
    /// on the parsed document, this one keeps the parser from deep recursion.
    private func checkDepth() throws(SweepMistakes) {
        guard columns.count + flowDepth > 2 * Limits.sweepNestingMax else { return }
        throw refusal(
            "found values nested more than \(Limits.sweepNestingMax) deep, wanted at most that")
    }
}

extension YAMLGuard {
    private func peek(_ offset: Int) -> UInt8? {
        index + offset < bytes.count ? bytes[index + offset] : nil
    }

    private func isBlank(_ position: Int) -> Bool {
        bytes[position] == UInt8(ascii: " ") || bytes[position] == UInt8(ascii: "\t")
    }

    /// Whether what stands before `position` is a word of its own there.
    private func endsWord(at position: Int) -> Bool {
        guard position < bytes.count else { return true }
        let next = bytes[position]
        return isBlank(position) || next == 10 || next == 13
            || flowDepth > 0 && ",[]{}".utf8.contains(next)
    }

    /// U+0085, U+2028 and U+2029 end lines for the parser and for nobody else, and it skips a
    /// U+FEFF: with them a text could look different to the two of us.
    private func refuseStrangeLineEnds(_ byte: UInt8) throws(SweepMistakes) {
        guard byte == 0xc2 || byte == 0xe2 || byte == 0xef else { return }
        let next = bytes[index...].prefix(3)
        let strange: [[UInt8]] = [
            [0xc2, 0x85], [0xe2, 0x80, 0xa8], [0xe2, 0x80, 0xa9], [0xef, 0xbb, 0xbf],
        ]
        guard strange.contains(where: { next.starts(with: $0) }) else { return }
        throw refusal(
            "\(column): found an invisible line or order mark (\(scalar(at: index).codePoint)), "
                + "wanted ordinary line ends")
    }

    private func refusal(_ sentence: String) -> SweepMistakes {
        SweepFile.unreadable(sentence, line: line)
    }
}
