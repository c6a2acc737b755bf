import FoundationEssentials
import GRDB
import Shared

/// The coordinator's only door to SQLite: a list of verbs, each one transaction. No SQL stands
/// outside this folder, and no row type leaves it.
///
/// What must hold:
///  * one process owns the data directory, by a lock on a file in it;
///  * a write is answered only once it is on disk (`synchronous` is FULL, read back at start);
///  * one connection writes; readers see snapshots.
struct Store: Sendable {
    let pool: DatabasePool
    let commits: GroupCommit
    let liveLeases: LiveLeases
    let progress = ProgressMeter()
    let workersSeen = WorkersSeen()
    let staged = StagedSweeps()
    let hosts: HostRecords
    let environment: Environment

    /// What the store needs from outside.
    struct Environment: Sendable {
        var now: @Sendable () -> Timestamp
        var instant: @Sendable () -> ContinuousClock.Instant
        var randomBits: @Sendable () -> UInt64
    }

    /// Opens the file, or makes it, and gives every lease that was held its full length again.
    /// - Parameter acceptsLoss: also opens a store that lacks acknowledged commits.
    /// - Throws: `IncompleteStore` where it lacks them.
    init(
        path: String, leaseDuration: Duration, environment: Environment, acceptsLoss: Bool = false
    ) throws {
        var configuration = GRDB.Configuration()
        // Reports have readers of their own beside these.
        configuration.maximumReaderCount = Limits.readersMax + Limits.reportReadersMax
        configuration.foreignKeysEnabled = true
        configuration.busyMode = .timeout(5)
        configuration.prepareDatabase { database in
            try database.execute(sql: "PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON")
        }
        let mark: CommitMark
        (pool, mark) = try Self.open(
            path, configuration, acceptsLoss: acceptsLoss, environment.randomBits)
        try Self.makeCommitsDurable(pool, logPages: DiskSpace(path: path).logPages)
        guard try !pool.read(Schema.migrator.hasBeenSuperseded) else {
            throw StoreError.otherBuild(path: path)
        }
        try Schema.migrator.migrate(pool)
        try Self.takeUp(mark, pool)
        try Self.removeStaged(pool)
        hosts = try Self.hostRecords(pool)
        commits = GroupCommit(writer: pool, batchMax: Limits.commitBatchMax, mark: mark)
        liveLeases = LiveLeases(leaseDuration: leaseDuration)
        self.environment = environment
        try takeUpLeases()
    }

    /// GRDB lowers `synchronous` to NORMAL when it turns on the write-ahead log, after any hook of
    /// ours has run; a power cut could then take back what was acknowledged. So it is set
    /// afterwards, outside a transaction, and read back.
    private static func makeCommitsDurable(_ pool: DatabasePool, logPages: Int) throws {
        try pool.writeWithoutTransaction { database in
            try database.execute(
                sql: """
                    PRAGMA synchronous = FULL;
                    PRAGMA journal_size_limit = \(2 * logPages * Limits.pageBytes);
                    PRAGMA wal_autocheckpoint = \(logPages);
                    PRAGMA cache_size = -\(Limits.pageCacheKilobytesMax)
                    """)
        }
        try requireDurability(pool)
    }

    /// Throws unless each commit of the one writing connection waits for its fsync.
    static func requireDurability(_ pool: DatabasePool) throws {
        let level = try pool.writeWithoutTransaction {
            try Int.fetchOne($0, sql: "PRAGMA synchronous")
        }
        guard level == 2 else {
            throw StoreError.notDurable(found: level.map(String.init) ?? "nothing")
        }
    }

    private func takeUpLeases() throws {
        let now = environment.instant()
        try pool.read { database in
            let rows = try Row.fetchCursor(
                database,
                sql: """
                    SELECT task.lease, task.sweep, attempt.worker, task.epochsCompleted,
                        worker.host, sweep.name, task.id
                    FROM task JOIN attempt
                        ON attempt.task = task.number AND attempt.number = task.attempt
                        JOIN worker ON worker.name = attempt.worker
                        JOIN sweep ON sweep.id = task.sweep
                    WHERE task.state = 'leased'
                    """)
            while let row = try rows.next() {
                liveLeases.hold(
                    LeaseID(unchecked: try row[stored: 0]),
                    sweep: SweepID(unchecked: try row[stored: 1]),
                    worker: WorkerName(unchecked: try row[stored: 2]),
                    epochsCompleted: try row[stored: 3],
                    work: .init(
                        host: try row[stored: 4], sweep: try row[stored: 5],
                        task: SweepTaskID(unchecked: try row[stored: 6])),
                    now: now)
            }
        }
    }
}

