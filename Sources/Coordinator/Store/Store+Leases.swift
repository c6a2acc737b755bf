import GRDB
import Shared

/// A lease without its token, as the store keeps it: the token is made from the lease's id by
/// whoever answers the worker, so that no token is ever stored.
struct LeaseGrant: Codable, Sendable {
    var lease: LeaseID
    var task: SweepTaskID
    var sweepID: SweepID
    var sweepName: String
    var attempt: Int
    var configuration: String
    var dataDigest: Digest
    var checkpoint: CheckpointReference?
    var checkpointEveryEpochs: Int?
}

/// The verbs on leases. Each decides by `LeaseMachine`.
extension Store {
    /// Hands up to `slots` ready tasks to a worker, in the order of submission and position. Empty
    /// when none is ready.
    func lease(_ request: LeaseRequest, _ key: RequestKey) async throws -> [LeaseGrant] {
        let now = environment.now()
        workersSeen.record(
            request.worker, host: request.host, at: now, now: environment.instant())
        // An empty-handed call changes nothing, so it needs no record and no fsync. It also may
        // find something later: a worker waits with one request id.
        guard try await hasReadyTask(orAnswerTo: key) else { return [] }
        let randomBits = environment.randomBits
        // A repeat begins nothing: these leases may have ended since.
        let hold = { @Sendable grants in self.hold(grants, by: request.worker) }
        return try await once(key, isFinal: { !$0.isEmpty }, whenDurable: hold) { database in
            try Self.record(request, at: now, database)
            return try Self.readyTasks(database, for: request).map { task in
                try Self.grant(
                    task, to: request.worker, at: now,
                    lease: LeaseID.random(randomBits), database)
            }
        }
    }

    private func hold(_ grants: [LeaseGrant], by worker: WorkerName) {
        let instant = environment.instant()
        for grant in grants {
            // What was trained before is not progress made now.
            liveLeases.hold(
                grant.lease, sweep: grant.sweepID, worker: worker,
                epochsCompleted: grant.checkpoint?.epochsCompleted ?? 0, now: instant)
        }
    }

    /// The repeat of a call that took the last task must find its answer, too.
    private func hasReadyTask(orAnswerTo key: RequestKey) async throws -> Bool {
        try await pool.read { database in
            try Bool.fetchOne(
                database,
                sql: """
                    SELECT EXISTS (SELECT 1 FROM task WHERE state = 'ready')
                        OR EXISTS (SELECT 1 FROM request WHERE id = ?)
                    """,
                arguments: [key.id.rawValue]) ?? false
        }
    }

    private static func record(_ request: LeaseRequest, at now: Timestamp, _ database: Database)
        throws
    {
        try database.execute(
            sql: """
                INSERT INTO worker (name, host, firstSeenAt) VALUES (?, ?, ?)
                ON CONFLICT (name) DO UPDATE SET host = excluded.host
                """,
            arguments: [request.worker.rawValue, request.host, now.milliseconds])
    }

    /// In the order of submission and position; what this worker has handed back before, for want
    /// of memory say, only where there is nothing else.
    private static func readyTasks(_ database: Database, for request: LeaseRequest) throws
        -> [StoredTask]
    {
        let handedBack = "(SELECT task FROM attempt WHERE worker = ? AND outcome = 'handed_back')"
        var tasks: [StoredTask] = []
        for word in ["NOT IN", "IN"] where tasks.count < request.slots {
            tasks += try StoredTask.fetchAll(
                database,
                sql: """
                    WHERE task.state = 'ready' AND task.number \(word) \(handedBack)
                    ORDER BY task.number LIMIT ?
                    """,
                arguments: [request.worker.rawValue, request.slots - tasks.count])
        }
        return tasks
    }

    private static func grant(
        _ task: StoredTask, to worker: WorkerName, at now: Timestamp, lease: LeaseID,
        _ database: Database
    ) throws -> LeaseGrant {
        var machine = task.machine
        guard machine.lease() else { throw StoreError.leaseLost(reason: "the task is not ready") }
        try database.execute(
            sql: """
                INSERT INTO attempt (lease, task, number, worker, startedAt) VALUES (?, ?, ?, ?, ?)
                """,
            arguments: [
                lease.rawValue, task.number, machine.attempt, worker.rawValue, now.milliseconds,
            ])
        try task.apply(machine, lease: lease, database)
        // What is shown as completed belongs to the newest attempt.
        try database.execute(
            sql: "UPDATE task SET epochsCompleted = 0, error = NULL WHERE number = ?",
            arguments: [task.number])
        return LeaseGrant(
            lease: lease, task: task.id, sweepID: task.sweep, sweepName: task.sweepName,
            attempt: machine.attempt, configuration: task.configuration,
            dataDigest: task.dataDigest, checkpoint: try checkpoint(of: task, database)?.reference,
            checkpointEveryEpochs: task.checkpointEveryEpochs)
    }

