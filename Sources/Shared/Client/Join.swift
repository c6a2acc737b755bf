public import FoundationEssentials

/// How to reach a coordinator: where it is, what proves to it who calls, and what proves to the
/// caller that it is the right one.
///
/// As text, the join string, it is one word to paste: `URL,TOKEN` or `URL,TOKEN,PIN`.
public struct Join: Equatable, Sendable {
    /// `http://HOST:PORT` or `https://HOST:PORT`.
    public let address: String
    public let token: AccessToken?
    /// `sha256//` and the base64 of the SHA-256 of the certificate's public key. With it the
    /// certificate need not be signed by anybody.
    public let pin: String?

    public init(address: String, token: AccessToken? = nil, pin: String? = nil) {
        var address = address
        while address.hasSuffix("/") { address.removeLast() }
        self.address = address
        self.token = token
        self.pin = pin
    }

    public init(parsing text: String) throws(JoinError) {
        let parts = text.trimmed.split(separator: ",", omittingEmptySubsequences: false)
            .map(String.init)
        guard (2...3).contains(parts.count) else {
            throw JoinError("a join string is URL,TOKEN or URL,TOKEN,PIN, all on one line")
        }
        let isEncrypted = parts[0].hasPrefix("https://")
        guard isEncrypted || parts[0].hasPrefix("http://") else {
            throw JoinError("the join string begins with no http:// or https:// address")
        }
        guard parts[0].dropFirst(isEncrypted ? 8 : 7).contains(where: { $0 != "/" }) else {
            throw JoinError("the join string names no host")
        }
        guard let token = AccessToken(parts[1]) else {
            throw JoinError("the token in the join string is damaged or cut")
        }
        if parts.count == 3 {
            guard isEncrypted, Self.isPin(parts[2]) else {
                throw JoinError("the certificate's pin in the join string is damaged or cut")
            }
        }
        self.init(address: parts[0], token: token, pin: parts.count == 3 ? parts[2] : nil)
    }

    /// The join string. A secret.
    public var text: String {
        [address, token?.text, pin].compactMap { $0 }.joined(separator: ",")
    }

    public static func pin(publicKey: Data) -> String {
        "sha256//" + Digest(of: publicKey).bytes.base64EncodedString()
    }

    private static func isPin(_ text: String) -> Bool {
        let prefix = "sha256//"
        guard text.hasPrefix(prefix) else { return false }
        return Data(base64Encoded: String(text.dropFirst(prefix.count)))?.count == 32
    }
}

/// Why there is no way to the coordinator. Never carries a secret.
public struct JoinError: Error, CustomStringConvertible {
    public let description: String

    init(_ description: String) { self.description = description }
}

extension String {
    /// Without white space at both ends.
    var trimmed: String {
        let start = drop(while: \.isWhitespace)
        return String(start.reversed().drop(while: \.isWhitespace).reversed())
    }
}
