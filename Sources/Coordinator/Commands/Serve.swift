import ArgumentParser
import Foundation
import Logging
import NIOCore
import Shared

/// Runs the coordinator itself.
struct Serve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Run the coordinator.",
        discussion: """
            Example: gdln-coordinator serve --data-dir sweeps --listen 127.0.0.1:7878

            Everything is kept in the data directory. SIGTERM, SIGHUP or Ctrl-C ends it; started \
            again, it goes on where it was. Under `nohup` it ignores SIGHUP.

            Other hosts are served with --listen 0.0.0.0:7878, encrypted; `join-string` prints \
            what lets them in.
            """)

    @Option(help: "Where everything is kept.")
    var dataDir = "gdln-data"

    @Option(
        help: ArgumentHelp("Where to listen; port 0 takes a free one.", valueName: "address:port"))
    var listen = "127.0.0.1:7878"

    @Option(help: "How long a worker may be silent before its task goes to another.")
    var leaseSeconds = Limits.leaseSecondsDefault

    @Flag(help: "Encrypt also what passes on this host; for other hosts that is so anyway.")
    var tls = false

    @Flag(help: "Serve other hosts without encryption: whoever is on the way can read the tokens.")
    var insecure = false

    @Option(
        help: ArgumentHelp(
            "A certificate of your own, in PEM, instead of the one made at the first start.",
            valueName: "path"))
    var certificate: String?

    @Option(help: ArgumentHelp("The key to --certificate, in PEM.", valueName: "path"))
    var key: String?

    @Option(
        help: ArgumentHelp(
            """
            A name by which other hosts reach this one, repeatable; the first stands in join \
            strings. Else this host's own.
            """, valueName: "name"))
    var hostName: [String] = []

    func validate() throws {
        guard (Limits.leaseSecondsMin...Limits.leaseSecondsMax).contains(leaseSeconds) else {
            throw ValidationError(
                "--lease-seconds must be from \(Limits.leaseSecondsMin) to "
                    + "\(Limits.leaseSecondsMax).")
        }
        _ = try ListenAddress(listen)
        for name in hostName {
            guard name.wholeMatch(of: /[A-Za-z0-9][A-Za-z0-9._-]*/) != nil,
                name.utf8.count <= Limits.domainNameBytesMax
            else {
                throw ValidationError(
                    "--host-name: found '\(name)', wanted a name such as node-1.example.org.")
            }
        }
        guard (certificate == nil) == (key == nil) else {
            throw ValidationError("--certificate and --key go together.")
        }
        guard !insecure || (!tls && certificate == nil) else {
            throw ValidationError("--insecure is without encryption: it has no certificate.")
        }
    }

    func run() async throws {
        // Whatever is made from here on is for its owner alone.
        umask(0o077)
        ProcessSignals.ignoreBrokenPipes()
        ProcessSignals.ignoreUserSignals()
        let connectionsMax = OpenFiles.allowMany()
        LogLineHandler.bootstrap()
        defer { LineWriter.standardError.flush() }
        var logger = Logger(label: "gdln-coordinator")
        logger.logLevel = .notice
        if connectionsMax < Limits.connectionsMax {
            logger.notice(
                """
                this process may have so few files open that more connections must wait: \
                `ulimit -n \(Limits.connectionsMax + Limits.otherFilesMax)` would do
                """, metadata: ["connections": "\(connectionsMax)"])
        }
        let server = try CoordinatorServer(
            dataDirectory: dataDir, leaseDuration: .seconds(leaseSeconds), logger: logger)
        let names = hostName.isEmpty ? [ThisHost.name] : hostName
        let listener = Listener(
            server: server, address: try ListenAddress(listen), hostNames: names,
            certificate: try usedCertificate(server.directory, hostName: names[0]),
            connectionsMax: connectionsMax, logger: logger)
        do {
            try await listener.run { address in
                StandardOutput.announce("listening on \(address), data in \(dataDir)")
            }
        } catch let error as IOError {
            throw CommandFailure(
                "The coordinator cannot listen on \(listen): "
                    + "\(String(cString: strerror(error.errnoCode))).")
        } catch is SocketAddressError.UnknownHost {
            throw CommandFailure(
                "The coordinator cannot listen on \(listen): this host knows no such address.")
        }
    }

    /// Nil: what passes is not encrypted.
    private func usedCertificate(_ directory: DataDirectory, hostName: String) throws
        -> ServerCertificate?
    {
        if let certificate, let key {
            return try ServerCertificate(certificate: certificate, key: key)
        }
        // Made at the first start, needed or not: its pin is then the same for good.
        let own = try ServerCertificate(in: directory, now: Date(), hostName: hostName)
        let isForOthers = try !ListenAddress(listen).isLoopback
        return tls || (isForOthers && !insecure) ? own : nil
    }
}

/// `ADDRESS:PORT`; an IPv6 address stands in brackets.
struct ListenAddress: Equatable {
    let host: String
    let port: Int

    init(_ text: String) throws {
        guard let colon = text.lastIndex(of: ":"),
            let port = Int(text[text.index(after: colon)...]),
            (0...65_535).contains(port), colon != text.startIndex
        else {
            throw ValidationError("found '\(text)', wanted ADDRESS:PORT, such as 127.0.0.1:7878")
        }
        var host = text[..<colon]
        if host.hasPrefix("["), host.hasSuffix("]") { host = host.dropFirst().dropLast() }
        guard !host.isEmpty else {
            throw ValidationError("found '\(text)', wanted an address before the port")
        }
        self.host = String(host)
        self.port = port
    }

    /// Only what can be nothing else: `127.example.org` is a name that anybody can own.
    var isLoopback: Bool {
        let parts = host.split(separator: ".", omittingEmptySubsequences: false)
        let isIPv4 = parts.count == 4 && parts.allSatisfy { UInt8($0) != nil }
        return host == "localhost" || host == "::1" || (isIPv4 && parts[0] == "127")
    }
    /// Listens on every address that the host has.
    var isWildcard: Bool { ["0.0.0.0", "::"].contains(host) }
    var hostInURL: String { host.contains(":") ? "[\(host)]" : host }
}
