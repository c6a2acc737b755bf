import FoundationEssentials
import GRDB
import Shared

/// One task to be, as the expansion made it.
struct NewTask: Sendable {
    var position: Int
    var id: SweepTaskID
    var configuration: String
    var dataDigest: Digest
    /// What the report says of its gate.
    var gateCells: [String]
    var epochs: Int
    /// Whether it may end before its last epoch.
    var stopsEarly = false
}

/// One sweep to be.
struct NewSweep: Sendable {
    var name: String
    /// As it was submitted.
    var specification: String
    var attemptMax: Int
    /// Of its tasks, to be run again on another host.
    var recheckShare = 0.0
    var checkpointEveryEpochs: Int?
    var halving: Halving?
    var sharesResults = true
    /// To answer with, a sentence each.
    var warnings: [String] = []
    var tasks: [NewTask]
}

/// The verbs on sweeps.
extension Store {
    /// The sweep of that id, or the newest of that name.
    func findSweep(_ idOrName: String) async throws -> SweepID {
        try await pool.read { try Self.findSweep(idOrName, $0) }
    }

    static func findSweep(_ idOrName: String, _ database: Database) throws -> SweepID {
        let id = try String.fetchOne(
            database,
            sql: """
                SELECT id FROM sweep WHERE (id = ?1 OR name = ?1) AND recheckOf IS NULL
                    AND firstStagedTask IS NULL
                ORDER BY id = ?1 DESC, number DESC LIMIT 1
                """,
            arguments: [idOrName])
        guard let id else { throw StoreError.noSuchSweep(idOrName) }
        return SweepID(unchecked: id)
    }

    /// Ends everything of a sweep that is not final. Returns how many tasks that were.
    ///
    /// Of a large sweep most tasks are ended in writes of their own, so that the calls of workers
    /// come in between. Repeated after a crash, the call ends the rest.
    func cancel(_ idOrName: String, _ key: RequestKey) async throws -> Int {
        if let earlier = try await earlierAnswer(to: key, as: Cancelled.self) {
            return earlier.count
        }
        let now = environment.now()
        let end = { @Sendable [liveLeases] (ended: Cancelled) in liveLeases.end(ended.leases) }
        let (sweep, windows) = try await windows(of: idOrName)
        var count = 0
        for window in windows {
            count += try await commits.write(
                { try Self.cancel(sweep, window, at: now, $0) }, whenDurable: end
            ).count
        }
        let before = count
        return try await once(key, whenDurable: end) { database in
            var cancelled = try Self.cancel(sweep, 0..<Int.max, at: now, database)
            cancelled.count += before
            if let rechecks = try Self.endRechecks(of: sweep, database) {
                cancelled.leases +=
                    try Self.cancel(rechecks, 0..<Int.max, at: now, database).leases
            }
            return cancelled
        }.count
    }

    /// The sweep, and the ranges of positions by which its tasks are changed before the last write;
    /// none for a small sweep.
    private func windows(of idOrName: String) async throws -> (SweepID, [Range<Int>]) {
        try await pool.read { database in
            let sweep = try Self.findSweep(idOrName, database)
            let last = try Int.fetchOne(
                database, sql: "SELECT max(position) FROM task WHERE sweep = ?",
                arguments: [sweep.rawValue])
            let (count, size) = ((last ?? 0) + 1, Limits.tasksPerWriteMax)
            guard count > size else { return (sweep, []) }
            return (sweep, stride(from: 0, to: count, by: size).map { $0..<$0 + size })
        }
    }

    private static func tasks(
        of sweep: SweepID, _ positions: Range<Int>, in states: String, _ database: Database
    ) throws -> [StoredTask] {
        try StoredTask.fetchAll(
            database,
            sql: """
                WHERE task.sweep = ? AND task.position >= ? AND task.position < ?
                    AND task.state IN (\(states))
                """,
            arguments: [sweep.rawValue, positions.lowerBound, positions.upperBound])
    }

    private static func cancel(
        _ sweep: SweepID, _ positions: Range<Int>, at now: Timestamp, _ database: Database
    ) throws -> Cancelled {
        var cancelled = Cancelled(count: 0, leases: [])
        for task in try tasks(of: sweep, positions, in: "'ready', 'leased'", database) {
            var machine = task.machine
            guard machine.cancel() else { continue }
            if let lease = task.lease {
                try end(lease, .cancelled, at: now, database)
                cancelled.leases.append(lease)
            }
            try task.apply(machine, lease: nil, database)
            cancelled.count += 1
        }
        return cancelled
    }

    private struct Cancelled: Recordable {
        var count: Int
        var leases: [LeaseID]
    }

    /// Makes failed and cancelled tasks ready again, with all their attempts. Returns how many. Of
    /// a large sweep most tasks are changed in writes of their own, as in `cancel`.
    func retry(_ idOrName: String, _ key: RequestKey) async throws -> Int {
        if let earlier = try await earlierAnswer(to: key, as: Int.self) { return earlier }
        let (sweep, windows) = try await windows(of: idOrName)
        var count = 0
        for window in windows {
            count += try await commits.write { try Self.retry(sweep, window, $0) }
        }
        let before = count
        // What has failed again since is not tried another time by this call.
        let rest = windows.isEmpty ? 0..<Int.max : 0..<0
        return try await once(key) { database in
            before + (try Self.retry(sweep, rest, database))
        }
    }

    private static func retry(_ sweep: SweepID, _ positions: Range<Int>, _ database: Database)
        throws -> Int
    {
        var retried: [Int64] = []
        for task in try tasks(of: sweep, positions, in: "'failed', 'cancelled'", database) {
            var machine = task.machine
            guard machine.retry() else { continue }
            try task.apply(machine, lease: nil, database)
            retried.append(task.number)
        }
        _ = try takeResults(for: retried, database)
        return retried.count
    }
}
