import Glibc

/// The names by which a coordinator may be called. A page on a foreign site can have its own name
/// point to this host (DNS rebinding) and would then be let through by the browser: so a name must
/// be known. An address of numbers cannot be rebound.
struct AllowedHosts: Sendable {
    private let names: Set<String>

    init(_ names: [String]) {
        self.names = Set(["localhost"] + names.map { $0.lowercased() })
    }

    /// - Parameter authority: what the header `Host` says: a name or address, maybe with a port.
    func allows(_ authority: String) -> Bool {
        guard let host = Self.host(authority) else { return false }
        return Self.isAddress(host) || names.contains(host.lowercased())
    }

    private static func host(_ authority: String) -> String? {
        if authority.hasPrefix("[") {
            let parts = authority.dropFirst().split(
                separator: "]", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2, parts[1].isEmpty || isPort(parts[1]) else { return nil }
            return String(parts[0])
        }
        let colon = authority.utf8.firstIndex(of: UInt8(ascii: ":")) ?? authority.endIndex
        let port = authority[colon...]
        return port.isEmpty || isPort(port) ? String(authority[..<colon]) : nil
    }

    private static func isPort(_ text: some StringProtocol) -> Bool {
        text.hasPrefix(":") && UInt16(text.dropFirst()) != nil
    }

    private static func isAddress(_ host: String) -> Bool {
        var bytes = in6_addr()
        return inet_pton(AF_INET, host, &bytes) == 1 || inet_pton(AF_INET6, host, &bytes) == 1
    }
}
