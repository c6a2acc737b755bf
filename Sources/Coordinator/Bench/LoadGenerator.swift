import NIOCore
import NIOPosix
import NIOSSL
import Shared

/// Plays scripts against a coordinator, one connection each, all on one thread.
struct LoadGenerator {
    let target: BenchTarget

    /// Returns once every script has ended, or the time is over.
    /// - Parameter spread: over how long the connections are made, evenly.
    func run(
        connections: Int, over spread: Duration = .zero, atMost duration: Duration,
        script: @escaping @Sendable (Int) -> any LoadScript
    ) async throws -> LoadRun {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let results = LoadResults()
        let encryption = try target.certificate.map(Self.encryption)
        let start = ContinuousClock.now
        let end = NIODeadline.now() + .nanoseconds(Int64(duration.seconds * 1e9))
        var channels: [any Channel] = []
        for index in 0..<connections {
            let due = start + spread * (Double(index) / Double(connections))
            if due > .now { try await Task.sleep(until: due) }
            channels.append(
                try await ClientBootstrap(group: group)
                    .channelOption(.socketOption(.tcp_nodelay), value: 1)
                    .channelInitializer { channel in
                        channel.eventLoop.makeCompletedFuture {
                            let pipeline = channel.pipeline.syncOperations
                            if let encryption {
                                try pipeline.addHandler(
                                    NIOSSLClientHandler(
                                        context: encryption, serverHostname: "localhost"))
                            }
                            try pipeline.addHandler(
                                LoadConnection(script(index), results, until: end))
                        }
                    }.connect(host: target.host, port: target.port).get())
        }
        for channel in channels { try await channel.closeFuture.get() }
        let seconds = (ContinuousClock.now - start).seconds
        try await group.shutdownGracefully()
        return LoadRun(results: results, seconds: seconds)
    }

    /// Trusts the coordinator's own certificate alone.
    private static func encryption(_ certificate: String) throws -> NIOSSLContext {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.trustRoots = .file(certificate)
        return try NIOSSLContext(configuration: configuration)
    }
}

struct LoadRun {
    let results: LoadResults
    let seconds: Double

    func perSecond(_ kind: String) -> Double { Double(results.count(kind)) / seconds }
}
