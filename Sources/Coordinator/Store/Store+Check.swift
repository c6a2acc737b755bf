import GRDB

/// What must hold between transactions but no single row can show.
extension Store {
    /// A sentence for each broken invariant; empty when all is well.
    func brokenInvariants() async throws -> [String] {
        try await pool.read { database in
            var broken: [String] = []
            // What cannot be read is one sentence more, and takes nothing from the others.
            func collect(_ find: () throws -> [String]) {
                do {
                    broken += try find()
                } catch {
                    broken.append("a rule cannot be checked: \(error)")
                }
            }
            collect {
                try String.fetchAll(database, sql: "PRAGMA integrity_check")
                    .filter { $0 != "ok" }.map { "the file is damaged: \($0)" }
            }
            collect {
                try Row.fetchAll(database, sql: "PRAGMA foreign_key_check").map { row in
                    let (child, parent) = (
                        try row[stored: 0] as String, try row[stored: 2] as String
                    )
                    return "a row of \(child) refers to one of \(parent) that is gone"
                }
            }
            for rule in Self.rules { collect { try String.fetchAll(database, sql: rule) } }
            return broken
        }
    }

    /// Each selects a sentence for every row that breaks it.
    private static let rules = [
        """
        SELECT 'task ' || task.id || ' is leased, but its lease ' || task.lease || ' is '
            || CASE WHEN attempt.lease = task.lease THEN attempt.outcome ELSE 'unknown' END
        FROM task LEFT JOIN attempt
            ON attempt.task = task.number AND attempt.number = task.attempt
        WHERE task.state = 'leased'
            AND (attempt.outcome IS NOT 'running' OR attempt.lease IS NOT task.lease)
        """,
        """
        SELECT 'attempt ' || attempt.number || ' of task ' || task.id
            || ' is running, but the task is ' || task.state
        FROM attempt JOIN task ON task.number = attempt.task
        WHERE attempt.outcome = 'running' AND task.lease IS NOT attempt.lease
        """,
        """
        SELECT 'task ' || task.id || ' counts ' || task.attempt || ' attempts, but '
            || count(attempt.number) || ' are stored'
        FROM task LEFT JOIN attempt ON attempt.task = task.number
        GROUP BY task.number HAVING count(attempt.number) <> task.attempt
        """,
        """
        SELECT 'task ' || task.id || ' is ' || task.state || ', but its last attempt is '
            || attempt.outcome
        FROM task JOIN attempt ON attempt.task = task.number AND attempt.number = task.attempt
        WHERE (task.state = 'succeeded') <> (attempt.outcome = 'succeeded')
            OR (task.state = 'diverged') <> (attempt.outcome = 'diverged')
        """,
        """
        SELECT 'task ' || task.id || ' is complete without metrics of its last epoch' FROM task
        WHERE task.trajectory IS NOT NULL AND task.source IS NULL AND NOT EXISTS (
            SELECT 1 FROM metric WHERE metric.task = task.number
                AND metric.attempt = task.attempt AND metric.lastEpoch = task.epochsCompleted)
        """,
        """
        SELECT DISTINCT 'the metric rows of attempt ' || ofAttempt || ' of task ' || task.id
            || ' have gaps'
        FROM (
            SELECT task AS ofTask, attempt AS ofAttempt, first, lag(first + count, 1, 0)
                OVER (PARTITION BY task, attempt ORDER BY first) AS wanted
            FROM metric
        ) JOIN task ON task.number = ofTask
        WHERE first <> wanted
        """,
        """
        SELECT 'task ' || task.id || ' has no configuration' FROM task
        WHERE NOT EXISTS (SELECT 1 FROM configuration WHERE configuration.task = task.number)
        """,
        """
        SELECT 'task ' || task.id || ' is ready, but has no attempts left' FROM task
        WHERE task.state = 'ready' AND task.attemptsCharged >= task.attemptMax
        """,
        """
        SELECT 'task ' || task.id || ' is run again as another task, ' || again.id
        FROM recheck JOIN task ON task.number = recheck.task
            JOIN task AS again ON again.number = recheck.rerun
            JOIN sweep ON sweep.id = again.sweep
        WHERE again.id <> task.id OR sweep.recheckOf IS NOT task.sweep
        """,
        """
        SELECT 'task ' || task.id || ' is ' || task.state || ', but has a checkpoint of attempt '
            || checkpoint.attempt
        FROM checkpoint JOIN task ON task.number = checkpoint.task
        WHERE task.state IN ('succeeded', 'diverged', 'cancelled', 'cached', 'pruned')
            OR checkpoint.attempt > task.attempt
        """,
        """
        SELECT 'task ' || task.id || ' has the result of another, which is not that of its content'
        FROM task JOIN task AS origin ON origin.number = task.source
        WHERE origin.id <> task.id OR origin.source IS NOT NULL
            OR origin.trajectory IS NOT task.trajectory
            OR origin.divergedEpoch IS NOT task.divergedEpoch
            OR origin.epochsCompleted <> task.epochsCompleted
        """,
        """
        SELECT 'sweep ' || sweep.name || ' has no tasks' FROM sweep
        WHERE NOT EXISTS (SELECT 1 FROM task WHERE task.sweep = sweep.id)
        """,
    ]
}
