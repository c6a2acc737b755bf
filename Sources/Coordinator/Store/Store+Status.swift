import GRDB
import Shared

/// How things stand, for people. Each answer is one snapshot of the file, with what the live leases
/// have reported since.
extension Store {
    func status(of idOrName: String) async throws -> SweepStatus {
        let statuses = try await snapshot { database in
            let sweep = try Self.findSweep(idOrName, database)
            return try Self.statuses(database, sql: "AND sweep.id = ?", [sweep.rawValue])
        }
        guard let status = statuses.first else { throw StoreError.noSuchSweep(idOrName) }
        return status
    }

    /// Newest first.
    func statuses() async throws -> [SweepStatus] {
        try await snapshot { try Self.statuses($0, sql: "", []) }
    }

    private func snapshot(
        _ statuses: @escaping @Sendable (Database) throws -> [StoredStatus]
    ) async throws -> [SweepStatus] {
        let (stored, leased, waiting) = try await pool.read { database in
            let stored = try statuses(database)
            let isWaiting = stored.contains { $0.status.rechecks.waiting > 0 }
            return (
                stored, try Self.epochsStored(database),
                isWaiting ? try Self.waitingRechecks(database) : [:]
            )
        }
        return stored.map { status in
            var status = withLiveProgress(status, epochsStored: leased)
            status.rechecks.obstacle = recheckObstacle(waiting[status.id] ?? [:])
            return status
        }
    }

    private struct StoredStatus {
        var status: SweepStatus
        /// Of failed and cancelled tasks, which nobody trains.
        var epochsAbandoned = 0
    }

    /// Epochs completed as stored, of each lease that is held.
    private static func epochsStored(_ database: Database) throws -> [LeaseID: Int] {
        let rows = try Row.fetchAll(
            database, sql: "SELECT lease, epochsCompleted FROM task WHERE state = 'leased'")
        return Dictionary(
            uniqueKeysWithValues: try rows.map {
                (LeaseID(unchecked: try $0[stored: 0]), try $0[stored: 1] as Int)
            })
    }

    private static func statuses(
        _ database: Database, sql: String, _ arguments: StatementArguments
    ) throws -> [StoredStatus] {
        let rows = try Row.fetchAll(
            database,
            sql: """
                SELECT sweep.id, sweep.name, sweep.createdAt, task.state, count(*) AS tasks,
                    sum(CASE WHEN task.state IN ('ready', 'leased', 'failed', 'cancelled')
                        THEN task.epochs ELSE task.epochsCompleted END) AS epochs,
                    sum(CASE WHEN task.state IN ('failed', 'cancelled')
                        THEN task.epochs - task.epochsCompleted ELSE 0 END) AS abandoned,
                    sum(task.epochsCompleted) AS completed,
                    sum(task.divergedEpoch IS NOT NULL) AS diverged
                FROM sweep JOIN task ON task.sweep = sweep.id
                WHERE sweep.recheckOf IS NULL AND sweep.firstStagedTask IS NULL \(sql)
                GROUP BY sweep.number, task.state ORDER BY sweep.number DESC
                """,
            arguments: arguments)
        var statuses: [SweepStatus] = []
        var abandoned: [SweepID: Int] = [:]
        for row in rows {
            let id = SweepID(unchecked: try row[stored: "id"])
            if statuses.last?.id != id {
                let none = TaskState.allCases.map { ($0.rawValue, 0) }
                statuses.append(
                    SweepStatus(
                        id: id, name: try row[stored: "name"],
                        createdAt: Timestamp(milliseconds: try row[stored: "createdAt"]),
                        tasks: Dictionary(uniqueKeysWithValues: none), epochsCompleted: 0,
                        epochsTotal: 0))
            }
            let last = statuses.count - 1
            let state = try row[stored: "state"] as String
            statuses[last].tasks[state] = try row[stored: "tasks"]
            statuses[last].divergedCount += try row[stored: "diverged"]
            statuses[last].epochsTotal += try row[stored: "epochs"]
            statuses[last].epochsCompleted += try row[stored: "completed"]
            abandoned[id, default: 0] += try row[stored: "abandoned"]
        }
        return try withRechecks(statuses, database).map {
            StoredStatus(status: $0, epochsAbandoned: abandoned[$0.id] ?? 0)
        }
    }

    /// Adds what heartbeats have told since the last metrics were stored, and the rate.
    private func withLiveProgress(_ stored: StoredStatus, epochsStored: [LeaseID: Int])
        -> SweepStatus
    {
        var status = stored.status
        for (lease, stored) in epochsStored {
            guard let entry = liveLeases.entry(lease), entry.sweep == status.id else { continue }
            status.epochsCompleted += max(0, entry.epochsCompleted - stored)
        }
        status.epochsPerSecond = progress.rate(of: status.id, now: environment.instant())
        if let rate = status.epochsPerSecond, rate > 0 {
            let left = status.epochsTotal - stored.epochsAbandoned - status.epochsCompleted
            status.secondsLeft = Double(left) / rate
        }
        return status
    }

    /// In the order of first calls.
    func workers() async throws -> [WorkerStatus] {
        let seen = workersSeen.all()
        let now = environment.instant()
        let stored = try await storedWorkers(seen, now: now)
        let names = Set(stored.map(\.name))
        // A worker that never had a task is known to the memory alone.
        let idle = seen.filter { !names.contains($0.key) }.map { name, seen in
            WorkerStatus(
                name: name, host: seen.machine.host, bootID: seen.machine.bootID,
                firstSeenAt: seen.firstSeenAt, secondsSinceSeen: (now - seen.instant).seconds,
                leased: 0, succeeded: 0,
                diverged: 0, failed: 0, lost: 0)
        }
        return try await withSuspicions(stored + idle).sorted {
            ($0.firstSeenAt, $0.name.rawValue) < ($1.firstSeenAt, $1.name.rawValue)
        }
    }

    private func storedWorkers(
        _ seen: [WorkerName: WorkersSeen.Seen], now: ContinuousClock.Instant
    ) async throws -> [WorkerStatus] {
        try await pool.read { database in
            try Row.fetchAll(
                database,
                sql: """
                    SELECT worker.name, worker.host, worker.bootID, worker.firstSeenAt,
                        leased, succeeded, diverged, failed, lost
                    FROM worker LEFT JOIN (
                        SELECT worker, sum(outcome = 'running') AS leased,
                            sum(outcome = 'succeeded') AS succeeded,
                            sum(outcome = 'diverged') AS diverged,
                            sum(outcome = 'failed') AS failed, sum(outcome = 'lost') AS lost
                        FROM attempt GROUP BY worker
                    ) AS ended ON ended.worker = worker.name
                    """
            ).map { row in
                let name = WorkerName(unchecked: try row[stored: "name"])
                return WorkerStatus(
                    name: name, host: try row[stored: "host"], bootID: try row[stored: "bootID"],
                    firstSeenAt: Timestamp(milliseconds: try row[stored: "firstSeenAt"]),
                    secondsSinceSeen: seen[name].map { (now - $0.instant).seconds },
                    leased: try row[stored: "leased"] ?? 0,
                    succeeded: try row[stored: "succeeded"] ?? 0,
                    diverged: try row[stored: "diverged"] ?? 0,
                    failed: try row[stored: "failed"] ?? 0,
                    lost: try row[stored: "lost"] ?? 0)
            }
        }
    }
}
