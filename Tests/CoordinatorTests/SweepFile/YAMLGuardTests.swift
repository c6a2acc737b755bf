import Shared
import TestSupport
import Testing
import Yams

@testable import Coordinator

@Suite struct YAMLGuardTests {
    private func refusal(_ text: String) -> String? {
        do {
            try YAMLGuard.check(text)
            return nil
        } catch {
            return error.description
        }
    }

    @Test(arguments: [
        "a: &x 1", "a: *x", "*x : 1", "- *x", "[*x]", "[1,*x]", "{a: *x}", "{\"a\":*x}", "? *x",
        "--- *x", "--- [*x]", "a:\n  *x", "a: 'it''s'\nb: *x", "a: \"\\\"\"\nb: *x", "[[1]: *x]",
        "a: b # *\nc: *x", "a: don't\nb: *x", "a: \"1\n2\"\nb: *x", "a:\r*x", "- - *x", ": *x",
        "a: b#c\nd: *x", "{a: [1, 2]}\n---\n*x",
    ])
    func `an alias or anchor is found wherever one can stand`(text: String) {
        #expect(refusal(text)?.contains("found an anchor or alias") == true)
    }

    @Test(arguments: [
        "a: 2*x", "a: b *c", "a: '*x'", "a: \"&x\"", "# *x", "a: 1 # &x", "a: b&c", "[a*b, 'c']",
        "a: \"it's # *x\"", "a: [1, 2] # x: *y", "'*x': 1", "a: -1", "a: x[1]", "a: b|c",
    ])
    func `a text that only looks like one passes`(text: String) {
        #expect(refusal(text) == nil)
    }

    @Test(arguments: [
        ("", "["), ("", "{a: "), ("", "- "), ("", "? "), ("--- ", "["), ("a: ", "[{b: "),
    ])
    func `nesting without end is refused at once`(start: String, level: String) {
        expectTooDeep(start + String(repeating: level, count: 100_000))
    }

    @Test func `maps each further in than the last are refused at once`() {
        expectTooDeep((0..<500).map { String(repeating: " ", count: $0) + "a:\n" }.joined())
    }

    private func expectTooDeep(_ text: String) {
        let duration = processorTime {
            #expect(refusal(text)?.contains("found values nested more than 16 deep") == true)
        }
        #expect(duration < .seconds(2))
    }

    @Test func `a small file of aliases that would be gigabytes is refused by its first line`() {
        let bomb =
            "a: &a [x, x, x, x, x, x, x, x, x, x]\n"
            + zip("bcdefghij", "abcdefghi").map { name, last in
                let list = repeatElement("*\(last)", count: 10).joined(separator: ", ")
                return "\(name): &\(name) [\(list)]\n"
            }.joined()
        #expect(refusal(bomb)?.hasPrefix("line 1: found an anchor") == true)
    }

    @Test(arguments: ["a: 1\u{2028}b: *x", "a: 1\u{85}b: 2", "a: 1\n\u{feff}b: 2", "# a\u{2029}b"])
    func `a line end that only the parser sees is refused`(text: String) {
        #expect(refusal(text)?.contains("found an invisible line or order mark") == true)
    }

    /// The parser reads what looks like a quote or a list on the second line as part of the text.
    @Test(arguments: [
        "[a\n\"b, *x", "[a\n'b, *x", "a\n\"b", "a: b\n  'c", "? a\n  \"b", "- a\n  [b",
        "a: b\n\n  c",
    ])
    func `a text without quotes does not go on over a second line`(text: String) {
        #expect(refusal(text) != nil)
    }

    @Test(arguments: [
        "a: b\nc: d", "- a\n- b", "a:\n- b\n- c", "- a: b\n  c: d", "[a\n]", "{a: b\n, c: d}",
    ])
    func `a text without quotes ends with its line`(text: String) {
        #expect(refusal(text) == nil)
    }

    @Test func `a refusal has the line, however lines end`() {
        #expect(refusal("a: 1\r\nb: 2\rc: 3\nd: *x")?.hasPrefix("line 4:") == true)
        #expect(refusal("a: 'one\n  two'\nb: !!int 3")?.hasPrefix("line 3: found a tag") == true)
    }

    /// The guard may refuse too much. What it lets through must hold no anchor or alias for the
    /// parser, which is asked for each.
    @Test func `what passes has no anchor or alias for the parser either`() throws {
        let pieces = [
            "*x", "&x", "*", "&", "a", "b", ":", ": ", "- ", "-", "? ", "[", "]", "{", "}", ",",
            ", ", "'", "\"", "''", "\\", "#", " #", " ", "  ", "\n", "\n", "\n ", "\n  ", "\r",
            "\t",
            "---", "--- ", "...", "%", "1", "@", "=", "\u{e9}",
        ]
        var (passed, parsed) = (0, 0)
        for seed in 0..<30_000 as Range<UInt64> {
            var random = SeededRandom(seed: seed, purpose: .embeddedData)
            let length = 1 + random.below(14)
            let text = (0..<length).map { _ in pieces[random.below(pieces.count)] }.joined()
            guard refusal(text) == nil else { continue }
            passed += 1
            do {
                let parser = try Parser(yaml: text, resolver: .basic, encoding: .utf8)
                while let node = try parser.nextRoot() {
                    parsed += 1
                    #expect(!holdsAnchor(node), "\(text.debugDescription)")
                }
            } catch {
                let isAlias = "\(error)".contains("undefined alias")
                #expect(!isAlias, "\(text.debugDescription)")
            }
        }
        // Enough of both that the test means something.
        #expect(passed > 5_000)
        #expect(parsed > 1_000)
    }

    private func holdsAnchor(_ node: Node) -> Bool {
        if node.anchor != nil { return true }
        switch node {
        case .scalar: return false
        case .alias: return true
        case .sequence(let nodes): return nodes.contains(where: holdsAnchor)
        case .mapping(let pairs): return pairs.contains { holdsAnchor($0) || holdsAnchor($1) }
        }
    }
}
