import ArgumentParser
import Dispatch
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

            Workers whose machines have one boot id count as one machine: containers of a machine \
            do not check each other's results. \(HostIdentity.bootVariable) takes the place of the \
            kernel's boot id.

            It first trains small cases whose answers are known. Where a bit is wrong it tells the \
            coordinator, trains nothing and ends with exit code \(Self.refusedExitCode), which no \
            other try will change.

            SIGTERM, SIGHUP, SIGUSR1, SIGUSR2, SIGXCPU or Ctrl-C makes it bring each epoch under \
            way to its end, keep the training with the coordinator, hand the task back and end; a \
            second SIGTERM or Ctrl-C ends it at once. Under `nohup` it ignores SIGHUP.

            Exit codes: 0 told to end or idle, 1 error, 64 wrong arguments, 70 self-test, 75 not \
            ended within --grace, 130 ended at once.
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
            A file with the join string, read again whenever the token is refused or the \
            coordinator cannot be reached; else the environment's GDLN_JOIN_FILE.
            """,
            valueName: "path"))
    var joinFile: String?

    @Option(
        help: ArgumentHelp(
            """
            The name of this host, by which it is quarantined; else SLURMD_NODENAME, else the \
            system's name with a digest of the machine's id.
            """,
            valueName: "name"))
    var host: String?

    @Option(
        help: """
            How many tasks to train side by side at most; else as many as there are cores. Memory \
            limits them in any case.
            """)
    var slots: Int?

    @Option(
        help: """
            How many threads to share out among them; else one a core, of those that a control \
            group or SLURM_CPUS_PER_TASK grants.
            """)
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
        if let host {
            guard (1...Limits.hostNameBytesMax).contains(host.utf8.count), host.isPlain else {
                throw ValidationError(
                    "--host must be 1 to \(Limits.hostNameBytesMax) bytes without control "
                        + "characters.")
            }
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
        // Whatever is made from here on is for its owner alone.
        umask(0o077)
        ProcessSignals.ignoreBrokenPipes()
        LogLineHandler.bootstrap()
        defer { LineWriter.standardError.flush() }
        var logger = Logger(label: "gdln-worker")
        logger.logLevel = .notice
        let stop = StopSignal(grace: grace)
        let sources = stop.listen()
        let identity = HostIdentity(
            option: host, environment: .current, hostName: Self.hostName(), host: .here)
        let name = Self.workerName(host: identity.shortName)
        let directory = try cacheDir ?? Self.defaultCacheDirectory()
        let access = CoordinatorAccess(source: try source(), stop: stop, logger: logger)
        // The self-test takes a while, in which it would not be heard of.
        DispatchQueue(label: "probe").async { access.probe() }
        let spool = try Spool(
            directory: directory + "/spool", owner: name,
            process: .current(machine: identity.machine, bootID: identity.bootID, host: .here),
            host: .here)
        defer { spool.close() }
        if let reason = spool.lockTrouble {
            logger.warning(
                "the cache folder has no working file locks; workers are told apart by process",
                metadata: ["directory": "\(directory)", "reason": "\(reason)"])
        }
        let admission = Admission(
            cores: threads ?? Host.here.cores,
            cacheBytes: Host.here.cacheBytes, slots: slots)
        let selfTest = try SelfTest.report(
            threads: min(admission.cores, Limits.selfTestThreadsMax))
        let loop = WorkerLoop(
            name: name, host: identity.name, bootID: identity.bootID, selfTest: selfTest,
            roster: Roster(admission) { Host.here.availableBytes }, idleExit: idleExit,
            access: access,
            cache: DatasetCache(directory: directory, logger: logger),
            shelf: CheckpointShelf(directory: directory + "/checkpoints", owner: name),
            spool: spool, logger: logger)
        logger.notice(
            "started",
            metadata: [
                "worker": "\(loop.name)", "host": "\(loop.host)", "threads": "\(admission.cores)",
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
            environment: .current, role: .worker)
    }

    private static func defaultCacheDirectory() throws -> String {
        let path = DatasetCache.defaultDirectory(environment: .current)
        try PrivateFolder.prepare(path, remedy: "name another one with --cache-dir")
        return path
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
