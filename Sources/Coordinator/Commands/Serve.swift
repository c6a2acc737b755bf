import ArgumentParser
import Foundation
import Logging
import Shared

/// Runs the coordinator itself.
struct Serve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Run the coordinator.",
        discussion: """
            Example: gdln-coordinator serve --data-dir sweeps --listen 127.0.0.1:7878

            Everything is kept in the data directory. SIGTERM or Ctrl-C ends it; started again, it \
            goes on where it was.
            """)

    @Option(help: "Where everything is kept.")
    var dataDir = "gdln-data"

    @Option(
        help: ArgumentHelp("Where to listen; port 0 takes a free one.", valueName: "address:port"))
    var listen = "127.0.0.1:7878"

    @Option(help: "How long a worker may be silent before its task goes to another.")
    var leaseSeconds = Limits.leaseSecondsDefault

    @Flag(help: "Serve other hosts too, without encryption and without asking who they are.")
    var insecure = false

    func validate() throws {
        guard (Limits.leaseSecondsMin...Limits.leaseSecondsMax).contains(leaseSeconds) else {
            throw ValidationError(
                "--lease-seconds must be from \(Limits.leaseSecondsMin) to \(Limits.leaseSecondsMax)."
            )
        }
        let address = try ListenAddress(listen)
        guard insecure || address.isLoopback else {
            throw ValidationError(
                "\(address.host) can be reached from other hosts, and whoever reaches the "
                    + "coordinator can command it: listen on 127.0.0.1, or accept that with "
                    + "--insecure.")
        }
    }

    func run() async throws {
        let address = try ListenAddress(listen)
        LoggingSystem.bootstrap { StreamLogHandler.standardError(label: $0) }
        var logger = Logger(label: "gdln-coordinator")
        logger.logLevel = .notice
        let server = try CoordinatorServer(
            dataDirectory: dataDir, leaseDuration: .seconds(leaseSeconds), logger: logger)
        let dataDir = dataDir
        try await server.run(host: address.host, port: address.port) { port in
            // Unbuffered: whoever started this process may wait for the line through a pipe.
            writeOut("listening on http://\(address.hostInURL):\(port), data in \(dataDir)\n")
        }
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
        self.host = String(host)
        self.port = port
    }

    var isLoopback: Bool { host == "localhost" || host == "::1" || host.hasPrefix("127.") }
    var hostInURL: String { host.contains(":") ? "[\(host)]" : host }
}
