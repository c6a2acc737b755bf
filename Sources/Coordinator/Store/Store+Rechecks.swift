import GRDB
import Shared

/// Tasks that another machine runs again, so that the two results can be compared.
///
/// A rerun is a task like any other, with leases, attempts and metrics of its own, in a sweep that
/// nobody sees: it holds up nothing, and never touches the first result. Its worker does not know
/// what it is for. Reruns are handed out where no other task is ready, never to the machine that
/// trained the task first, and a sweep is finished without them.
extension Store {
    /// What two hosts came to.
    struct Comparison: Equatable, Sendable {
        var results: RecheckDifference
        var isSame: Bool { results.trajectory == results.otherTrajectory }
    }

    // MARK: - Choosing

    /// At submission: which tasks are rechecked is then no question of what happens later.
    static func planRechecks(
        of tasks: some Sequence<NewTask>, in sweep: SweepID, share: Double, _ database: Database
    ) throws {
        for task in tasks where RecheckRule.isChosen(task.id, share: share) {
            try database.execute(
                sql: """
                    INSERT INTO recheck (task) SELECT number FROM task
                    WHERE sweep = ? AND position = ?
                    """,
                arguments: [sweep.rawValue, task.position])
        }
    }

    // MARK: - Handing out

    /// Tasks that are done and to be run again, now that no worker does.
    static let dueRechecks = """
        FROM recheck JOIN task ON task.number = recheck.task
            JOIN attempt ON attempt.task = task.number AND attempt.number = task.attempt
            JOIN worker ON worker.name = attempt.worker
            LEFT JOIN task AS again ON again.number = recheck.rerun
        WHERE recheck.isOpen = 1 AND task.trajectory IS NOT NULL
            AND (recheck.rerun IS NULL OR again.state = 'ready')
        """

    /// Those that were done on another machine (`Machine.isOther`).
    private static let due =
        "SELECT recheck.task, recheck.rerun " + dueRechecks
            + """
             AND worker.host <> ? AND (worker.bootID = ?) IS NOT TRUE
            ORDER BY recheck.task LIMIT ?
            """

    /// Reruns that this worker may begin now, made where there are none yet.
    static func rechecks(
        for request: LeaseRequest, limit: Int, at now: Timestamp, _ randomBits: () -> UInt64,
        _ database: Database
    ) throws -> [StoredTask] {
        let rows = try Row.fetchAll(
            database, sql: due, arguments: [request.host, request.bootID, limit])
        guard !rows.isEmpty else { return [] }
        try closeEnded(database)
        return try rows.map { row in
            let begun: Int64? = try row[stored: "rerun"]
            let rerun =
                try begun ?? beginRerun(of: row[stored: "task"], at: now, randomBits, database)
            guard let task = try StoredTask.fetch(rerun, database) else {
                throw DatabaseError(message: "task \(rerun) is missing")
            }
            return task
        }
    }

    private static func closeEnded(_ database: Database) throws {
        try database.execute(
            sql: """
                UPDATE recheck SET isOpen = 0
                WHERE isOpen = 1 AND EXISTS (
                    SELECT 1 FROM task WHERE number = recheck.rerun
                        AND state IN ('succeeded', 'diverged', 'failed', 'cancelled'))
                """)
    }

    private static func beginRerun(
        of task: Int64, at now: Timestamp, _ randomBits: () -> UInt64, _ database: Database
    ) throws -> Int64 {
        let sweep = try sweepOfReruns(task, at: now, randomBits, database)
        try database.execute(
            sql: """
                INSERT INTO task (sweep, position, id, dataDigest, gate, epochs, stopsEarly,
                    attemptMax)
                SELECT ?, position, id, dataDigest, gate, epochs, stopsEarly, attemptMax
                FROM task WHERE number = ?
                """,
            arguments: [sweep.rawValue, task])
        let rerun = database.lastInsertedRowID
        try database.execute(
            sql: """
                INSERT INTO configuration (task, json)
                SELECT ?, json FROM configuration WHERE task = ?
                """,
            arguments: [rerun, task])
        try database.execute(
            sql: "UPDATE recheck SET rerun = ? WHERE task = ?", arguments: [rerun, task])
        return rerun
    }

    /// The sweep that has the reruns of the task's sweep.
    private static func sweepOfReruns(
        _ task: Int64, at now: Timestamp, _ randomBits: () -> UInt64, _ database: Database
    ) throws -> SweepID {
        let found = try String.fetchOne(
            database,
            sql: "SELECT id FROM sweep WHERE recheckOf = (SELECT sweep FROM task WHERE number = ?)",
            arguments: [task])
        if let found { return SweepID(unchecked: found) }
        let id = SweepID.random(digits: 10, randomBits)
        try database.execute(
            sql: """
                INSERT INTO sweep
                    (id, name, specification, createdAt, checkpointEveryEpochs, recheckOf,
                    sharesResults)
                SELECT ?, name, '{}', ?, checkpointEveryEpochs, id, 0 FROM sweep
                WHERE id = (SELECT sweep FROM task WHERE number = ?)
                """,
            arguments: [id.rawValue, now.milliseconds, task])
        return id
    }

