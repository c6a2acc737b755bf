import FoundationEssentials
import GRDB
import Shared

/// What a worker reports while it trains, and at the end.
extension Store {
    /// Stores metric rows and puts the lease's expiry off. Rows stored before are passed over, so
    /// the call can be repeated at will.
    func append(_ metrics: PackedMetrics, to lease: LeaseID) async throws {
        let (now, instant) = (environment.now(), environment.instant())
        if let entry = liveLeases.entry(lease) {
            workersSeen.touch(entry.worker, now: instant)
            let gained = liveLeases.extend(
                lease, epochsCompleted: metrics.epochsCompleted, now: instant)
            progress.add(gained ?? 0, to: entry.sweep, now: instant)
            // A heartbeat on a lease that holds changes nothing that must be durable.
            if gained != nil && metrics.rows.count == 0 { return }
        }
        // The writer may have been held up since the call: the lease is as long as ever from when
        // the worker is answered.
        let clock = environment.instant
        _ = try await commits.write { [liveLeases] database in
            let task = try Self.holder(of: lease, database)
            try Self.revive(task, lease, database)
            liveLeases.renew(lease, now: clock())
            try Self.insert(
                metrics.rows, from: metrics.firstSequence, of: task,
                after: Self.rowCount(of: task, database), database)
            try Self.note(metrics, of: task, database)
            let reason = try Self.climb(task, metrics.rows, database)
            if let reason { try Self.prune(task, lease, reason: reason, at: now, database) }
            // Known until the reaper, in a write before this one, has its end durable.
            let known = liveLeases.entry(lease).map { (worker: $0.worker, work: $0.work) }
            let holder = try known ?? Self.holderOf(task, lease, database)
            return (task.sweep, holder, reason != nil)
        } whenDurable: { [liveLeases] sweep, holder, isPruned in
            // Its worker hears of it with the next call.
            if isPruned { return liveLeases.end([lease]) }
            // The commit may have taken long, too.
            if liveLeases.renew(lease, now: clock()) { return }
            liveLeases.hold(
                lease, sweep: sweep, worker: holder.worker,
                epochsCompleted: metrics.epochsCompleted, work: holder.work, now: clock())
        }
    }

    /// Ends the attempt and the task with success, or as diverged where the last epoch's training
    /// loss is not finite. All that the attempt measured must be stored by
    /// then, the rows of this call with it, and be what the attempt says it was, to the bit.
    ///
    /// A repeat needs no record of the first time: a success is never replaced, and whoever says
    /// the same of it again finds it as he says.
    /// - Returns: the task's state, `succeeded` or `diverged`.
    func complete(_ lease: LeaseID, _ result: PackedCompletion) async throws -> TaskState {
        let now = environment.now()
        let read = try await longTrajectory(of: lease, result)
        let ended = whenEnded(lease, .succeeded)
        let completed = try await commits.write {
            [liveLeases] database -> (state: TaskState, work: HostRecords.Work?) in
            let (task, standing) = try Self.standing(of: lease, database)
            if case .lost(let reason) = standing { throw StoreError.leaseLost(reason: reason) }
            let areAll = result.epochsCompleted == task.epochs
            let areEnough = task.stopsEarly && (1...task.epochs).contains(result.epochsCompleted)
            let isDiverged =
                try standing != .completedAlready
                && Self.isDiverged(task, lastRows: result.rows, database)
            guard standing == .completedAlready || areAll || areEnough || isDiverged else {
                throw StoreError.epochsMissing(
                    completed: result.epochsCompleted, wanted: task.epochs)
            }
            let next = try Self.rowCount(of: task, database)
            let measured = try Self.measured(read, result, of: lease, after: next, database)
            if standing == .completedAlready { return (task.machine.state, nil) }
            try Self.insert(
                result.rows, from: result.firstSequence, of: task, after: next, database)
            let state = try Self.complete(
                task, lease, measured, result, isDiverged: isDiverged, at: now, database)
            let work =
                try liveLeases.entry(lease)?.work
                ?? Self.holderOf(task, lease, database).work
            return (state, work)
        } whenDurable: { _, work in
            ended(work)
        }
        try await setAsideSuspects()
        return completed.0
    }

    /// Whether the training loss of an attempt's last epoch is not finite.
    /// - Parameter lastRows: of the call that completes the task; where there are none, they came
    ///   before and are stored.
    private static func isDiverged(
        _ task: StoredTask, lastRows: MetricBatch, _ database: Database
    ) throws -> Bool {
        let rows =
            try lastRows.count > 0
            ? lastRows
            : database.firstRow(
                """
                SELECT rows FROM metric WHERE task = ? AND attempt = ? ORDER BY first DESC LIMIT 1
                """,
                [task.number, task.machine.attempt], MetricBatch.init(stored:))
        var isDiverged = false
        if let rows {
            try rows.forEach(epoch: rows.lastEpoch) {
                isDiverged = isDiverged || $0.row.isDiverged
            }
        }
        return isDiverged
    }

