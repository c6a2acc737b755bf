import Testing

/// Tests compare numbers by `expectClose` and `expectSameBits` alone. Other forms let a NaN or a
/// missing number pass: `max` skips a NaN, and `zip` ends with the shorter list.
@Suite struct ComparisonTests {
    /// A line that ends with this, and a reason after it, is let through.
    private static let exception = "// no expectClose: "

    /// Statements that a comparison may take, in lines.
    private static let reach = 4

    /// By line, counted from 1, what the line has that tests do without.
    private static func violations(_ file: Sources.File) -> [(line: Int, form: String)] {
        let lines = file.lines.map { line in
            line.firstRange(of: "//").map { line[..<$0.lowerBound] } ?? line
        }
        var found: [(line: Int, form: String)] = []
        for (index, line) in lines.enumerated() {
            let hasReason = file.lines[max(0, index - 1)...index].contains {
                $0.contains(exception) && !$0.hasSuffix(exception)
            }
            if hasReason { continue }
            let statement = lines[index..<min(index + reach, lines.count)].joined(separator: " ")
            for start in line.ranges(of: "abs" + "(") {
                let rest = statement.dropFirst(line.distance(to: start.upperBound))
                if isDifference(inside(rest)) { found.append((index + 1, "abs of a difference")) }
            }
            if line.contains(").magni" + "tude") {
                found.append((index + 1, "magnitude of a difference"))
            }
            for start in line.ranges(of: "zip" + "(") {
                let rest = statement.dropFirst(line.distance(to: start.upperBound))
                if comparesElements(rest.dropFirst(inside(rest).count + 1)) {
                    found.append((index + 1, "numbers of a zip compared"))
                }
            }
            if line.contains(".map(abs)" + ".max()") {
                found.append((index + 1, "the largest magnitude, which skips a NaN"))
            }
        }
        return found
    }

    /// Up to the parenthesis that closes.
    private static func inside(_ text: Substring) -> Substring {
        var depth = 1
        return text.prefix { character in
            depth += character == "(" ? 1 : character == ")" ? -1 : 0
            return depth > 0
        }
    }

    private static func isDifference(_ text: Substring) -> Bool {
        text.contains(" - ") || text.contains(" + ")
    }

    /// What follows a zip: a closure on pairs that is asked for its largest value, or for all.
    private static func comparesElements(_ text: Substring) -> Bool {
        text.contains(/^\s*\.(map|lazy).*?\}\s*\.max\(/)
            || text.contains(/^\s*\.allSatisfy\s*[{(][^}]*[-<>]/)
            || text.contains(/^\s*\.(contains|reduce)\b[^}]*\babs\(/)
    }

    @Test func `tests compare numbers by expectClose alone`() throws {
        let files = try Sources.files("Tests").filter {
            $0.path != "Tests/TestSupport/ExpectClose.swift"
        }
        try #require(files.count > 100, "a check of few files says little")
        for file in files {
            for violation in Self.violations(file) {
                Issue.record(
                    """
                    \(file.path):\(violation.line): \(violation.form), wanted expectClose (or a \
                    line above with '\(Self.exception)' and a reason)
                    """)
            }
        }
    }

    @Test(arguments: [
        "#expect(abs" + "(found - wanted) < 1e-9)",
        "#expect(abs" + "(Double(value) - (a + b)) <= 1e-3 * want)",
        "#expect(\n    abs" + "(\n        slope + gradient) < 1e-11)",
        "let worst = zip" + "(a, b).map { abs" + "($0 - $1) }.max() ?? 0",
        "return zip" + "(a, f(b))\n    .map { distance($0, $1) }\n    .max() ?? 0",
        "#expect(zip" + "(w, plain.w).allSatisfy { $0 - $1 < 1e-10 })",
        "#expect((found - wanted).magni" + "tude < 1e-9)",
        "let scale = values.map(abs)" + ".max() ?? 0",
        "let x = 1 \(exception)\nlet y = abs" + "(a - b)",
    ])
    func `other forms are found`(text: String) {
        #expect(!Self.violations(Sources.File(path: "planted", text: text)).isEmpty)
    }

    @Test(arguments: [
        "#expect(abs" + "(x) < 1)", "for (name, pair) in zip" + "(names, zip" + "(a, b)) {",
        "let sum = zip" + "(w, x).reduce(0) { $0 + $1.0 * $1.1 }",
        "let most = rows.map(\\.epoch).max() ?? 0", "// abs" + "(a - b)",
        "let step = abs" + "(a - b)  \(exception)it is a step's length, not a comparison",
    ])
    func `what compares no numbers passes`(text: String) {
        let found = Self.violations(Sources.File(path: "planted", text: text))
        #expect(found.isEmpty, "\(found)")
    }
}

extension Substring {
    fileprivate func distance(to index: Index) -> Int { distance(from: startIndex, to: index) }
}
