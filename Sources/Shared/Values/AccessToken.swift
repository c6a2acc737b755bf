import Crypto
import FoundationEssentials

/// What the bearer of a token may do.
///
///     admin ── submit ── read
///       '───── worker
public enum Role: String, Codable, CaseIterable, Sendable {
    /// Look at sweeps, reports and workers.
    case read
    /// Also submit sweeps, steer them, and add data sets.
    case submit
    /// Lease tasks and report on them; nothing else, since it lies on many hosts.
    case worker
    /// Everything, and make tokens.
    case admin

    /// Whether this role may do what the other one may.
    public func includes(_ other: Role) -> Bool {
        self == other || self == .admin || (self == .submit && other == .read)
    }
}

/// What proves to a coordinator that its bearer may call: 256 random bits, written so that a person
/// and a scanner for leaked secrets recognize it, and so that one that was cut or mistyped is
/// noticed before it is sent: `gdln_ROLE_` + 64 hexadecimal digits + 8 digits of their SHA-256.
///
/// The coordinator keeps its digest alone. Printing it shows nothing secret.
public struct AccessToken: Hashable, Sendable, CustomStringConvertible {
    /// The secret itself.
    public let text: String
    public let role: Role

    /// - Parameter randomBits: gives 64 random bits a call.
    public init(role: Role, _ randomBits: () -> UInt64) {
        let secret = (0..<4).map { _ in
            withUnsafeBytes(of: randomBits()) { hexadecimalString($0) }
        }
        let body = "gdln_\(role.rawValue)_" + secret.joined()
        text = body + Self.checksum(body)
        self.role = role
    }

    /// Nil unless it is a token, whole.
    public init?(_ text: String) {
        let parts = text.split(separator: "_", omittingEmptySubsequences: false)
        guard parts.count == 3, parts[0] == "gdln", let role = Role(rawValue: String(parts[1])),
            parts[2].utf8.count == 72, Self.checksum(String(text.dropLast(8))) == text.suffix(8)
        else { return nil }
        self.text = text
        self.role = role
    }

    /// What the coordinator keeps.
    public var digest: Digest { Digest(of: Data(text.utf8)) }

    public var description: String { "gdln_\(role.rawValue)_..." }

    private static func checksum(_ body: String) -> String {
        String(Digest(of: Data(body.utf8)).hexadecimal.prefix(8))
    }
}
