import FoundationEssentials
import Shared
import TestSupport
import Testing

@testable import Worker

/// Which workers are dead, as others of the machine, or of others that share the folder, see it.
@Suite struct ProcessIdentityTests {
    /// Process 7 started at tick 90, process 8 is a zombie.
    private static let host = Host { path in
        let rest = "1 7 7 0 -1 4194560 0 0 0 0 0 0 0 0 20 0 1 0"
        return switch path {
        case "/proc/7/stat": "7 (a ) S b) S \(rest) 90 0 0"
        case "/proc/8/stat": "8 (worker) Z \(rest) 90 0 0"
        default: nil
        }
    }

    private static func identity(
        machine: String = "m", bootID: String = "b", namespace: String = "n", processID: Int32 = 7,
        startTicks: Int = 90
    ) -> ProcessIdentity {
        .ofTest(
            machine: machine, bootID: bootID, namespace: namespace, processID: processID,
            startTicks: startTicks)
    }

    @Test(arguments: [
        ("it runs", identity(), ProcessIdentity.Life.alive),
        ("another has its number", identity(startTicks: 80), .dead),
        ("it is gone", identity(processID: 9), .dead),
        ("it is a zombie", identity(processID: 8), .dead),
        ("the machine started anew", identity(bootID: "other"), .dead),
        ("it is another container's", identity(namespace: "other"), .unknown),
        ("it is another machine's", identity(machine: "other"), .unknown),
        ("another machine's, of another boot", identity(machine: "other", bootID: "x"), .unknown),
    ])
    func `a process is known by its number and its start`(
        what: String, process: ProcessIdentity, life: ProcessIdentity.Life
    ) {
        #expect(process.life(seenBy: Self.identity(processID: 3), on: Self.host) == life, "\(what)")
    }

    @Test func `this process lives`() {
        let current = ProcessIdentity.current(machine: "m", bootID: "b", host: .here)
        #expect(current.life(seenBy: current, on: .here) == .alive)
    }

    // MARK: - In a shared folder

    private let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    private func spool(_ owner: String, _ process: ProcessIdentity) throws -> Spool {
        let spool = try Spool(
            directory: directory.path, owner: WorkerName(unchecked: owner), process: process,
            host: Self.host)
        _ = try spool.journal(of: SpoolTests.lease(owner))
        return spool
    }

    /// By owner, as process 3 of machine m sees it once nobody holds a lock.
    private func forsaken() throws -> [String] {
        let observer = try Spool(
            directory: directory.path, owner: WorkerName(unchecked: "observer"),
            process: Self.identity(processID: 3), host: Self.host)
        return observer.forsaken().map {
            $0.folder.split(separator: "/").last.map(String.init) ?? ""
        }
    }

    @Test func `a lock that is granted although its owner lives is no lock`() throws {
        for (owner, process) in [
            ("lives", Self.identity()), ("dead", Self.identity(processID: 9)),
            ("elsewhere", Self.identity(machine: "other", bootID: "x")),
            ("container", Self.identity(machine: "c", namespace: "other")),
        ] {
            _ = try spool(owner, process)
        }
        // A container of this machine has its boot id, whatever its name is.
        #expect(try forsaken() == ["c.container", "m.dead"])
    }

    @Test func `machines that share a folder leave each other's journals alone`() throws {
        let mine = try spool("w", Self.identity())
        let other = try spool("w", Self.identity(machine: "other", bootID: "x"))
        #expect(mine.forsaken().isEmpty && other.forsaken().isEmpty)
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: directory.path).sorted()
                == ["m.w", "m.w.lock", "other.w", "other.w.lock"])
    }

    // MARK: - Why it was killed

    @Test(arguments: [
        ("killed by the kernel", 3, 4, false, "b", "the kernel has killed processes"),
        ("killed otherwise", 3, 3, false, "b", "or ended by a signal or a crash"),
        ("a new count", 3, 0, false, "b", "or ended by a signal or a crash"),
        ("told to stop", 3, 4, true, "b", nil), ("the machine went down", 3, 0, false, "x", nil),
    ])
    func `what killed a worker is said as far as it is known`(
        what: String, before: Int, now: Int, isStopping: Bool, bootID: String, reason: String?
    ) throws {
        func process(_ id: Int32, bootID: String) -> ProcessIdentity {
            .ofTest(bootID: bootID, processID: id, memoryKills: before)
        }
        let host = Host { $0 == "/proc/vmstat" ? "pgfree 7\noom_kill \(now)\n" : nil }
        func spool(_ owner: String, _ process: ProcessIdentity) throws -> Spool {
            try Spool(
                directory: directory.path, owner: WorkerName(unchecked: owner), process: process,
                host: host)
        }
        var dead: Spool? = try spool("dead", process(5, bootID: bootID))
        if isStopping { dead?.noteStopping() }
        dead = nil
        let living = try spool("living", process(6, bootID: "b"))
        let forsaken = try #require(living.forsaken().first)
        let found = living.killReason(of: forsaken)
        #expect(found?.hasPrefix("killed, probably out of memory") == (reason == nil ? nil : true))
        #expect(found?.contains(reason ?? "") == (reason == nil ? nil : true), "\(what)")
    }
}
