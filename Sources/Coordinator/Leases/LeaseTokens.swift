import Crypto
import Foundation
import Shared

/// Makes and checks lease tokens. A token is a keyed digest of its lease's id, so none is ever
/// stored, and a repeated call for leases is answered with the same ones, also after a restart.
struct LeaseTokens: Sendable {
    let secret: SymmetricKey

    /// 128 bits that only the holder of the secret can make.
    func token(for lease: LeaseID) -> LeaseToken {
        let code = HMAC<SHA256>.authenticationCode(for: Data(lease.rawValue.utf8), using: secret)
        return LeaseToken(unchecked: hexadecimalString(code.prefix(16)))
    }

    /// Takes as long for a wrong token as for a right one.
    func isValid(_ token: String, for lease: LeaseID) -> Bool {
        let (found, wanted) = (Array(token.utf8), Array(self.token(for: lease).rawValue.utf8))
        guard found.count == wanted.count else { return false }
        return zip(found, wanted).reduce(0) { $0 | ($1.0 ^ $1.1) } == 0
    }
}
