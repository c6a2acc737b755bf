import FoundationEssentials
import GRDB
import Shared

/// What a worker reports while it trains, and at the end.
extension Store {
    /// Stores metric rows and puts the lease's expiry off. Rows stored before are passed over, so
    /// the call can be repeated at will.
    func append(_ metrics: MetricsRequest, to lease: LeaseID) async throws {
        let instant = environment.instant()
        if let entry = liveLeases.entry(lease) {
            workersSeen.touch(entry.worker, now: instant)
            let gained = liveLeases.extend(
                lease, epochsCompleted: metrics.epochsCompleted, now: instant)
            progress.add(gained ?? 0, to: entry.sweep, now: instant)
            // A heartbeat on a lease that holds changes nothing that must be durable.
            if gained != nil && metrics.rows.isEmpty { return }
        }
        _ = try await commits.write { database in
            let task = try Self.holder(of: lease, database)
            try Self.revive(task, lease, database)
            try Self.insert(metrics, of: task, database)
            return (task.sweep, try Self.worker(of: lease, database))
        } whenDurable: { [liveLeases] sweep, worker in
            // One that holds was extended above, and perhaps by others since.
            guard liveLeases.entry(lease) == nil else { return }
            liveLeases.hold(
                lease, sweep: sweep, worker: worker, epochsCompleted: metrics.epochsCompleted,
                now: instant)
        }
    }

    /// Ends the attempt and the task with success. All that the attempt measured must be stored,
    /// and be what the attempt says it was, to the bit.
    func complete(_ lease: LeaseID, _ result: CompleteRequest, _ key: RequestKey) async throws {
        let now = environment.now()
        // Read and hashed here, in a snapshot, while others write: rows are only ever added, so
        // that their number tells later whether these are still all.
        let rows = try await pool.read { try Self.storedRows(of: lease, $0) }
        _ = try await once(key, whenDurable: { [liveLeases] _ in liveLeases.end([lease]) }) {
            database in
            let (task, standing) = try Self.standing(of: lease, database)
            switch standing {
            case .current, .revivable:
                try Self.succeed(task, lease, rows, result, at: now, database)
            case .succeededAlready:
                try Self.check(rows, of: task, against: result, database)
            case .lost(let reason):
                throw StoreError.leaseLost(reason: reason)
            }
            return TaskState.succeeded
        }
    }

    private static func succeed(
        _ task: StoredTask, _ lease: LeaseID, _ rows: StoredRows, _ result: CompleteRequest,
        at now: Timestamp, _ database: Database
    ) throws {
        guard result.epochsCompleted == task.epochs else {
            throw StoreError.epochsMissing(completed: result.epochsCompleted, wanted: task.epochs)
        }
        try check(rows, of: task, against: result, database)
        guard rows.lastEpoch == task.epochs else {
            throw StoreError.evaluationMissing(lastEpoch: rows.lastEpoch, wanted: task.epochs)
        }
        var machine = task.machine
        machine.revive()
        machine.complete()
        try end(lease, .succeeded, at: now, database)
        try database.execute(
            sql: """
                UPDATE task SET state = ?, lease = NULL, error = NULL, epochsCompleted = epochs,
                    trajectory = ?, attemptsCharged = ?
                WHERE number = ? AND state = ? AND attempt = ?
                """,
            arguments: [
                machine.state.rawValue, result.trajectory.hexadecimal, machine.attemptsCharged,
                task.number, task.machine.state.rawValue, task.machine.attempt,
            ])
        guard database.changesCount == 1 else {
            throw DatabaseError(message: "task \(task.number) changed within one transaction")
        }
    }

    /// What an attempt's rows come to.
    private struct StoredRows: Sendable {
        var count = 0
        var lastEpoch = 0
        var trajectory = TrajectoryDigest().digest
    }

    private static func storedRows(of lease: LeaseID, _ database: Database) throws -> StoredRows {
        var rows = StoredRows()
        var trajectory = TrajectoryDigest()
        let cursor = try Row.fetchCursor(
            database,
            sql: """
                SELECT metric.epoch, metric.split, metric."values"
                FROM attempt JOIN metric
                    ON metric.task = attempt.task AND metric.attempt = attempt.number
                WHERE attempt.lease = ? ORDER BY metric.sequence
                """,
            arguments: [lease.rawValue])
        while let stored = try cursor.next() {
            let row = try MetricRow(stored: stored)
            rows.count += 1
            rows.lastEpoch = max(rows.lastEpoch, row.epoch)
            trajectory.append(row)
        }
        rows.trajectory = trajectory.digest
        return rows
    }

