import Foundation
import Shared
import TestSupport
import Testing

/// Digests are taken over this spelling, so it must be `JSONEncoder`'s to the byte.
@Suite struct JSONTextTests {
    private static let texts = [
        "", "a", "A", "a.b", "a_b", "é", "e\u{301}", "😀", "\u{0}", "\u{1f}", "\u{7f}", "\u{2028}",
        "\"\\/", "\u{8}\u{c}\n\r\t", "zz", "10", "9", "\u{10ffff}",
    ]
    private static let numbers: [Double] = [
        0, -0.0, 1, 0.1, 1e-5, 1e-4, 1e15, 1e16, 1e20, 123_456_789.25, .leastNonzeroMagnitude,
        1e308, -2.5e-7,
    ]

    private func value(_ random: TestRandom, depth: Int) -> JSONValue {
        let text = { Self.texts[random.below(Self.texts.count)] }
        switch random.below(depth > 3 ? 5 : 7) {
        case 0: return .null
        case 1: return .bool(random.chance(0.5))
        case 2: return .integer(Int(truncatingIfNeeded: random.bits()) >> random.below(64))
        case 3:
            let number = Double(bitPattern: random.bits())
            return .number(
                number.isFinite && random.chance(0.5)
                    ? number : Self.numbers[random.below(Self.numbers.count)])
        case 4: return .string(text())
        case 5: return .array((0..<random.below(4)).map { _ in value(random, depth: depth + 1) })
        default:
            let members = (0..<random.below(6)).map { _ in
                (text() + text(), value(random, depth: depth + 1))
            }
            return .object(Dictionary(members) { $1 })
        }
    }

    @Test func `it is spelled as JSONEncoder spells it`() throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let random = TestRandom(seed: 3)
        for _ in 0..<3_000 {
            let value = value(random, depth: 0)
            let (found, wanted) = (try value.canonicalData(), try encoder.encode(value))
            #expect(found == wanted, "\(String(decoding: wanted, as: UTF8.self))")
        }
    }

    @Test(arguments: [Double.nan, .infinity, -.infinity])
    func `what JSON cannot say is an error`(number: Double) {
        #expect(throws: JSONSyntaxError.self) { try JSONValue.number(number).canonicalData() }
    }
}
