import Foundation
import Shared
import TestSupport
import Testing

@Suite struct JSONValueTests {
    private func parse(_ text: String) throws -> JSONValue {
        try JSONValue(parsing: Data(text.utf8))
    }

    @Test(arguments: ["0", "-0", "-0.0", "0e-999"])
    func `a zero has one spelling`(text: String) throws {
        let value = try JSONValue(parsing: Data(text.utf8))
        #expect(try value.canonicalData() == Data("0".utf8))
    }

    @Test(
        arguments: [
            ("null", .null), (" true ", .bool(true)), ("false", .bool(false)),
            ("8", .integer(8)), ("8.0", .integer(8)), ("8e0", .integer(8)), ("-0", .integer(0)),
            ("-12.5E-1", .number(-1.25)), ("9223372036854775807", .integer(.max)),
            ("-9223372036854775808", .integer(.min)), ("9223372036854776000", .number(0x1p63)),
            ("0e400", .integer(0)), ("0.1", .number(0.1)),
            ("5e-324", .number(.leastNonzeroMagnitude)),
            (#""""#, .string("")), (#""aä😀""#, .string("aä😀")),
            (#""\"\\\/\b\f\n\r\t""#, .string("\"\\/\u{8}\u{c}\n\r\t")),
            (#""\u0041\u00e4\uD83D\uDE00x""#, .string("Aä😀x")), (#""\u0000""#, .string("\0")),
            ("[]", .array([])), ("{}", .object([:])), ("[ ]", .array([])), ("{ }", .object([:])),
            ("\t[1,\r\n[2],\"x\" ]", .array([.integer(1), .array([.integer(2)]), .string("x")])),
            (
                #"{"a" : {"b":[null]} , "c":1}"#,
                .object(["a": .object(["b": .array([.null])]), "c": .integer(1)])
            ),
        ] as [(String, JSONValue)])
    func `a document is read as what it says`(text: String, value: JSONValue) throws {
        #expect(try parse(text) == value)
    }

    @Test(arguments: [
        ("", 0, "the document ends where a value should stand"),
        ("1 2", 2, "found more after the end of the value"),
        ("[1,]", 3, "found no value"), ("[1 2]", 3, "a comma or the end of an array should"),
        ("[1", 2, "a comma or the end of an array should stand here"),
        (#"{"a":1,}"#, 7, "a key should stand here"), ("{a:1}", 1, "a key should stand here"),
        (#"{"a" 1}"#, 5, "a colon should stand here"),
        (#"{"a":1 "b":2}"#, 7, "a comma or the end of an object"),
        (#"{"a":1,"a":2}"#, 7, #"the key "a" stands there a second time"#),
        (#"{"a":1,"\u0061":2}"#, 7, "a second time"),
        ("01", 1, "found more after"), ("-", 1, "a digit should stand here"),
        ("1.", 2, "a digit should stand here"), (".5", 0, "found no value"),
        ("1e", 2, "a digit should stand here"), ("+1", 0, "found no value"),
        ("1e400", 0, "larger than any float64"), ("1e-400", 0, "becomes 0 as a float64"),
        ("[-1e999]", 1, "larger than any float64"),
        ("NaN", 0, "found no value"), ("nul", 3, "found no value"), ("True", 0, "found no value"),
        (#""a"#, 2, "the document ends inside a text"), ("\"a\nb\"", 2, "control character"),
        (#""\x""#, 3, "found an unknown escape"), (#""\u12""#, 5, "four hexadecimal digits"),
        (#""\uD83D""#, 7, "half a surrogate pair"), (#""\uDE00""#, 7, "half a surrogate pair"),
        (#""\uD83Dx""#, 7, "half a surrogate"), (#""\uD83D\u0041""#, 13, "half a surrogate"),
        ("\u{feff}1", 0, "found no value"), ("'a'", 0, "found no value"),
    ])
    func `a mistake is told with its place`(text: String, offset: Int, sentence: String) {
        #expect {
            try parse(text)
        } throws: { error in
            guard let error = error as? JSONSyntaxError else { return false }
            return error.offset == offset && error.sentence.contains(sentence)
        }
    }

    @Test func `bytes that are no UTF-8 are refused`() {
        for bytes: [UInt8] in [
            [0x22, 0xff, 0x22], [0x22, 0xc0, 0x80, 0x22], [0x22, 0xed, 0xa0, 0x80, 0x22],
        ] {
            #expect(throws: JSONSyntaxError.self) { try JSONValue(parsing: Data(bytes)) }
        }
    }

    @Test(arguments: [("[", "]"), (#"{"a":"#, "}")])
    func `nesting has a limit, and a million levels are no more than an error`(
        open: String, close: String
    ) throws {
        let nested = { (depth: Int) in
            String(repeating: open, count: depth) + "1" + String(repeating: close, count: depth)
        }
        _ = try parse(nested(Limits.jsonNestingMax))
        for depth in [Limits.jsonNestingMax + 1, 1_000_000] {
            #expect {
                try parse(nested(depth))
            } throws: {
                "\($0)".contains("nested more than \(Limits.jsonNestingMax) deep")
            }
        }
    }

    @Test func `the canonical text has sorted keys, no space, and comes back as the same value`()
        throws
    {
        let value = try parse(#"{"b":[1, 2.5, "a/b"], "a": {"z":null,"y":true}}"#)
        let text = String(decoding: try value.canonicalData(), as: UTF8.self)
        #expect(text == #"{"a":{"y":true,"z":null},"b":[1,2.5,"a/b"]}"#)
        #expect(try parse(text) == value)
    }

    @Test func `NaN and infinities have no JSON`() {
        for number in [Double.nan, .infinity, -.infinity] {
            #expect(throws: (any Error).self) { try JSONValue.number(number).canonicalData() }
        }
    }

    @Test func `random values come back from their text, and from inside a message`() throws {
        let random = TestRandom(seed: 8)
        for _ in 0..<200 {
            let value = Self.value(random, depth: 4)
            let data = try value.canonicalData()
            #expect(try JSONValue(parsing: data).canonicalData() == data)
            #expect(try WireCoding.decode(JSONValue.self, from: data).canonicalData() == data)
        }
    }

    private static func value(_ random: TestRandom, depth: Int) -> JSONValue {
        switch random.below(depth > 0 ? 7 : 5) {
        case 0: .null
        case 1: .bool(random.chance(0.5))
        case 2: .integer(Int(truncatingIfNeeded: random.bits()))
        case 3: .number(Double(bitPattern: random.bits() & ~(0x400 << 52)))
        case 4: .string(["", "a", "\"\\\n", "ä😀", "\u{7f}\0"][random.below(5)])
        case 5: .array((0..<random.below(4)).map { _ in Self.value(random, depth: depth - 1) })
        default:
            .object(
                Dictionary(
                    uniqueKeysWithValues: (0..<random.below(4)).map {
                        ("k\($0)", Self.value(random, depth: depth - 1))
                    }))
        }
    }

    @Test func `members are found by name, in objects alone`() throws {
        let value = try parse(#"{"a":1}"#)
        #expect(value["a"] == .integer(1) && value["b"] == nil && JSONValue.null["a"] == nil)
    }
}