    private static func check(
        _ rows: StoredRows, of task: StoredTask, against result: CompleteRequest,
        _ database: Database
    ) throws {
        let count = try rowCount(of: task, database)
        // Rows that came after the snapshot are not in it: as if they were missing.
        for stored in [rows.count, count] where stored != result.rowCount {
            throw StoreError.rowsMissing(stored: stored, claimed: result.rowCount)
        }
        guard rows.trajectory == result.trajectory else {
            throw StoreError.trajectoryMismatch(stored: rows.trajectory, claimed: result.trajectory)
        }
    }

    private static func insert(
        _ metrics: MetricsRequest, of task: StoredTask, _ database: Database
    ) throws {
        for row in metrics.rows where row.epoch > task.epochs {
            throw StoreError.noSuchEpoch(row.epoch, epochs: task.epochs)
        }
        let stored = try metricRows(of: task, from: metrics.firstSequence, database)
        let next = metrics.firstSequence + stored.count
        if stored.isEmpty {
            let count = try rowCount(of: task, database)
            guard metrics.firstSequence == count else {
                throw StoreError.metricsGap(found: metrics.firstSequence, wanted: count)
            }
        }
        for (offset, pair) in zip(stored, metrics.rows).enumerated() where pair.0 != pair.1 {
            throw StoreError.metricsConflict(sequence: metrics.firstSequence + offset)
        }
        let statement = try database.cachedStatement(
            sql: """
                INSERT INTO metric (task, attempt, sequence, epoch, split, "values")
                VALUES (?, ?, ?, ?, ?, ?)
                """)
        for (offset, row) in metrics.rows.dropFirst(stored.count).enumerated() {
            let values = String(decoding: try WireCoding.encode(row.values), as: UTF8.self)
            try statement.execute(arguments: [
                task.number, task.machine.attempt, next + offset, row.epoch, row.split.rawValue,
                values,
            ])
        }
        try database.execute(
            sql: """
                UPDATE task SET epochsCompleted = max(epochsCompleted, min(?, epochs))
                WHERE number = ?
                """,
            arguments: [metrics.epochsCompleted, task.number])
    }

    /// A lease that was given up for lost, and that nobody else took, holds again.
    static func revive(_ task: StoredTask, _ lease: LeaseID, _ database: Database) throws {
        guard task.machine.state == .ready else { return }
        var machine = task.machine
        machine.revive()
        try database.execute(
            sql: """
                UPDATE attempt SET outcome = 'running', error = NULL, endedAt = NULL
                WHERE lease = ?
                """,
            arguments: [lease.rawValue])
        try task.apply(machine, lease: lease, database)
    }

    private static func rowCount(of task: StoredTask, _ database: Database) throws -> Int {
        try Int.fetchOne(
            database, sql: "SELECT count(*) FROM metric WHERE task = ? AND attempt = ?",
            arguments: [task.number, task.machine.attempt]) ?? 0
    }

    private static func metricRows(
        of task: StoredTask, from sequence: Int, _ database: Database
    ) throws -> [MetricRow] {
        try Row.fetchAll(
            database,
            sql: """
                SELECT epoch, split, "values" FROM metric
                WHERE task = ? AND attempt = ? AND sequence >= ? ORDER BY sequence
                """,
            arguments: [task.number, task.machine.attempt, sequence]
        ).map(MetricRow.init(stored:))
    }

    static func worker(of lease: LeaseID, _ database: Database) throws -> WorkerName {
        let name = try String.fetchOne(
            database, sql: "SELECT worker FROM attempt WHERE lease = ?",
            arguments: [lease.rawValue])
        return WorkerName(unchecked: name ?? "")
    }
}

extension MetricRow {
    /// From the columns `epoch`, `split` and `values`.
    init(stored row: Row) throws {
        let text: String = row["values"]
        guard let split = Split(rawValue: row["split"]) else {
            throw DatabaseError(message: "a metric row has an unknown split")
        }
        self.init(
            epoch: row["epoch"], split: split,
            values: try WireCoding.decode([String: MetricValue].self, from: Data(text.utf8)))
    }
}
