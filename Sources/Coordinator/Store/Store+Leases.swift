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
    /// Nothing else may train beside it; nil: something may.
    var isAlone: Bool?

    fileprivate var withoutConfiguration: LeaseGrant {
        var grant = self
        grant.configuration = ""
        return grant
    }
}

/// The verbs on leases. Each decides by `LeaseMachine`.
extension Store {
    /// Hands up to `slots` ready tasks to a worker, in the order of submission and position. Empty
    /// when none is ready.
    func lease(_ request: LeaseRequest, _ key: RequestKey) async throws -> [LeaseGrant] {
        if let setAside = hosts.setAside(request.host) {
            throw StoreError.setAside(host: request.host, reason: setAside.reason)
        }
        let now = environment.now()
        workersSeen.record(
            request.worker, on: request.machine, at: now, now: environment.instant())
        let mayRecheck = hosts.hasOthers(than: request.machine)
        let randomBits = environment.randomBits
        // A repeat begins nothing: these leases may have ended since.
        let hold = { @Sendable (grants: [LeaseGrant]) in
            if !grants.isEmpty { workersSeen.noteStored(request.worker, on: request.machine) }
            self.hold(grants, by: request)
        }
        let isStored = workersSeen.isStored(request.worker)
        // An empty-handed call changes nothing, so it needs no record, and no fsync where nobody
        // else changes anything. It also may find something later: a worker waits with one id.
        let grants = try await once(
            key, isFinal: { !$0.isEmpty },
            recording: { $0.map(\.withoutConfiguration) }, whenDurable: hold
        ) { database in
            var tasks = try Self.readyTasks(database, for: request)
            if mayRecheck, tasks.count < request.slots {
                tasks += try Self.rechecks(
                    for: request, limit: request.slots - tasks.count, at: now, randomBits, database)
            }
            if !tasks.isEmpty && !isStored { try Self.record(request, at: now, database) }
            return try tasks.map { task in
                try Self.grant(task, to: request.worker, at: now, randomBits, database)
            }
        }
        return try await withConfigurations(grants)
    }

    /// A repeat's answer was recorded without them: they are long, and never change.
    private func withConfigurations(_ grants: [LeaseGrant]) async throws -> [LeaseGrant] {
        guard grants.contains(where: \.configuration.isEmpty) else { return grants }
        return try await pool.read { database in
            try grants.map { grant in
                guard let place = LeasePlace(grant.lease) else {
                    throw StoreError.noSuchLease(grant.lease)
                }
                var grant = grant
                grant.configuration = try Self.configuration(of: place.task, database)
                return grant
            }
        }
    }

    private static func configuration(of task: Int64, _ database: Database) throws -> String {
        let text = try database.firstRow(
            "SELECT json FROM configuration WHERE task = ?", [task]
        ) { try $0[stored: 0] as String }
        guard let text else { throw DatabaseError(message: "task \(task) has no configuration") }
        return text
    }

    private func hold(_ grants: [LeaseGrant], by request: LeaseRequest) {
        let instant = environment.instant()
        for grant in grants {
            // What was trained before is not progress made now.
            liveLeases.hold(
                grant.lease, sweep: grant.sweepID, worker: request.worker,
                epochsCompleted: grant.checkpoint?.epochsCompleted ?? 0, isReported: false,
                work: .init(host: request.host, sweep: grant.sweepName, task: grant.task),
                now: instant)
        }
    }

    private static func record(_ request: LeaseRequest, at now: Timestamp, _ database: Database)
        throws
    {
        try database.executeCached(
            """
            INSERT INTO worker (name, host, firstSeenAt, bootID, kernels) VALUES (?, ?, ?, ?, ?)
            ON CONFLICT (name) DO UPDATE SET host = excluded.host, bootID = excluded.bootID,
                kernels = excluded.kernels
                WHERE host <> excluded.host OR bootID IS NOT excluded.bootID
                    OR kernels IS NOT excluded.kernels
            """,
            [
                request.worker.rawValue, request.host, now.milliseconds, request.bootID,
                request.selfTest.kernels,
            ])
    }

    /// In the order of submission and position; what this worker has handed back before, for want
    /// of memory say, or has failed at, only where there is nothing else.
    private static func readyTasks(_ database: Database, for request: LeaseRequest) throws
        -> [StoredTask]
    {
        var tasks: [StoredTask] = []
        for word in ["NOT EXISTS", "EXISTS"] where tasks.count < request.slots {
            tasks += try StoredTask.fetchAll(
                database,
                sql: """
                    WHERE task.state = 'ready' AND \(word) (
                        SELECT 1 FROM attempt
                        WHERE attempt.worker = ? AND attempt.task = task.number
                            AND attempt.outcome IN ('handed_back', 'failed'))
                        AND NOT EXISTS (SELECT 1 FROM recheck WHERE rerun = task.number)
                        AND task.number < coalesce((
                            SELECT min(firstStagedTask) FROM sweep
                            WHERE firstStagedTask IS NOT NULL), 9223372036854775807)
                    ORDER BY task.number LIMIT ?
                    """,
                arguments: [request.worker.rawValue, request.slots - tasks.count])
        }
        return tasks
    }

