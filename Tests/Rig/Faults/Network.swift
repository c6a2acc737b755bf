import Foundation
import Glibc
import Shared
import TestSupport

/// Two hosts on one cable: network namespaces of this process's own, and a veth pair.
final class Network: Sendable {
    let servers: String
    let clients: String
    static let serverAddress = "10.213.77.1"
    private static let clientAddress = "10.213.77.2"

    static let needs: [Need] = [.root, .networkNamespaces, .tool("ip"), .tool("nft")]

    init() throws {
        let tag = String(UInt32.random(in: .min ... .max), radix: 16)
        (servers, clients) = ("rig-s-\(tag)", "rig-c-\(tag)")
        for name in [servers, clients] {
            try Machine.run("ip", "netns", "add", name)
            try Machine.run("ip", "-n", name, "link", "set", "lo", "up")
        }
        try Machine.run(
            "ip", "-n", servers, "link", "add", "v0", "type", "veth", "peer", "name", "v0",
            "netns", clients)
        for (name, address) in [(servers, Self.serverAddress), (clients, Self.clientAddress)] {
            try Machine.run("ip", "-n", name, "address", "add", address + "/24", "dev", "v0")
            try Machine.run("ip", "-n", name, "link", "set", "v0", "up")
        }
    }

    /// What runs a process on the servers' host.
    func prefix() throws -> [String] {
        guard let ip = Machine.path(of: "ip") else { throw TestFailure("ip is not installed") }
        return [ip, "netns", "exec", servers]
    }

    enum Partition: CaseIterable {
        /// The servers hear and are not heard: what was asked is done, and nobody learns of it.
        case repliesLost
        case requestsLost
        case cut
        /// Connections are reset instead of dying silently.
        case reset
    }

    func part(_ partition: Partition) throws {
        let rules: [(chain: String, rule: String)] =
            switch partition {
            case .repliesLost: [("output", "tcp sport 1-65535 oifname v0 drop")]
            case .requestsLost: [("input", "iifname v0 meta l4proto tcp drop")]
            case .cut:
                [("output", "oifname v0 drop"), ("input", "iifname v0 drop")]
            case .reset: [("input", "iifname v0 meta l4proto tcp reject with tcp reset")]
            }
        try nft("add", "table", "inet", "rig")
        for (chain, rule) in rules {
            try nft(
                "add", "chain", "inet", "rig", chain,
                "{ type filter hook \(chain) priority 0 ; }")
            try nft("add", "rule", "inet", "rig", chain, rule)
        }
    }

    func heal() throws { _ = try? nft("delete", "table", "inet", "rig") }

    @discardableResult
    private func nft(_ words: String...) throws -> String {
        try Machine.run(
            "ip", "netns", "exec", servers, "nft", words.joined(separator: " "))
    }

    /// Moves the calling thread, and only that, to the clients' host.
    func enterAsClient() throws {
        let file = open("/run/netns/\(clients)", O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { throw TestFailure("there is no namespace \(clients)") }
        defer { close(file) }
        typealias SetNamespace = @convention(c) (Int32, Int32) -> Int32
        guard let symbol = dlsym(nil, "setns") else { throw TestFailure("there is no setns") }
        let setNamespace = unsafeBitCast(symbol, to: SetNamespace.self)
        let network: Int32 = 0x4000_0000
        guard setNamespace(file, network) == 0 else {
            throw TestFailure("setns: \(String(cString: strerror(errno)))")
        }
    }

    func remove() {
        for name in [servers, clients] { _ = try? Machine.run("ip", "netns", "delete", name) }
    }
}