    /// Records the training's own error. The task is tried again while it has attempts left, unless
    /// that would not help.
    func fail(_ lease: LeaseID, _ failure: FailRequest, _ key: RequestKey) async throws -> TaskState
    {
        let error = failure.error.truncated(toBytes: Limits.errorTextBytesMax)
        return try await endAttempt(lease, key, outcome: .failed, error: error) { machine in
            machine.endAttempt(isPermanent: failure.isPermanent)
        }
    }

    /// The worker gives the task back; the attempt does not count.
    func handBack(_ lease: LeaseID, _ request: HandBackRequest, _ key: RequestKey) async throws
        -> TaskState
    {
        let reason = request.reason.truncated(toBytes: Limits.errorTextBytesMax)
        return try await endAttempt(lease, key, outcome: .handedBack, error: reason) { machine in
            machine.handBack()
        }
    }

    private func endAttempt(
        _ lease: LeaseID, _ key: RequestKey, outcome: AttemptOutcome, error: String,
        _ decide: @escaping @Sendable (inout LeaseMachine) -> Void
    ) async throws -> TaskState {
        let now = environment.now()
        return try await once(key, whenDurable: { [liveLeases] _ in liveLeases.end([lease]) }) {
            database in
            let task = try Self.holder(of: lease, database)
            var machine = task.machine
            machine.revive()
            decide(&machine)
            try Self.end(lease, outcome, error: error, at: now, database)
            try task.apply(machine, lease: nil, error: error, database)
            return machine.state
        }
    }

    /// Gives up the leases whose worker was not heard of for a whole lease. Each is checked once
    /// more inside the transaction: a call may have come in between.
    /// - Returns: those that are over.
    func expire(_ leases: [LeaseID]) async throws -> [LeaseID] {
        let (now, instant) = (environment.now(), environment.instant())
        return try await commits.write { [liveLeases] database in
            try leases.filter { lease in
                guard liveLeases.isExpired(lease, now: instant) else { return false }
                if let task = try StoredTask.leased(by: lease, database) {
                    try Self.lose(task, lease, at: now, database)
                }
                return true
            }
        } whenDurable: { [liveLeases] ended in
            liveLeases.end(ended)
        }
    }

    private static func lose(
        _ task: StoredTask, _ lease: LeaseID, at now: Timestamp, _ database: Database
    ) throws {
        var machine = task.machine
        machine.endAttempt()
        let error =
            "the worker was not heard of for a whole lease "
            + "(attempt \(machine.attempt), \(machine.attemptsCharged) of \(machine.attemptMax))"
        try end(lease, .lost, error: error, at: now, database)
        try task.apply(machine, lease: nil, error: error, database)
    }

    /// The task that a lease speaks for, if it still may: also one that was given up for lost while
    /// nobody else took the task.
    static func holder(of lease: LeaseID, _ database: Database) throws -> StoredTask {
        let (task, standing) = try standing(of: lease, database)
        switch standing {
        case .current, .revivable: return task
        case .succeededAlready: throw StoreError.leaseLost(reason: "the task is succeeded")
        case .lost(let reason): throw StoreError.leaseLost(reason: reason)
        }
    }

    static func standing(of lease: LeaseID, _ database: Database) throws
        -> (StoredTask, LeaseMachine.Standing)
    {
        guard
            let row = try Row.fetchOne(
                database, sql: "SELECT task, number, outcome FROM attempt WHERE lease = ?",
                arguments: [lease.rawValue]),
            let outcome = AttemptOutcome(rawValue: row["outcome"]),
            let task = try StoredTask.fetch(row["task"], database)
        else { throw StoreError.noSuchLease(lease) }
        return (task, task.machine.standing(ofAttempt: row["number"], outcome: outcome))
    }

    static func end(
        _ lease: LeaseID, _ outcome: AttemptOutcome, error: String? = nil, at now: Timestamp,
        _ database: Database
    ) throws {
        try database.execute(
            sql: "UPDATE attempt SET outcome = ?, error = ?, endedAt = ? WHERE lease = ?",
            arguments: [outcome.rawValue, error, now.milliseconds, lease.rawValue])
    }
}