    private static func grant(
        _ task: StoredTask, to worker: WorkerName, at now: Timestamp,
        _ randomBits: () -> UInt64, _ database: Database
    ) throws -> LeaseGrant {
        var machine = task.machine
        guard machine.lease() else { throw StoreError.leaseLost(reason: "the task is not ready") }
        let lease = LeasePlace(task: task.number, attempt: machine.attempt).lease(randomBits)
        try database.executeCached(
            "INSERT INTO attempt (lease, task, number, worker, startedAt) VALUES (?, ?, ?, ?, ?)",
            [lease.rawValue, task.number, machine.attempt, worker.rawValue, now.milliseconds])
        try task.apply(machine, lease: lease, database)
        return LeaseGrant(
            lease: lease, task: task.id, sweepID: task.sweep, sweepName: task.sweepName,
            attempt: machine.attempt,
            configuration: try configuration(of: task.number, database),
            dataDigest: task.dataDigest,
            // The first attempt has nothing to go on from.
            checkpoint: machine.attempt == 1 ? nil : try checkpoint(of: task, database)?.reference,
            checkpointEveryEpochs: task.checkpointEveryEpochs,
            isAlone: task.killsForgiven > 0 ? true : nil)
    }

    /// Records the training's own error. The task is tried again while it has attempts left, unless
    /// that would not help. Drops the task's checkpoint if the request asks for it; the file, which
    /// no row names any more, is removed by `CheckpointSweeper`.
    func fail(_ lease: LeaseID, _ failure: FailRequest, _ key: RequestKey) async throws -> TaskState
    {
        let error = failure.error.truncated(toBytes: Limits.errorTextBytesMax)
        let isForgiven = isHeldAgainstHost(lease)
        let state = try await endAttempt(
            lease, key, outcome: .failed, error: error,
            discardsCheckpoint: failure.discardsCheckpoint
        ) { machine in
            machine.endAttempt(isPermanent: failure.isPermanent)
            if isForgiven { machine.forgive() }
        }
        try await setAsideSuspects()
        return state
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
        discardsCheckpoint: Bool = false, _ decide: @escaping @Sendable (inout LeaseMachine) -> Void
    ) async throws -> TaskState {
        let (now, ended) = (environment.now(), whenEnded(lease, outcome))
        return try await once(key, whenDurable: { _ in ended(nil) }) { database in
            let task = try Self.holder(of: lease, database)
            var machine = task.machine
            machine.revive()
            decide(&machine)
            try Self.end(lease, outcome, error: error, at: now, database)
            try task.apply(machine, lease: nil, error: error, database)
            if discardsCheckpoint {
                try database.executeCached(
                    "DELETE FROM checkpoint WHERE task = ?", [task.number])
            }
            let isReady = machine.state == .ready
            let isTaken = try isReady && Self.takeResults(for: [task.number], database) > 0
            return isTaken ? .cached : machine.state
        }
    }

    /// The task that a lease speaks for, if it still may: also one that was given up for lost while
    /// nobody else took the task.
    static func holder(of lease: LeaseID, _ database: Database) throws -> StoredTask {
        let (task, standing) = try standing(of: lease, database)
        switch standing {
        case .current, .revivable: return task
        case .completedAlready: throw StoreError.leaseLost(reason: "the task is complete")
        case .lost(let reason): throw StoreError.leaseLost(reason: reason)
        }
    }

    static func standing(of lease: LeaseID, _ database: Database) throws
        -> (StoredTask, LeaseMachine.Standing)
    {
        guard let place = LeasePlace(lease),
            let (task, outcome) = try StoredTask.fetch(place, lease, database)
        else { throw StoreError.noSuchLease(lease) }
        return (task, task.machine.standing(ofAttempt: place.attempt, outcome: outcome))
    }

    static func end(
        _ lease: LeaseID, _ outcome: AttemptOutcome, error: String? = nil, at now: Timestamp,
        _ database: Database
    ) throws {
        guard let place = LeasePlace(lease) else { throw StoreError.noSuchLease(lease) }
        try database.executeCached(
            "UPDATE attempt SET outcome = ?, error = ?, endedAt = ? WHERE task = ? AND number = ?",
            [outcome.rawValue, error, now.milliseconds, place.task, place.attempt])
    }
}