    /// The first epoch of the task's newest attempt whose training loss is not finite.
    private static func divergedEpoch(of task: StoredTask, _ database: Database) throws -> Int? {
        let batches = try Row.fetchCursor(
            database.cachedStatement(
                sql: "SELECT rows FROM metric WHERE task = ? AND attempt = ? ORDER BY first"),
            arguments: [task.number, task.machine.attempt])
        while let row = try batches.next() {
            let found = try MetricBatch(stored: row).rows().first { $0.isDiverged }
            if let found { return found.epoch }
        }
        return nil
    }

    /// What the attempt's rows come to, with those of this call: exactly what the call says.
    private static func measured(
        _ read: StoredTrajectory?, _ result: PackedCompletion, of lease: LeaseID, after next: Int,
        _ database: Database
    ) throws -> StoredTrajectory {
        let first = result.firstSequence
        guard (0...next).contains(first) else {
            throw StoreError.rowsMissing(stored: next, claimed: result.rowCount)
        }
        // Most attempts are short, and one whose rows are all in the call has nothing to be read.
        var measured =
            next == 0 ? StoredTrajectory() : try read ?? trajectory(of: lease, database)
        // Rows that came after the snapshot are missing from it: the worker tries again.
        let areAll = measured.count == next
        measured.add(result.rows.suffix(from: min(next - first, result.rows.count)))
        guard areAll, measured.count == result.rowCount else {
            throw StoreError.rowsMissing(stored: measured.count, claimed: result.rowCount)
        }
        let digest = measured.digest
        guard digest == result.trajectory else {
            throw StoreError.trajectoryMismatch(stored: digest, claimed: result.trajectory)
        }
        return measured
    }

    /// What an attempt's rows come to.
    private struct StoredTrajectory: Sendable {
        private(set) var count = 0
        private(set) var lastEpoch = 0
        private var trajectory = TrajectoryDigest()

        var digest: Digest { trajectory.digest }

        mutating func add(_ rows: MetricBatch) {
            count += rows.count
            lastEpoch = max(lastEpoch, rows.lastEpoch)
            trajectory.append(rows)
        }
    }

    /// Of many rows, read in a snapshot while others write: rows are only ever added, so that their
    /// number tells later whether these are still all. Nil where there are few: those are read
    /// faster than a second look at the store takes.
    private func longTrajectory(of lease: LeaseID, _ result: PackedCompletion) async throws
        -> StoredTrajectory?
    {
        guard result.rowCount > Limits.rowsReadWhileWritingMax else { return nil }
        return try await pool.read { try Self.trajectory(of: lease, $0) }
    }

    private static func trajectory(of lease: LeaseID, _ database: Database) throws
        -> StoredTrajectory
    {
        guard let place = LeasePlace(lease) else { throw StoreError.noSuchLease(lease) }
        var stored = StoredTrajectory()
        let batches = try Row.fetchCursor(
            database.cachedStatement(
                sql: "SELECT rows FROM metric WHERE task = ? AND attempt = ? ORDER BY first"),
            arguments: [place.task, place.attempt])
        while let row = try batches.next() { stored.add(try MetricBatch(stored: row)) }
        return stored
    }

    private static func complete(
        _ task: StoredTask, _ lease: LeaseID, _ measured: StoredTrajectory,
        _ result: PackedCompletion, isDiverged: Bool, at now: Timestamp, _ database: Database
    ) throws -> TaskState {
        let epochs = result.epochsCompleted
        guard measured.lastEpoch == epochs else {
            throw StoreError.evaluationMissing(lastEpoch: measured.lastEpoch, wanted: epochs)
        }
        // Trained to the end it stays, but others are compared with it.
        _ = try climb(task, result.rows, database)
        var machine = task.machine
        machine.revive()
        machine.complete(isDiverged: isDiverged)
        try end(lease, isDiverged ? .diverged : .succeeded, at: now, database)
        try database.executeCached(
            """
            UPDATE task SET state = ?, lease = NULL, error = NULL, epochsCompleted = ?,
                trajectory = ?, divergedEpoch = ?, attemptsCharged = ?
            WHERE number = ? AND state = ? AND attempt = ?
            """,
            [
                machine.state.rawValue, epochs, result.trajectory.hexadecimal,
                isDiverged ? try divergedEpoch(of: task, database) : nil,
                machine.attemptsCharged,
                task.number, task.machine.state.rawValue, task.machine.attempt,
            ])
        guard database.changesCount == 1 else {
            throw DatabaseError(message: "task \(task.number) changed within one transaction")
        }
        try shareResult(of: task, database)
        return machine.state
    }
}

