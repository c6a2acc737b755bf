import Foundation
import Glibc
import Logging
import Shared
import Synchronization

/// A coordinator that listens, and the files that say how to reach it.
struct Listener {
    let server: CoordinatorServer
    let address: ListenAddress
    let hostNames: [String]
    let certificate: ServerCertificate?
    let connectionsMax: Int
    let logger: Logger

    /// Runs until it is told to end.
    /// - Parameter onRunning: called with the address for this host, once connections are taken.
    func run(onRunning: @escaping @Sendable (_ address: String) -> Void) async throws {
        let written = LeftFiles()
        defer { Announcement.takeBack(written.files) }
        let place = CoordinatorServer.Place(
            host: address.host, port: address.port, hostNames: hostNames, tls: certificate?.tls,
            connectionsMax: connectionsMax)
        let environment = EnvironmentVariables.current
        try await server.run(at: place) { [self, logger] port in
            let announcement = announcement(port: port)
            do {
                try announcement.write(to: server.directory)
                written.keep(try announcement.writeLocally(environment: environment))
            } catch {
                // It serves all the same: `join-string` or a variable can say how to reach it.
                logger.warning("commands will not find it", metadata: ["error": "\(error)"])
            }
            onRunning(announcement.localAddress)
        }
    }

    private func announcement(port: Int) -> Announcement {
        let scheme = certificate == nil ? "http" : "https"
        let local = address.isWildcard ? "127.0.0.1" : address.hostInURL
        let isNamed = address.isWildcard || !address.isLoopback
        let host = isNamed ? hostNames.first ?? local : local
        return Announcement(
            tokens: server.ownTokens, address: "\(scheme)://\(host):\(port)",
            localAddress: "\(scheme)://\(local):\(port)", pin: certificate?.pin)
    }
}

/// What is to be taken away at the end.
private final class LeftFiles: Sendable {
    private let state = Mutex<[(path: String, text: String)]>([])

    var files: [(path: String, text: String)] { state.withLock { $0 } }
    func keep(_ files: [(path: String, text: String)]) { state.withLock { $0 = files } }
}

enum ThisHost {
    /// As it calls itself; no name service is asked.
    static var name: String {
        var buffer = [CChar](repeating: 0, count: Limits.hostNameBytesMax + 1)
        guard gethostname(&buffer, buffer.count - 1) == 0 else { return "localhost" }
        let bytes = buffer.prefix { $0 != 0 }.map(UInt8.init(bitPattern:))
        return String(decoding: bytes, as: UTF8.self)
    }
}

enum OpenFiles {
    /// Raises the number of files that this process may have open, as far as it may: shells allow
    /// fewer than there may be connections.
    /// - Returns: how many connections there is room for, `Limits.connectionsMax` at most.
    static func allowMany() -> Int {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else {
            return Limits.connectionsMax
        }
        let wanted = rlim_t(Limits.connectionsMax + Limits.otherFilesMax)
        if limit.rlim_cur < wanted {
            limit.rlim_cur = min(wanted, limit.rlim_max)
            _ = setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        }
        return Self.connections(filesMax: Int(clamping: limit.rlim_cur))
    }

    /// At least a quarter of what there is: the store and the reports need files too.
    static func connections(filesMax: Int) -> Int {
        let rest = max(filesMax - Limits.otherFilesMax, filesMax / 4)
        return min(max(1, rest), Limits.connectionsMax)
    }
}
