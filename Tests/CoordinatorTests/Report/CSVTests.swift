import Testing

@testable import Coordinator

@Suite struct CSVTests {
    private static let texts: [(text: String, written: String)] = [
        ("plain", "plain"), ("", ""), ("a,b", "\"a,b\""), ("say \"hi\"", "\"say \"\"hi\"\"\""),
        ("two\nlines", "\"two\nlines\""), ("two\r\nlines", "\"two\r\nlines\""),
        ("ä😀", "ä😀"), (" space ", " space "),
        ("\tx", "'\tx"), ("\rx", "\\rx"), ("\nx", "\"'\nx\""), ("\0x", "\\u{0}x"),
        ("=1+1", "'=1+1"), ("+1", "'+1"), ("-1", "-1"), ("-x", "-x"), ("-é 1.a_b-c", "-é 1.a_b-c"),
        ("-1+1", "'-1+1"), ("-x|y", "'-x|y"), ("-x(1)", "'-x(1)"), ("-＝x", "'-＝x"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("=\"a\",b", "\"'=\"\"a\"\",b\""), ("a=1", "a=1"),
        ("\u{9b}2J\u{202e}", "\\u{9b}2J\\u{202e}"),
        ("\u{1b}]0;x\u{7},", "\"\\u{1b}]0;x\\u{7},\""),
        ("\u{feff}=1", "\\u{feff}=1"),
    ]

    @Test(arguments: texts)
    func `a text is quoted and defused`(text: String, written: String) {
        #expect(CSV.line([.text(text)]) == written + "\r\n")
    }

    @Test func `a line ends with CR and LF, and numbers stay numbers`() {
        let cells: [CSV.Cell] = [.empty, .number("-0.5"), .number(-7), .text("x"), .empty]
        #expect(CSV.line(cells) == ",-0.5,-7,x,\r\n")
    }

    @Test(arguments: [
        ("-1", CSV.Cell.number("-1")), ("1e-10", .number("1e-10")), ("sgd", .text("sgd")),
        ("", .empty), ("-x", .text("-x")), ("=1", .text("=1")), ("NaN", .number("NaN")),
    ])
    func `a value of an axis is a number where it is one`(text: String, cell: CSV.Cell) {
        #expect(CSV.Cell.axis(text) == cell)
    }
}