// MARK: - Rows

extension Store {
    /// - Parameter next: how many are stored.
    private static func insert(
        _ rows: MetricBatch, from first: Int, of task: StoredTask, after next: Int,
        _ database: Database
    ) throws {
        guard rows.lastEpoch <= task.epochs else {
            throw StoreError.noSuchEpoch(rows.lastEpoch, epochs: task.epochs)
        }
        guard rows.count > 0 else { return }
        guard first <= next else { throw StoreError.metricsGap(found: first, wanted: next) }
        let repeated = min(next - first, rows.count)
        if repeated > 0 { try checkRepeat(rows, from: first, count: repeated, of: task, database) }
        let fresh = rows.suffix(from: repeated)
        guard fresh.count > 0 else { return }
        let wanted = task.epochs * Limits.rowsPerEpochMax
        guard next + fresh.count <= wanted else {
            throw StoreError.tooManyRows(found: next + fresh.count, wanted: wanted)
        }
        try database.executeCached(
            """
            INSERT INTO metric (task, attempt, first, count, lastEpoch, rows)
            VALUES (?, ?, ?, ?, ?, ?)
            """,
            [
                task.number, task.machine.attempt, next, fresh.count, fresh.lastEpoch,
                Data(fresh.bytes),
            ])
    }

    private static func note(
        _ metrics: PackedMetrics, of task: StoredTask, _ database: Database
    ) throws {
        let epochsCompleted = min(metrics.epochsCompleted, task.epochs)
        guard epochsCompleted > task.epochsCompleted else { return }
        try database.executeCached(
            "UPDATE task SET epochsCompleted = ? WHERE number = ?", [epochsCompleted, task.number])
    }

    /// The first `count` rows are stored already: as the same, to the bit.
    private static func checkRepeat(
        _ rows: MetricBatch, from firstSequence: Int, count: Int, of task: StoredTask,
        _ database: Database
    ) throws {
        let batches = try Row.fetchCursor(
            database.cachedStatement(
                sql: """
                    SELECT rows, first FROM metric
                    WHERE task = ? AND attempt = ? AND first + count > ? AND first < ?
                    ORDER BY first
                    """),
            arguments: [
                task.number, task.machine.attempt, firstSequence, firstSequence + count,
            ])
        while let row = try batches.next() {
            let (batch, first) = (try MetricBatch(stored: row), try row[stored: 1] as Int)
            let start = max(first, firstSequence)
            let end = min(first + batch.count, firstSequence + count)
            for sequence in start..<max(start, end)
            where batch.row(sequence - first) != rows.row(sequence - firstSequence) {
                throw StoreError.metricsConflict(sequence: sequence)
            }
        }
    }

    /// A lease that was given up for lost, and that nobody else took, holds again.
    static func revive(_ task: StoredTask, _ lease: LeaseID, _ database: Database) throws {
        var machine = task.machine
        machine.revive()
        guard machine != task.machine else { return }
        try database.executeCached(
            """
            UPDATE attempt SET outcome = 'running', error = NULL, endedAt = NULL
            WHERE task = ? AND number = ?
            """,
            [task.number, task.machine.attempt])
        try task.apply(machine, lease: lease, database)
    }

    /// How many rows the task's newest attempt has: the number of the next one.
    private static func rowCount(of task: StoredTask, _ database: Database) throws -> Int {
        try database.firstRow(
            """
            SELECT first + count FROM metric WHERE task = ? AND attempt = ?
            ORDER BY first DESC LIMIT 1
            """,
            [task.number, task.machine.attempt]
        ) { try $0[stored: 0] as Int } ?? 0
    }

    /// Whose lease this is, and for what: of one that was given up for lost and is heard of again.
    static func holderOf(_ task: StoredTask, _ lease: LeaseID, _ database: Database) throws
        -> (worker: WorkerName, work: HostRecords.Work?)
    {
        let holder = try database.firstRow(
            """
            SELECT worker.name, worker.host FROM attempt JOIN worker ON worker.name = attempt.worker
            WHERE attempt.task = ? AND attempt.number = ?
            """,
            [task.number, LeasePlace(lease)?.attempt]
        ) { row in
            (
                WorkerName(unchecked: try row[stored: 0]),
                HostRecords.Work(host: try row[stored: 1], sweep: task.sweepName, task: task.id)
            )
        }
        guard let holder else { throw StoreError.noSuchLease(lease) }
        return (holder.0, holder.1)
    }
}

extension MetricBatch {
    /// From the column `rows`, the first of the row.
    init(stored row: Row) throws {
        do {
            try self.init(bytes: [UInt8](try row[stored: 0] as Data))
        } catch {
            throw DatabaseError(message: "a metric row is damaged")
        }
    }
}
