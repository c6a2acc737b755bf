import FoundationEssentials
import GRDB
import Shared

/// Successive halving across the tasks of a sweep: what `Halving` decides is stored with the rows
/// that it was decided by, in one transaction.
extension Store {
    /// Notes what the newest rows of a task came to at its sweep's rungs. A training that diverged
    /// is neither compared nor stopped: it ends as diverged, or goes on where it was asked to. Each
    /// task comes to each rung once: what a later attempt measures there is the same.
    /// - Returns: why the task is to be stopped; nil where it goes on.
    static func climb(_ task: StoredTask, _ rows: MetricBatch, _ database: Database) throws
        -> String?
    {
        guard let halving = try task.halving(), rows.count > 0 else { return nil }
        let measured = try rows.rows()
        for rung in halving.rungs where rung < task.epochs {
            let rows = measured.filter { $0.epoch == rung }
            guard !rows.contains(where: \.isDiverged), let value = halving.metric.value(in: rows),
                try note(value, task, rung, database)
            else { continue }
            let others = try self.values(at: rung, of: task.sweep, database)
            // What it came to at later rungs says nothing to others: it would not have got there.
            guard halving.keeps(value, among: others) else {
                return "stopped after epoch \(rung): \(halving.metric.name) of "
                    + "\(MetricValue(value).text) is not among the best of \(others.count)"
            }
        }
        return nil
    }

    /// False where the task has been there before.
    private static func note(
        _ value: Float, _ task: StoredTask, _ rung: Int, _ database: Database
    ) throws -> Bool {
        try database.executeCached(
            """
            INSERT INTO rung (sweep, epoch, task, value) VALUES (?, ?, ?, ?)
            ON CONFLICT DO NOTHING
            """,
            [task.sweep.rawValue, rung, task.number, Int64(value.bitPattern)])
        return database.changesCount == 1
    }

    private static func values(at rung: Int, of sweep: SweepID, _ database: Database) throws
        -> [Float]
    {
        try database.allRows(
            "SELECT value FROM rung WHERE sweep = ? AND epoch = ?", [sweep.rawValue, rung]
        ) { Float(bitPattern: UInt32(truncatingIfNeeded: try $0[stored: 0] as Int64)) }
    }

    /// Ends the attempt and the task because others did better.
    static func prune(
        _ task: StoredTask, _ lease: LeaseID, reason: String, at now: Timestamp,
        _ database: Database
    ) throws {
        var machine = task.machine
        machine.revive()
        machine.prune()
        try end(lease, .pruned, error: reason, at: now, database)
        // Its rows of this call are stored, and the epochs that they tell of with them.
        try database.executeCached(
            """
            UPDATE task SET state = ?, lease = NULL, error = NULL, prunedReason = ?,
                attemptsCharged = ?
            WHERE number = ? AND attempt = ? AND state = 'leased'
            """,
            [
                machine.state.rawValue, reason, machine.attemptsCharged, task.number,
                task.machine.attempt,
            ])
        guard database.changesCount == 1 else {
            throw DatabaseError(message: "task \(task.number) changed within one transaction")
        }
    }
}
