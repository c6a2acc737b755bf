import Foundation
import HTTPTypes
import Hummingbird
import Shared
import Testing

@testable import Coordinator

/// The page about the protocol names what there is.
@Suite struct ProtocolPageTests {
    private static let page =
        #filePath.split(separator: "/", omittingEmptySubsequences: false)
        .dropLast(4).joined(separator: "/") + "/Sources/Shared/Documentation.docc/Protocol.md"

    private static var text: String {
        get throws { try String(contentsOfFile: page, encoding: .utf8) }
    }

    @Test func `every route is named, and no other`() async throws {
        let routes = try await ServerWorld().server.router().routes.map {
            "\($0.method) /\($0.path)".replacingOccurrences(of: "//", with: "/")
        }
        let named = try Self.text.matches(of: /\| `((?:GET|POST|PUT) [^`]+)`/).map { String($0.1) }
        #expect(routes.count > 15)
        #expect(Set(routes) == Set(named), "\(Set(routes).symmetricDifference(named).sorted())")
    }

    @Test func `the page says of each route who may call it`() async throws {
        let lines = try Self.text.matches(of: /\| `(GET|POST|PUT) ([^`]+)` \| (\w+) \|/)
        let all = try Self.text.matches(of: /\| `(?:GET|POST|PUT)\b/)
        #expect(lines.count > 20 && lines.count == all.count)
        for line in lines {
            let method = try #require(HTTPTypes.HTTPRequest.Method(String(line.1)))
            let rule = AccessRule.rule(for: method, String(line.2))
            let who = Role(rawValue: String(line.3)).map(AccessRule.role) ?? .anybody
            #expect(rule == who && (who != .anybody || line.3 == "anybody"), "\(line.0)")
        }
    }

    @Test func `every code is named, and no other`() throws {
        let section = try Self.text.components(separatedBy: "## Errors")[1]
            .components(separatedBy: "## ")[0]
        let named = section.matches(of: /\n\| `([a-z_]+)`/).map { String($0.1) }
        #expect(Set(named) == Set(ErrorCode.allCases.map(\.rawValue)))
    }

    @Test func `every suite that is said to show something is there`() throws {
        let tests = Self.page.components(separatedBy: "/Sources/")[0] + "/Tests"
        let files = try #require(FileManager.default.enumerator(atPath: tests))
            .compactMap { ($0 as? String)?.components(separatedBy: "/").last }
        let named = try Self.text.matches(of: /`(\w+Tests)`/).map { "\($0.1).swift" }
        #expect(named.count > 10)
        for file in named { #expect(files.contains(file), "\(file)") }
    }
}