    /// Nothing more of the sweep is to be run again.
    /// - Returns: the sweep whose tasks are the reruns that have begun.
    static func endRechecks(of sweep: SweepID, _ database: Database) throws -> SweepID? {
        try database.execute(
            sql: """
                DELETE FROM recheck WHERE rerun IS NULL
                    AND task IN (SELECT number FROM task WHERE sweep = ?)
                """,
            arguments: [sweep.rawValue])
        return try String.fetchOne(
            database, sql: "SELECT id FROM sweep WHERE recheckOf = ?", arguments: [sweep.rawValue]
        ).map(SweepID.init(unchecked:))
    }

    // MARK: - Comparing

    private static let comparisons = """
        SELECT task.position, task.id, worker.host, task.trajectory,
            otherWorker.host AS otherHost, again.trajectory AS otherTrajectory
        FROM recheck JOIN task ON task.number = recheck.task
            JOIN task AS again ON again.number = recheck.rerun AND again.trajectory IS NOT NULL
            JOIN attempt ON attempt.task = task.number AND attempt.number = task.attempt
            JOIN worker ON worker.name = attempt.worker
            JOIN attempt AS otherAttempt
                ON otherAttempt.task = again.number AND otherAttempt.number = again.attempt
            JOIN worker AS otherWorker ON otherWorker.name = otherAttempt.worker
        WHERE task.sweep = ?
        """

    /// What reruns of a sweep's tasks have come to, in the order of the tasks.
    static func comparisons(of sweep: SweepID, _ database: Database) throws -> [Comparison] {
        try Row.fetchAll(
            database, sql: comparisons + " ORDER BY task.position", arguments: [sweep.rawValue]
        ).map(Comparison.init)
    }

    private static func differences(of sweep: SweepID, _ database: Database) throws
        -> [RecheckDifference]
    {
        try Row.fetchAll(
            database,
            sql: comparisons
                + " AND again.trajectory <> task.trajectory ORDER BY task.position LIMIT ?",
            arguments: [sweep.rawValue, Limits.differencesReportedMax]
        ).map { try Comparison($0).results }
    }

    static func withRechecks(_ statuses: [SweepStatus], _ database: Database) throws
        -> [SweepStatus]
    {
        // One sweep is asked for every second by whoever watches it.
        let only = statuses.count == 1 ? statuses.first?.id.rawValue : nil
        let rows = try Row.fetchAll(
            database,
            sql: """
                SELECT task.sweep,
                    sum(CASE WHEN recheck.rerun IS NULL
                        THEN task.state NOT IN ('failed', 'cancelled', 'cached', 'pruned')
                        ELSE again.state IN ('ready', 'leased') END) AS waiting,
                    coalesce(sum(again.trajectory = task.trajectory), 0) AS same,
                    coalesce(sum(again.trajectory <> task.trajectory), 0) AS different,
                    sum(again.state IS 'failed' OR again.state IS 'cancelled') AS failed
                FROM recheck JOIN task ON task.number = recheck.task
                    LEFT JOIN task AS again ON again.number = recheck.rerun
                WHERE ?1 IS NULL OR task.sweep = ?1 GROUP BY task.sweep
                """,
            arguments: [only])
        var found: [SweepID: RecheckStatus] = [:]
        for row in rows {
            let sweep = SweepID(unchecked: try row[stored: "sweep"])
            let different = try row[stored: "different"] as Int
            found[sweep] = RecheckStatus(
                waiting: try row[stored: "waiting"], same: try row[stored: "same"],
                different: different,
                failed: try row[stored: "failed"],
                differences: different == 0 ? [] : try differences(of: sweep, database))
        }
        return statuses.map { status in
            var status = status
            status.rechecks = found[status.id] ?? RecheckStatus()
            return status
        }
    }

    /// How many tasks of each worker came to another result on another host.
    static func differing(_ database: Database) throws -> [WorkerName: Int] {
        let rows = try Row.fetchAll(
            database,
            sql: """
                WITH pair AS (
                    SELECT task.number AS task, task.attempt AS attempt,
                        again.number AS rerun, again.attempt AS rerunAttempt
                    FROM recheck JOIN task ON task.number = recheck.task
                        JOIN task AS again ON again.number = recheck.rerun
                    WHERE again.trajectory <> task.trajectory
                )
                SELECT attempt.worker, count(*) FROM (
                    SELECT task, attempt FROM pair
                    UNION ALL SELECT rerun, rerunAttempt FROM pair
                ) AS differing JOIN attempt
                    ON attempt.task = differing.task AND attempt.number = differing.attempt
                GROUP BY attempt.worker
                """)
        return Dictionary(
            uniqueKeysWithValues: try rows.map {
                (WorkerName(unchecked: try $0[stored: 0]), try $0[stored: 1] as Int)
            })
    }
}

extension Store.Comparison {
    fileprivate init(_ row: Row) throws {
        guard let trajectory = Digest(hexadecimal: try row[stored: "trajectory"]),
            let otherTrajectory = Digest(hexadecimal: try row[stored: "otherTrajectory"])
        else { throw DatabaseError(message: "a rerun's trajectory is damaged") }
        results = RecheckDifference(
            position: try row[stored: "position"],
            task: SweepTaskID(unchecked: try row[stored: "id"]), host: try row[stored: "host"],
            trajectory: trajectory, otherHost: try row[stored: "otherHost"],
            otherTrajectory: otherTrajectory)
    }
}

extension SweepSnapshot {
    /// What reruns have come to, by the position of the task.
    func comparisons() throws -> [Int: Store.Comparison] {
        let all = try Store.comparisons(of: sweep.id, database)
        return Dictionary(uniqueKeysWithValues: all.map { ($0.results.position, $0) })
    }
}
