import Foundation
import Hummingbird
import HummingbirdCore
import HummingbirdTLS
import Logging
import ServiceLifecycle
import Shared
import UnixSignals

/// The coordinator as a process runs it: the store, the routes, the reaper, and how they stop.
struct CoordinatorServer {
    let store: Store
    let directory: DataDirectory
    let checkpoints: CheckpointFiles
    let datasets: DatasetFiles
    let tokens: TokenBook
    let ownTokens: OwnTokens
    let rates = RequestRates()
    let budgets = CallBudgets()
    let refusals = RefusalLog()
    let space: DiskSpace
    let ready = ReadySignal()
    let logger: Logger

    /// Opens or makes the data directory. One process at a time: a second one is refused.
    /// - Parameter space: what is left of the disk; else as the system says.
    init(
        dataDirectory: String, leaseDuration: Duration, space: DiskSpace? = nil,
        environment: Store.Environment = .system, logger: Logger
    ) throws {
        directory = try DataDirectory(path: dataDirectory)
        store = try Store(
            path: directory.databasePath, leaseDuration: leaseDuration, environment: environment)
        checkpoints = CheckpointFiles(directory)
        datasets = DatasetFiles(directory: directory.datasetsPath)
        try datasets.removePartial()
        tokens = try TokenBook(path: directory.tokensPath)
        ownTokens = try OwnTokens(in: directory, book: tokens, environment: environment)
        self.space = space ?? DiskSpace(path: directory.path)
        self.logger = logger
    }

    /// Where to listen, and how to be known.
    struct Place: Sendable {
        var host: String
        var port: Int
        /// Beside numeric addresses and localhost.
        var hostNames: [String] = []
        /// Nil: what passes can be read by all who carry it.
        var tls: TLSConfiguration?
        var bounds = ConnectionDeadlines.Bounds()
        /// More must wait until others end.
        var connectionsMax = Limits.connectionsMax
    }

    /// Serves until SIGTERM, SIGINT or, unless `nohup` has it ignored, SIGHUP; then ends within a
    /// bounded time whatever the clients do.
    /// - Parameter onRunning: called with the port once connections are taken.
    func run(at place: Place, onRunning: @escaping @Sendable (Int) -> Void) async throws {
        let application = Application(
            router: router(hosts: AllowedHosts([place.host] + place.hostNames)),
            server: try Self.connections(place),
            configuration: .init(
                address: .hostname(place.host, port: place.port), serverName: "gdln-coordinator",
                availableConnectionsDelegate: MaximumAvailableConnections(place.connectionsMax)),
            onServerRunning: { channel in onRunning(channel.localAddress?.port ?? place.port) },
            logger: logger)
        let configuration = ServiceGroupConfiguration(
            services: services(application),
            gracefulShutdownSignals: [.sigterm, .sigint]
                + (ProcessSignals.isHangUpIgnored ? [] : [.sighup]),
            logger: logger)
        try await ServiceGroup(configuration: configuration).run()
        // After a failed fsync nothing more is written.
        if let error = store.commits.brokenBy { throw error }
        await foldLog()
    }

    /// Leaves the store in one file. `EndOfWaits` bounds the time that this takes; where it does
    /// not succeed, the log stays, and the next start reads it.
    private func foldLog() async {
        do {
            try await store.foldLog()
        } catch {
            logger.warning(
                "the write-ahead log stays beside the database: copy both",
                metadata: ["error": "\(error)"])
        }
    }

    /// In the order in which they start; they are told of the end in the reverse one, each once the
    /// one after it has ended.
    ///
    /// Nothing is ever cancelled: the HTTP server traps where its connections are. Its guards close
    /// them, and `EndOfWaits` has the last word: nothing that ends later can hold it up.
    func services(_ application: some Service) -> [ServiceGroupConfiguration.ServiceConfiguration] {
        [
            .init(service: application),
            .init(
                service: Reaper(store: store, ready: ready, refusals: refusals, logger: logger),
                failureTerminationBehavior: .gracefullyShutdownGroup),
            .init(
                service: CheckpointSweeper(
                    store: store, files: checkpoints, datasets: datasets, logger: logger)),
            .init(service: EndOfWaits(store: store, ready: ready, logger: logger)),
        ]
    }

    static func connections(_ place: Place) throws -> HTTPServerBuilder {
        let bounds = place.bounds
        let plain = HTTPServerBuilder.http1(
            configuration: .init(
                additionalChannelHandlers: [ConnectionGuard(bounds)],
                httpDecoderConfiguration: .init(
                    maxHeaderFieldSize: Limits.headerBytesMax,
                    maxHeaderListSize: Limits.headerBytesMax,
                    maxHeaderFieldCount: Limits.headersMax)))
        return try place.tls.map { try .tls(plain, tlsConfiguration: $0) } ?? plain
    }

    func router(hosts: AllowedHosts = AllowedHosts([])) -> Router<CallContext> {
        let router = Router(context: CallContext.self)
        router.add(
            middleware: ErrorAnswers(refusals: refusals, instant: store.environment.instant))
        router.add(
            middleware: Gatekeeper(
                hosts: hosts, tokens: tokens, rates: rates, space: space, budgets: budgets,
                now: store.environment.now, instant: store.environment.instant))
        router.get("/healthz") { _, _ in "ok\n" }
        let labels = StoredLabels(datasets)
        let leaseTokens = LeaseTokens(secret: directory.secret)
        LeaseRoutes(store: store, tokens: leaseTokens, ready: ready).add(to: router)
        CheckpointRoutes(store: store, tokens: leaseTokens, files: checkpoints).add(to: router)
        SweepRoutes(
            store: store,
            planner: SweepPlanner(
                datasets: DatasetCatalogue(store: store, files: datasets), labels: labels),
            reports: Reports(
                store: store, temporaryDirectory: directory.temporaryPath, space: space,
                labels: labels),
            ready: ready, submissions: budgets.submissions
        ).add(to: router)
        DatasetRoutes(
            store: store, files: datasets, directory: directory, space: space,
            uploads: budgets.uploads
        ).add(to: router)
        TokenRoutes(tokens: tokens, now: store.environment.now).add(to: router)
        HostRoutes(store: store).add(to: router)
        return router
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
