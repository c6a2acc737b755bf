import Crypto
import Shared
import Testing

@testable import Coordinator

@Suite struct LeaseTokensTests {
    let tokens = LeaseTokens(secret: SymmetricKey(data: [UInt8](repeating: 7, count: 32)))
    let lease = LeaseID(unchecked: "a-lease")

    @Test func `a token has 128 bits, and is the same after a restart`() {
        let token = tokens.token(for: lease)
        #expect(token.rawValue.utf8.count == 32)
        let again = LeaseTokens(secret: SymmetricKey(data: [UInt8](repeating: 7, count: 32)))
        #expect(again.token(for: lease) == token)
    }

    @Test func `another lease or another secret has another token`() {
        let token = tokens.token(for: lease)
        #expect(tokens.token(for: LeaseID(unchecked: "b-lease")) != token)
        let other = LeaseTokens(secret: SymmetricKey(data: [UInt8](repeating: 8, count: 32)))
        #expect(other.token(for: lease) != token)
    }

    @Test func `only the lease's own token is valid`() {
        let token = tokens.token(for: lease).rawValue
        #expect(tokens.isValid(token, for: lease))
        let last = token.last == "0" ? "1" : "0"
        for wrong in [
            "", "x", token + "0", String(token.dropLast()), token.uppercased() + "A",
            token.dropLast() + last, tokens.token(for: LeaseID(unchecked: "b-lease")).rawValue,
        ] { #expect(!tokens.isValid(wrong, for: lease), "\(wrong)") }
    }
}
