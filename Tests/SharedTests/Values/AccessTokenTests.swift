import Foundation
import Shared
import Testing

@Suite struct AccessTokenTests {
    private static let token = AccessToken(role: .worker) { 0x0123_4567_89ab_cdef }

    @Test func `a token is its prefix, its role, its bits and their checksum`() throws {
        let text = Self.token.text
        // Little-endian words, as the generator gave them.
        let body = "gdln_worker_" + String(repeating: "efcdab8967452301", count: 4)
        #expect(text.hasPrefix(body) && text.utf8.count == body.utf8.count + 8)
        // sha256sum, of coreutils, says so.
        #expect(text.suffix(8) == "8c0196ac")
        #expect(AccessToken(text) == Self.token)
        #expect(Self.token.digest == Digest(of: Data(text.utf8)))
    }

    @Test func `tokens differ by their bits`() {
        var count: UInt64 = 0
        let tokens = (0..<100).map { _ in
            AccessToken(role: .read) {
                count += 1
                return count
            }
        }
        #expect(Set(tokens.map(\.text)).count == 100)
    }

    @Test func `what was cut, mistyped or is of no known role is no token`() {
        let text = Self.token.text
        var wrong = [
            "", "gdln", text + "0", text.uppercased(), " " + text, "gdln__" + text.dropFirst(12),
            text.replacingOccurrences(of: "worker", with: "admin"),
            text.replacingOccurrences(of: "worker", with: "root"),
        ]
        wrong += text.indices.map { String(text[..<$0]) }
        for index in text.indices {
            var changed = text
            changed.replaceSubrange(index...index, with: changed[index] == "0" ? "1" : "0")
            wrong.append(changed)
        }
        for text in wrong { #expect(AccessToken(text) == nil, "\(text)") }
    }

    @Test func `printing a token shows no secret`() {
        #expect("\(Self.token)" == "gdln_worker_...")
    }

    @Test func `roles include what lesser ones may`() {
        let included = Role.allCases.map { role in
            Role.allCases.filter { role.includes($0) }
        }
        #expect(
            included == [[.read], [.read, .submit], [.worker], [.read, .submit, .worker, .admin]])
    }

    @Test func `a digest is its 32 bytes`() {
        #expect(Digest(of: Data()).bytes.prefix(4) == Data([0xe3, 0xb0, 0xc4, 0x42]))
        #expect(hexadecimalString(Digest(of: Data([1])).bytes) == Digest(of: Data([1])).hexadecimal)
    }
}