/// Why the store refused. Each has one answer on the wire.
enum StoreError: Error, Equatable {
    case notDurable(found: String)
    case otherBuild(path: String)
    case logNotFolded(path: String, bytes: Int)
    /// - Parameter damages: a sentence for each task whose stored rows are damaged.
    case damagedResults([String])
    case noSuchSweep(String)
    case noSuchDataset(Digest)
    case noSuchDatasetName(String)
    /// - Parameter sweeps: names of unfinished sweeps; of many the first.
    case datasetInUse(String, sweeps: [String])
    /// - Parameter stored: bytes of the token's files before.
    case quotaExceeded(stored: Int, quota: Int)
    /// A retry needs data whose file was removed.
    case dataRemoved([Digest])
    case datasetNameTaken(String, held: Digest, found: Digest)
    case nameIsID(String)
    case noSuchLease(LeaseID)
    case leaseLost(reason: String)
    case metricsGap(found: Int, wanted: Int)
    case metricsConflict(sequence: Int)
    case rowsMissing(stored: Int, claimed: Int)
    case epochsMissing(completed: Int, wanted: Int)
    case evaluationMissing(lastEpoch: Int, wanted: Int)
    case noSuchEpoch(Int, epochs: Int)
    case tooManyRows(found: Int, wanted: Int)
    case tooManyTasks(found: Int, stored: Int)
    case trajectoryMismatch(stored: Digest, claimed: Digest)
    case requestIDReused
    case selfTestFailed(host: String, [String])
    case setAside(host: String, reason: String)
    case notSetAside(String)
}

extension StoreError {
    /// A sentence each; of many damaged tasks the first.
    var details: [String] {
        guard case .damagedResults(let damages) = self else { return [] }
        let rest = damages.count - Limits.damagedTasksNamedMax
        return damages.prefix(Limits.damagedTasksNamedMax)
            + (rest > 0 ? ["\(rest) more; `gdln-coordinator check` names all"] : [])
    }
}

extension StoreError: CustomStringConvertible {
    var description: String {
        switch self {
        case .otherBuild(let path):
            "'\(path)' was made by another build, whose tables are different: fetch its reports "
                + "with that build, and name another directory with --data-dir."
        case .notDurable(let found):
            "The database's synchronous level is \(found), not 2 (FULL): commits would not survive "
                + "a power cut."
        case .logNotFolded(let path, let bytes):
            "The database's file does not have everything: \(bytes) bytes stand in '\(path)'."
        case .damagedResults(let damages):
            "The sweep has no whole report: the stored metric rows of "
                + (damages.count == 1 ? "a task are" : "\(damages.count) tasks are")
                + " damaged. `gdln-coordinator report --skip-damaged` leaves them out."
        case .noSuchSweep(let name):
            "There is no sweep with the id or name '\(name)'."
        case .noSuchDataset(let digest):
            "There is no data set with the digest \(digest)."
        case .noSuchDatasetName(let name):
            "There is no data set '\(name)'."
        case .datasetInUse(let name, let sweeps):
            "Unfinished sweeps need the data set '\(name)': \(sweeps.joined(separator: ", ")). "
                + "Wait for their end and that of their rechecks, or cancel them."
        case .quotaExceeded(let stored, let quota):
            "The data sets of this token have \(stored) bytes already, and may have \(quota) with "
                + "this one. `gdln-coordinator data rm` removes data sets."
        case .dataRemoved(let digests):
            "The data of these tasks were removed: SHA-256 "
                + digests.map(\.hexadecimal).sorted().joined(separator: ", ")
                + ". Add the same data set again first."
        case .datasetNameTaken(let name, let held, let found):
            "The data set '\(name)' holds other bytes: SHA-256 \(held), not \(found). "
                + "`gdln-coordinator data add --replace` gives the name to these; tasks that exist "
                + "keep theirs."
        case .nameIsID(let name):
            "The name '\(name)' is the id of another sweep, which every command would mean by it."
        case .noSuchLease(let lease):
            "There is no lease \(lease)."
        case .leaseLost(let reason):
            "The lease is lost: \(reason)."
        case .metricsGap(let found, let wanted):
            "The first row has the number \(found); the next one wanted is \(wanted)."
        case .metricsConflict(let sequence):
            "Row \(sequence) is stored already, with other values."
        case .rowsMissing(let stored, let claimed):
            "\(stored) metric rows are stored, but the attempt claims \(claimed)."
        case .epochsMissing(let completed, let wanted):
            "\(completed) epochs were completed, of \(wanted)."
        case .evaluationMissing(let lastEpoch, let wanted):
            "The last epoch that was evaluated is \(lastEpoch), of \(wanted)."
        case .noSuchEpoch(let found, let epochs):
            "A row is of epoch \(found), but the task has \(epochs) epochs."
        case .tooManyRows(let found, let wanted):
            "The attempt would have \(found) metric rows; for its epochs it may have \(wanted)."
        case .tooManyTasks(let found, let stored):
            "The sweep has \(found) tasks and the coordinator \(stored) already: it keeps "
                + "\(Limits.tasksStoredMax) at most."
        case .trajectoryMismatch(let stored, let claimed):
            "The stored rows have the trajectory \(stored), the attempt claims \(claimed)."
        case .requestIDReused:
            "This request id was used before, for another request."
        case .selfTestFailed(let host, let differences):
            "The self-test on '\(host)' came out otherwise than everywhere else: "
                + differences.joined(separator: " ")
        case .setAside(let host, let reason):
            "'\(host)' is set aside: \(reason). `gdln-coordinator workers let-back` gives it "
                + "tasks again."
        case .notSetAside(let name):
            "No host '\(name)' is set aside or refused, nor one with a worker of that name."
        }
    }
}
