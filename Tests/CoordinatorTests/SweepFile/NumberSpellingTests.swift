import Foundation
import Shared
import TestSupport
import Testing

@testable import Coordinator

/// What becomes of a number's text in YAML and in JSON: a whole number is read exactly or refused,
/// and no other number becomes 0 or infinite.
@Suite struct NumberSpellingTests {
    struct Row: CustomTestStringConvertible {
        let text: String
        let yaml: String
        let json: String

        /// - Parameters:
        ///   - yaml: the value, or words of the refusal.
        ///   - json: nil if it is the same.
        init(_ text: String, _ yaml: String, json: String? = nil) {
            (self.text, self.yaml, self.json) = (text, yaml, json ?? yaml)
        }

        var testDescription: String { String(text.prefix(40)) }
    }

    private static let noJSON = "no number"

    static let rows: [Row] = [
        Row("8", "integer(8)"), Row("8.0", "integer(8)"), Row("-0", "integer(0)"),
        Row("-0.0", "integer(0)"), Row("0e999999", "integer(0)"), Row("0.000", "integer(0)"),
        Row("1e3", "integer(1000)"), Row("1.5e1", "integer(15)"), Row("80e-1", "integer(8)"),
        Row("1E+3", "integer(1000)"), Row("-2.50e2", "integer(-250)"),
        Row("9007199254740993", "integer(9007199254740993)"),
        Row("9007199254740993.0", "integer(9007199254740993)"),
        Row("9.007199254740993e15", "integer(9007199254740993)"),
        Row("9007199254740993000e-3", "integer(9007199254740993)"),
        Row("-9007199254740993.00", "integer(-9007199254740993)"),
        Row("9223372036854775807", "integer(9223372036854775807)"),
        Row("9.223372036854775807e18", "integer(9223372036854775807)"),
        Row("-9223372036854775808.0", "integer(-9223372036854775808)"),
        Row("9223372036854775808", "becomes 9.223372036854776e+18 as a float64"),
        Row("9223372036854775808.0", "becomes 9.223372036854776e+18 as a float64"),
        Row("-9223372036854775809", "becomes -9.223372036854776e+18 as a float64"),
        Row("18446744073709551615", "becomes 1.8446744073709552e+19 as a float64"),
        Row("9223372036854776000", "number(9.223372036854776e+18)"),
        Row("1e19", "number(1e+19)"), Row("10000000000000000000", "number(1e+19)"),
        Row("1e23", "number(1e+23)"), Row("1e30", "number(1e+30)"),
        Row("1000000000000000000000001", "becomes 1e+24 as a float64"),
        Row("0.1", "number(0.1)"), Row("-12.5E-1", "number(-1.25)"), Row("1e-4", "number(0.0001)"),
        Row("0.30000000000000004", "number(0.30000000000000004)"),
        Row("8.00000000000000000001", "number(8.0)"),
        Row("9007199254740992.5", "number(9007199254740992.0)"),
        Row("1.7976931348623157e308", "number(1.7976931348623157e+308)"),
        Row("1e400", "larger than any float64"), Row("-1e400", "larger than any float64"),
        Row("1.8e308", "larger than any float64"),
        Row("1e99999999999999999999", "larger than any float64"),
        Row(String(repeating: "9", count: 10_000), "larger than any float64"),
        Row("1" + String(repeating: "0", count: 10_000) + "e-10000", "integer(1)"),
        Row("0." + String(repeating: "3", count: 10_000), "number(0.3333333333333333)"),
        Row("4.9e-324", "number(5e-324)"), Row("5e-324", "number(5e-324)"),
        Row("2e-324", "becomes 0 as a float64"), Row("-2e-999", "becomes 0 as a float64"),
        Row("1e-400", "becomes 0 as a float64"),
        Row("1e-99999999999999999999", "becomes 0 as a float64"),
        Row("0." + String(repeating: "0", count: 400) + "1", "becomes 0 as a float64"),
        Row("1e-46", "number(1e-46)"),
        Row("+5", "integer(5)", json: noJSON), Row("5.", "integer(5)", json: noJSON),
        Row(".5", "number(0.5)", json: noJSON), Row("+.5e1", "integer(5)", json: noJSON),
        Row("007.5", "number(7.5)", json: noJSON),
        // What other languages read as a number is a text, which no field for a number takes.
        Row("1_000", #"string("1_000")"#, json: noJSON),
        Row("0x10", #"string("0x10")"#, json: noJSON),
        Row("0o17", #"string("0o17")"#, json: noJSON), Row("010", #"string("010")"#, json: noJSON),
        Row("1e", #"string("1e")"#, json: noJSON), Row("1.2.3", #"string("1.2.3")"#, json: noJSON),
        Row("٣", #"string("٣")"#, json: noJSON),
    ]

    private static func yaml(_ text: String) -> String {
        do throws(SweepMistakes) {
            let document = try SweepFile.document(bytes: Data("n: \(text)\n".utf8))
            guard case .map(let members) = document.content else { return "no map" }
            return "\(members[0].value.content)"
        } catch {
            #expect(error.all.count == 1 && error.all[0].place == Place(path: "n", line: 1))
            return error.description
        }
    }

    private static func json(_ text: String) -> String {
        do throws(JSONSyntaxError) {
            return try JSONValue(parsing: Data("[\(text)]".utf8))
                .elements.map { "\($0)" }.joined()
        } catch {
            return error.sentence.contains("float64") ? error.sentence : noJSON
        }
    }

    @Test(arguments: rows)
    func `a number's text is this value, or is refused with a reason`(row: Row) {
        let (yaml, json) = (Self.yaml(row.text), Self.json(row.text))
        #expect(yaml == row.yaml || row.yaml.contains(" ") && yaml.contains(row.yaml))
        #expect(json == row.json || row.json.contains(" ") && json.contains(row.json))
    }

    /// Digits of a random whole number as a decimal text: a point somewhere, zeros added at either
    /// end, and an exponent that makes up for them.
    private static func spelling(of whole: Int, _ random: TestRandom) -> String {
        var digits = String(whole.magnitude)
        var exponent = 0
        let zeros = random.below(4)
        digits += String(repeating: "0", count: zeros)
        exponent -= zeros
        if random.chance(0.5) {
            while digits.count > 1, digits.hasSuffix("0") {
                digits.removeLast()
                exponent += 1
            }
        }
        // JSON has no second zero before the point.
        let point = whole == 0 ? 1 : 1 + random.below(digits.count)
        let (head, tail) = (digits.prefix(point), digits.dropFirst(point))
        exponent += tail.count
        let sign = whole < 0 ? "-" : ""
        let text = sign + head + (tail.isEmpty ? "" : ".\(tail)")
        if exponent == 0, random.chance(0.5) { return text }
        return text + (random.chance(0.5) ? "e" : "E") + "\(exponent)"
    }

    @Test func `a whole number in a random spelling is that number, and never another`() {
        let random = TestRandom(seed: 13)
        for _ in 0..<3_000 {
            let whole = Int(truncatingIfNeeded: random.bits()) >> random.below(64)
            let text = Self.spelling(of: whole, random)
            let wanted = "integer(\(whole))"
            #expect(Self.yaml(text) == wanted && Self.json(text) == wanted, "\(text)")
        }
    }

    /// Beyond 64 bits a float64 is right only if it is spelled as the text is.
    @Test func `a whole number beyond 64 bits is one that a float64 states, or is refused`() throws
    {
        let random = TestRandom(seed: 14)
        var kept = 0
        for _ in 0..<2_000 {
            let length = 1 + random.below(25)
            let digits = (0..<length).map { $0 == 0 ? 1 + random.below(9) : random.below(10) }
            let text =
                digits.map(String.init).joined()
                + String(repeating: "0", count: max(0, 20 - length) + random.below(20))
            let found = Self.json(text)
            #expect(Self.yaml(text).contains(found))
            guard found.hasPrefix("number("), let number = Double(found.dropFirst(7).dropLast())
            else {
                #expect(found.contains("beyond 64 bits"), "\(text)")
                continue
            }
            kept += 1
            let parts = number.description.split(separator: "e+")
            let significant = parts[0].filter(\.isNumber).reversed().drop { $0 == "0" }
            #expect(String(significant.reversed()) == text.trimmingSuffix("0"), "\(text)")
        }
        #expect((100..<1_900).contains(kept))
    }

    // MARK: Fields

    /// What becomes of a document of JSON, which is YAML too, by the two readers: the tasks'
    /// configurations, or the mistakes.
    private static func outcomes(base: String, more: String = "") -> [String] {
        let text = """
            {"name": "s", "experiment": "k_path", "base": {"dataset": "mnist", "domains": 10, \
            "batch_size": 8, "epochs": 10, "gate": {"family": "plus_mod", "k": 2}, \(base)}\(more)}
            """
        func outcome(_ read: () throws -> Sweep) -> String {
            do {
                return try read().expand().map {
                    String(decoding: try $0.configuration.json.canonicalData(), as: UTF8.self)
                }.joined()
            } catch let error as SweepMistakes {
                return error.all.map(\.sentence).joined(separator: "; ")
            } catch {
                return "\(error)"
            }
        }
        return [
            outcome { try SweepFile.parse(text) },
            outcome { try Sweep(reading: SourceValue(JSONValue(parsing: Data(text.utf8)))) },
        ]
    }

    private static let sgd = #""optimizer": {"name": "sgd", "learning_rate": 0.1}"#

    @Test(arguments: ["64", "64.0", "6.4e1", "640e-1", "0.64E2"])
    func `a field for a whole number takes it in any spelling`(text: String) {
        let wanted = Self.outcomes(base: "\"hidden_width\": 64, \(Self.sgd)")
        #expect(Self.outcomes(base: "\"hidden_width\": \(text), \(Self.sgd)") == wanted)
        #expect(Set(wanted).count == 1 && wanted[0].contains("\"hidden_width\":64,"))
    }

    @Test(arguments: [
        ("64.5", "found 64.5, wanted a whole number from 1 to 16384"),
        (
            "64.00000000000000000001",
            "found a number with a fraction, next to 64, wanted a whole number from 1 to 16384"
        ),
        ("1e19", "found 1e+19, wanted a whole number from 1 to 16384"),
        (
            "9223372036854775808",
            "which is a whole number beyond 64 bits that becomes 9.223372036854776e+18 as a float64"
        ),
    ])
    func `a field for a whole number takes no other`(text: String, sentence: String) {
        for outcome in Self.outcomes(base: "\"hidden_width\": \(text), \(Self.sgd)") {
            #expect(outcome.contains(sentence))
        }
    }

    /// By path: every number that the trainer uses as a float32.
    private static func base(_ path: String, _ number: String) -> String {
        let parts = path.split(separator: ".")
        let key = "\"\(parts[1])\": \(number)"
        let rate = parts[1] == "learning_rate" ? "" : #", "learning_rate": 0.1"#
        let adam = ["beta1", "beta2", "epsilon"].contains(parts[1])
        let optimizer =
            parts[0] == "init"
            ? "\"init\": {\(key)}, \(sgd)"
            : "\"optimizer\": {\"name\": \"\(adam ? "adam" : "sgd")\", \(key)\(rate)}"
        return "\"hidden_width\": 8, \(optimizer)"
    }

    private static let float32Paths = [
        "init.gain", "init.bias", "optimizer.learning_rate", "optimizer.momentum",
        "optimizer.dampening", "optimizer.weight_decay", "optimizer.beta1", "optimizer.beta2",
        "optimizer.epsilon",
    ]

    @Test(arguments: float32Paths)
    func `a number that is used as a float32 does not become 0`(path: String) {
        for text in ["1e-46", "9.9e-31", "1e-300"] {
            for outcome in Self.outcomes(base: Self.base(path, text)) {
                #expect(
                    outcome == "found \(text), wanted 0 or a size of at least 1e-30, since it is "
                        + "used as a float32")
            }
        }
        for text in ["0", "0e-400", "1e-30", "0.5"] {
            for outcome in Self.outcomes(base: Self.base(path, text)) {
                #expect(outcome.hasPrefix("{"), "\(outcome)")
            }
        }
    }

    @Test(arguments: ["optimizer.momentum", "optimizer.beta1", "optimizer.beta2"])
    func `a number below 1 does not become 1 as a float32`(path: String) {
        for outcome in Self.outcomes(base: Self.base(path, "0.99999999")) {
            #expect(
                outcome == "found 0.99999999, wanted a number from 0 up to, not including, 1, also "
                    + "as a float32")
        }
        for outcome in Self.outcomes(base: Self.base(path, "0.9999999")) {
            #expect(outcome.hasPrefix("{"), "\(outcome)")
        }
    }

    @Test func `a whole number that no float64 states is none for a field of float64`() {
        for (text, isRight) in [
            ("9007199254740993", false), ("9007199254740993.0", false), ("9007199254740992", true),
            ("1.0000000000000001e18", true), ("1000000000000000128", true), ("1e30", true),
        ] {
            for outcome in Self.outcomes(base: Self.base("init.gain", text)) {
                #expect(outcome.hasPrefix("{") == isRight, "\(outcome)")
                #expect(isRight || outcome.contains("a number of at least 0 that a float64 holds"))
            }
        }
    }

    /// What an accepted number is written as must be accepted again: a worker reads it.
    @Test func `an accepted configuration is accepted again from its own text`() throws {
        for text in ["1.0000000000000001e18", "1000000000000000128", "1e23", "0.1", "5e-30"] {
            let base = Self.base("init.gain", text)
            let json = """
                {"experiment": "k_path", "dataset": "mnist", "domains": 10, "batch_size": 8, \
                "epochs": 10, "gate": {"family": "plus_mod", "k": 2}, \(base)}
                """
            let first = try Configuration(
                reading: SourceValue(JSONValue(parsing: Data(json.utf8))))
            let second = try Configuration(
                reading: SourceValue(JSONValue(parsing: first.json.canonicalData())))
            #expect(first == second)
        }
    }

    // MARK: Axes

    private static func axes(_ axes: String, _ more: String = "") -> [String] {
        outcomes(base: "\"hidden_width\": 8, \(sgd)", more: ", \"axes\": {\(axes)}\(more)")
    }

    @Test func `axes and exclude compare numbers, not spellings`() {
        for outcome in Self.axes(#""hidden_width": [10, 1e1]"#) {
            #expect(outcome.hasPrefix("found 10 again"))
        }
        for outcome in Self.axes(
            #""hidden_width": [1000, 8]"#, #", "exclude": [{"hidden_width": 1e3}]"#)
        {
            #expect(outcome.contains("\"hidden_width\":8,"))
            #expect(!outcome.contains(":1000,"))
        }
        for outcome in Self.axes(#""seeds.weights": [9007199254740993.0, 9007199254740992]"#) {
            #expect(outcome.contains("\"weights\":9007199254740993}"))
            #expect(outcome.contains("\"weights\":9007199254740992}"))
        }
    }

    @Test(arguments: [
        ("[9007199254740991, 9007199254740993]", "neither above 9007199254740992 in size"),
        ("[0, 9007199254740993.0]", "neither above 9007199254740992 in size"),
        ("[0, 8.00000000000000000001]", "such as [1, 8]"),
    ])
    func `the ends of a distribution are exact or refused`(ends: String, words: String) {
        let search = #", "search": {"method": "random", "tasks": 2}"#
        for outcome in Self.axes("\"seeds.weights\": {\"integer\": \(ends)}", search) {
            #expect(outcome.contains(words), "\(outcome)")
        }
        for outcome in Self.axes(
            #""seeds.weights": {"integer": [9007199254740990, 9.007199254740991e15]}"#, search)
        {
            #expect(outcome.contains("\"weights\":9007199254740990}"))
            #expect(outcome.contains("\"weights\":9007199254740991}"))
        }
    }

    @Test func `the seed of a search is exact`() throws {
        let search = #", "search": {"method": "random", "tasks": 2, "seed": 9007199254740993.0}"#
        let text = """
            {"name": "s", "experiment": "k_path", "base": {"dataset": "mnist", "domains": 10, \
            "batch_size": 8, "epochs": 10, "gate": {"family": "plus_mod", "k": 2}, \
            "hidden_width": 8, \(Self.sgd)}, "axes": {"seeds.data": [1, 2]}\(search)}
            """
        #expect(try SweepFile.parse(text).search == .random(tasks: 2, seed: 9_007_199_254_740_993))
    }
}

extension JSONValue {
    fileprivate var elements: [JSONValue] {
        if case .array(let elements) = self { elements } else { [] }
    }
}

extension String {
    fileprivate func trimmingSuffix(_ character: Character) -> String {
        String(reversed().drop { $0 == character }.reversed())
    }
}
