import ArgumentParser
import FoundationEssentials
import Glibc
import Logging
import Shared
import Trainer

/// Trains tasks for a coordinator.
struct Run: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Train tasks for a coordinator.",
        discussion: """
            Example: gdln-worker run --coordinator http://127.0.0.1:7878
            On another host: gdln-worker run --join-file join-worker

            Trains as many tasks side by side as memory allows and shares the processors' cores \
            out among them. One worker a host is enough.

            What `gdln-coordinator join-string --worker` prints is the join string. It has a \
            secret: it goes into a file or into the environment's GDLN_JOIN, never into the \
            command, which all users of this host can read.

            It first trains small cases whose answers are known. Where a bit is wrong it tells the \
            coordinator, trains nothing and ends with exit code \(Self.refusedExitCode), which no \
            other try will change.

            SIGTERM or Ctrl-C makes it bring each epoch under way to its end, keep the training \
            with the coordinator, hand the task back and end; a second one ends it at once.
            """)

    @Option(
        help: ArgumentHelp(
            """
            The address of a coordinator that the same user runs on this host; else the \
            environment's GDLN_COORDINATOR.
            """,
            valueName: "url"))
    var coordinator: String?

    @Option(
        help: ArgumentHelp(
            """
            A file with the join string, read again whenever the token is refused; else the \
            environment's GDLN_JOIN_FILE.
            """,
            valueName: "path"))
    var joinFile: String?

    @Option(help: "How many tasks to train side by side; else as many as cores and memory allow.")
    var slots: Int?

    @Option(help: "How many threads to share out among them; else one a core.")
    var threads: Int?

    @Option(
        help: ArgumentHelp("End after so long without a task.", valueName: "10m"),
        transform: Duration.init(typed:))
    var idleExit: Duration?

    @Option(
        help: ArgumentHelp(
            "Where data sets, checkpoints and what is not told yet are kept; else the user's cache "
                + "folder.", valueName: "dir"))
    var cacheDir: String?

    @Option(
        help: ArgumentHelp(
            "How long it may take to end after SIGTERM.", valueName: "20s"),
        transform: Duration.init(typed:))
    var grace: Duration = .seconds(Limits.graceSecondsDefault)

    func validate() throws {
        for (name, value, most) in [
            ("--slots", slots, Limits.slotsPerWorkerMax), ("--threads", threads, Limits.threadsMax),
        ] {
            guard let value, !(1...most).contains(value) else { continue }
            throw ValidationError("\(name) must be from 1 to \(most).")
        }
        guard (1...Limits.graceSecondsMax).contains(grace.seconds) else {
            throw ValidationError("--grace must be from 1s to a day.")
        }
        do {
            _ = try source()
        } catch {
            throw ValidationError(error.description)
        }
    }

    func run() throws {
        let environment = ProcessInfo.processInfo.environment
        LoggingSystem.bootstrap {
            StreamLogHandler(label: $0, stream: StandardError.LogStream())
        }
        var logger = Logger(label: "gdln-worker")
        logger.logLevel = .notice
        let stop = StopSignal(grace: grace)
        let sources = stop.listen()
        let host = Self.hostName()
        let name = Self.workerName(host: host)
        let directory = cacheDir ?? DatasetCache.defaultDirectory(environment: environment)
        let spool = try Spool(directory: directory + "/spool", owner: name)
        defer { spool.close() }
        let admission = Admission(
            cores: threads ?? Host.here.cores,
            cacheBytes: Host.here.cacheBytes, slots: slots)
        let selfTest = try SelfTest.report(
            threads: min(admission.cores, Limits.selfTestThreadsMax))
        let loop = WorkerLoop(
            name: name, host: host, selfTest: selfTest,
            roster: Roster(admission) { Host.here.availableBytes }, idleExit: idleExit,
            access: CoordinatorAccess(source: try source(), stop: stop, logger: logger),
            cache: DatasetCache(directory: directory, logger: logger),
            shelf: CheckpointShelf(directory: directory + "/checkpoints", owner: name),
            spool: spool, logger: logger)
        logger.notice(
            "started",
            metadata: [
                "worker": "\(loop.name)", "threads": "\(admission.cores)",
                "kernels": "\(selfTest.kernels)",
                "slots": "\(slots.map(String.init) ?? "as memory allows")",
            ])
        let ending = withExtendedLifetime(sources) { self.ending(of: loop, logger) }
        if case .refused(let reason) = ending {
            logger.critical("refused", metadata: ["reason": "\(reason)"])
            throw ExitCode(Self.refusedExitCode)
        }
        logger.notice("ended", metadata: ["reason": "\(stop.isSet ? stop.reason : "idle")"])
    }

    /// This host computes wrongly, or is of another version than the coordinator.
    static let refusedExitCode: Int32 = 70

    /// Where the self-test came out wrong nothing is trained; the coordinator hears of it, if it
    /// can be reached soon.
    private func ending(of loop: WorkerLoop, _ logger: Logger) -> WorkerLoop.Ending {
        guard !loop.selfTest.differences.isEmpty else { return loop.run() }
        return .refused(reason: loop.tellOfFailedSelfTest())
    }

    private func source() throws(JoinError) -> JoinSource {
        try JoinSource(
            options: .init(joinFile: joinFile, address: coordinator),
            environment: ProcessInfo.processInfo.environment, role: .worker)
    }

    private static func hostName() -> String {
        var buffer = [CChar](repeating: 0, count: 256)
        guard gethostname(&buffer, buffer.count - 1) == 0 else { return "unknown" }
        return String(
            decoding: buffer.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    /// The process's own: a restarted worker is another worker, which may not speak for the old
    /// one's leases.
    private static func workerName(host: String) -> WorkerName {
        let plain = host.filter { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-") }
        let suffix = LeaseID.random(digits: 6) { UInt64.random(in: .min ... .max) }
        return WorkerName(unchecked: "\(plain.prefix(64))-\(getpid())-\(suffix)")
    }
}
