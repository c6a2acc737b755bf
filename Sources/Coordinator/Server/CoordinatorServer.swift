import Foundation
import Hummingbird
import HummingbirdCore
import Logging
import ServiceLifecycle
import Shared
import UnixSignals

/// The coordinator as a process runs it: the store, the routes, the reaper, and how they stop.
struct CoordinatorServer {
    let store: Store
    let directory: DataDirectory
    let checkpoints: CheckpointFiles
    let ready = ReadySignal()
    let logger: Logger

    /// Opens or makes the data directory. One process at a time: a second one is refused.
    init(dataDirectory: String, leaseDuration: Duration, logger: Logger) throws {
        directory = try DataDirectory(path: dataDirectory)
        store = try Store(
            path: directory.databasePath, leaseDuration: leaseDuration, environment: .system)
        checkpoints = CheckpointFiles(directory)
        self.logger = logger
    }

    /// Serves until SIGTERM or SIGINT, then ends within a bounded time whatever the clients do.
    /// - Parameter onRunning: called with the port once connections are taken.
    func run(host: String, port: Int, onRunning: @escaping @Sendable (Int) -> Void) async throws {
        let application = Application(
            router: router(),
            server: .http1(
                configuration: .init(
                    idleTimeout: .seconds(Int64(Limits.connectionIdleSeconds)))),
            configuration: .init(
                address: .hostname(host, port: port), serverName: "gdln-coordinator",
                availableConnectionsDelegate: MaximumAvailableConnections(Limits.connectionsMax)),
            onServerRunning: { channel in onRunning(channel.localAddress?.port ?? port) },
            logger: logger)
        var configuration = ServiceGroupConfiguration(
            services: [
                application, Reaper(store: store, ready: ready, logger: logger),
                EndOfWaits(ready: ready),
                CheckpointSweeper(store: store, files: checkpoints, logger: logger),
            ],
            gracefulShutdownSignals: [.sigterm, .sigint], logger: logger)
        configuration.maximumGracefulShutdownDuration = .seconds(Limits.drainSecondsMax)
        try await ServiceGroup(configuration: configuration).run()
    }

    func router() -> Router<BasicRequestContext> {
        let router = Router(context: BasicRequestContext.self)
        router.add(middleware: ErrorAnswers())
        router.get("/healthz") { _, _ in "ok\n" }
        let files = DatasetFiles(directory: directory.datasetsPath)
        let tokens = LeaseTokens(secret: directory.secret)
        LeaseRoutes(store: store, tokens: tokens, ready: ready).add(to: router)
        CheckpointRoutes(store: store, tokens: tokens, files: checkpoints).add(to: router)
        SweepRoutes(
            store: store,
            planner: SweepPlanner(datasets: DatasetCatalogue(store: store, files: files)),
            reports: Reports(store: store, temporaryDirectory: directory.temporaryPath),
            ready: ready
        ).add(to: router)
        DatasetRoutes(store: store, files: files, directory: directory).add(to: router)
        router.get("/v1/workers") { _, _ in
            try await jsonResponse(WorkerList(workers: store.workers()))
        }
        return router
    }
}

/// Workers that wait for a task would hold up the end: they are sent away empty-handed instead.
private struct EndOfWaits: Service {
    let ready: ReadySignal

    func run() async throws {
        try? await gracefulShutdown()
        await ready.close()
    }
}

extension Store.Environment {
    /// The machine's clocks and its source of randomness.
    static var system: Store.Environment {
        Store.Environment(
            now: { Timestamp(Date()) }, instant: { ContinuousClock.now },
            randomBits: { UInt64.random(in: .min ... .max) })
    }
}
