import Foundation
import Testing

@testable import Shared

/// What no terminal may be given as it is, and what everybody may read.
@Suite struct PlainTextTests {
    /// All of C0 and C1, every control of direction, what is invisible, and other line ends.
    static let hostile: [Unicode.Scalar] = {
        let ranges: [ClosedRange<UInt32>] = [
            0...0x1F, 0x7F...0x9F, 0xAD...0xAD, 0x61C...0x61C, 0x180E...0x180E, 0x200B...0x200F,
            0x2028...0x202E, 0x2060...0x2064, 0x2066...0x206F, 0xFEFF...0xFEFF, 0xFFF9...0xFFFB,
            0xE0001...0xE0001, 0xE0020...0xE007F,
        ]
        return ranges.flatMap { $0.compactMap(Unicode.Scalar.init) }
    }()

    @Test func `no control character is plain, and each has its escape`() throws {
        try #require(Self.hostile.count > 90)
        for scalar in Self.hostile {
            let text = "a\(scalar)b"
            // These may stand in names, and among ASCII they are shown all the same.
            let isJoiner = scalar == "\u{200c}" || scalar == "\u{200d}"
            #expect(text.isPlain == isJoiner, "\(scalar.codePoint)")
            #expect(text.plainLine.isPlain, "\(scalar.codePoint)")
            #expect(text.plainLine.unicodeScalars.count > 3, "\(scalar.codePoint)")
            let isKept = scalar == "\n" || scalar == "\t"
            #expect(text.plainText == (isKept ? text : text.plainLine), "\(scalar.codePoint)")
            let json = try JSONValue.string(text).canonicalData()
            let shown = String(decoding: json, as: UTF8.self).plainJSON
            let isShownPlain = shown.unicodeScalars.allSatisfy { $0.isPlain }
            #expect(isShownPlain, "\(scalar.codePoint)")
            #expect(try JSONValue(parsing: Data(shown.utf8)) == .string(text))
        }
    }

    @Test(arguments: [
        "", "MNIST", "größe – 10⁻³", "λ=½", "网络", "سلام", "😀", "e\u{301}", "👩\u{200d}🔬",
        "می\u{200c}خواهم",
    ])
    func `what people write is plain`(text: String) {
        #expect(text.isPlain && text.plainLine == text && text.plainText == text)
        #expect(text.plainJSON == text)
    }

    @Test func `an escape states the character`() {
        let text = "a\u{1b}]0;x\u{7}\n\u{9b}2J\u{202e}\tb\r\nc\rd"
        #expect(
            text.plainLine == #"a\u{1b}]0;x\u{7}\n\u{9b}2J\u{202e}\tb\r\nc\rd"#)
        #expect(text.plainText == "a\\u{1b}]0;x\\u{7}\n\\u{9b}2J\\u{202e}\tb\r\nc\\rd")
    }

    @Test func `a message shows lookalikes with their code points`() {
        #expect(quoted("1e−4") == "\"1e−4\" (with U+2212)")
        #expect(quoted("a\u{a0}b") == "\"a\u{a0}b\" (with U+00A0)")
        #expect(quoted("“x”") == "\"“x”\" (with U+201C)")
        #expect(quoted("sgd\u{200b}") == #""sgd\u{200b}""#)
        #expect(quoted("größe") == "\"größe\"")
    }
}
