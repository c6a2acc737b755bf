import Crypto
import Foundation
import Shared

/// Makes and checks lease tokens. A token is a keyed digest of its lease's id, so none is ever
/// stored, and a repeated call for leases is answered with the same ones, also after a restart.
struct LeaseTokens: Sendable {
    /// The key is mixed in once, not for every token.
    private let keyed: HMAC<SHA256>

    init(secret: SymmetricKey) { keyed = HMAC<SHA256>(key: secret) }

    /// 128 bits that only the holder of the secret can make.
    func token(for lease: LeaseID) -> LeaseToken {
        var code = keyed
        code.update(data: Array(lease.rawValue.utf8))
        return LeaseToken(unchecked: hexadecimalString(code.finalize().prefix(16)))
    }

    /// Takes as long for a wrong token as for a right one.
    func isValid(_ token: String, for lease: LeaseID) -> Bool {
        let (found, wanted) = (token.utf8, self.token(for: lease).rawValue.utf8)
        guard found.count == wanted.count else { return false }
        return zip(found, wanted).reduce(0) { $0 | ($1.0 ^ $1.1) } == 0
    }
}
