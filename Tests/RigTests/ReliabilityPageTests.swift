import Foundation
import TestSupport
import Testing

@testable import Rig

/// The page about the promises names what there is.
@Suite struct ReliabilityPageTests {
    private static let text = Result {
        try String(
            contentsOfFile: Fixtures.packageDirectory()
                + "/Sources/Shared/Documentation.docc/Reliability.md", encoding: .utf8)
    }

    /// The sentences that are names of tests, all over the package.
    private static let tests = Result {
        let folder = Fixtures.packageDirectory() + "/Tests"
        let files = FileManager.default.enumerator(atPath: folder)?.compactMap { $0 as? String }
        return try (files ?? []).filter { $0.hasSuffix("Tests.swift") || $0.contains("Tests+") }
            .reduce(into: Set<String>()) { names, file in
                let text = try String(contentsOfFile: "\(folder)/\(file)", encoding: .utf8)
                names.formUnion(text.matches(of: /func `([^`]+)`/).map { String($0.1) })
            }
    }

    @Test func `every promise is stated, each with tests that are there`() throws {
        let (text, tests) = (try Self.text.get(), try Self.tests.get())
        for number in 1...12 {
            let row = try #require(
                text.split(separator: "\n").first { $0.hasPrefix("| P\(number) |") })
            let named = row.matches(of: /"([^"]+)"/).map { String($0.1) }
            #expect(!named.isEmpty, "P\(number)")
            for name in named { #expect(tests.contains(name), "P\(number): \(name)") }
        }
    }

    /// Also the promises that have no number, below the table.
    @Test func `every test that the page names is there`() throws {
        let tests = try Self.tests.get()
        let sections = try Self.text.get().split(separator: "\n## ")
        let promises = try #require(sections.first { $0.hasPrefix("The promises\n") })
            .replacing(/\s+/, with: " ")
        let named = promises.matches(of: /"([^"]+)"/).map { String($0.1) }
        #expect(named.count > 24)
        for name in named { #expect(tests.contains(name), "\(name)") }
    }

    @Test func `the protocol's page leads to the promises`() throws {
        let protocolPage = try String(
            contentsOfFile: Fixtures.packageDirectory()
                + "/Sources/Shared/Documentation.docc/Protocol.md", encoding: .utf8)
        #expect(protocolPage.contains("<doc:Reliability> states the promises P1 to P12"))
    }

    @Test func `every scenario, rule and mutant is named, and no other`() throws {
        let lines = try Self.text.get().split(separator: "\n")
        let named = lines.compactMap { line in
            line.firstMatch(of: /^\| `([a-z-]+)` \|/).map { String($0.1) }
        }
        #expect(named.sorted() == (Scenario.all.map(\.name) + Mutant.all.map(\.name)).sorted())
        for mutant in Mutant.all {
            let row = lines.first { $0.hasPrefix("| `\(mutant.name)` |") }
            #expect(row?.hasSuffix("| `\(mutant.scenario)` |") == true, "\(mutant.name)")
        }
        for rule in Invariant.allCases {
            #expect(lines.contains { $0.hasPrefix("| \(rule.rawValue) |") }, "\(rule)")
        }
    }
}
