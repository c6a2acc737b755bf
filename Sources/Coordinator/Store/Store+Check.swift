import GRDB

/// What must hold between transactions but no single row can show.
extension Store {
    /// A sentence for each broken invariant; empty when all is well.
    func brokenInvariants() async throws -> [String] {
        try await pool.read { database in
            var broken = try String.fetchAll(database, sql: "PRAGMA integrity_check")
                .filter { $0 != "ok" }.map { "the file is damaged: \($0)" }
            broken += try Row.fetchAll(database, sql: "PRAGMA foreign_key_check")
                .map {
                    "a row of \($0[0] as String) refers to one of \($0[2] as String) that is gone"
                }
            for rule in Self.rules { broken += try String.fetchAll(database, sql: rule) }
            return broken
        }
    }

    /// Each selects a sentence for every row that breaks it.
    private static let rules = [
        """
        SELECT 'task ' || task.id || ' is leased, but its lease ' || task.lease || ' is '
            || coalesce(attempt.outcome, 'unknown')
        FROM task LEFT JOIN attempt ON attempt.lease = task.lease
        WHERE task.state = 'leased'
            AND (attempt.outcome IS NOT 'running' OR attempt.task <> task.number)
        """,
        """
        SELECT 'attempt ' || attempt.number || ' of task ' || task.id
            || ' is running, but the task is ' || task.state
        FROM attempt JOIN task ON task.number = attempt.task
        WHERE attempt.outcome = 'running' AND task.lease IS NOT attempt.lease
        """,
        """
        SELECT 'task ' || task.id || ' counts ' || task.attempt || ' attempts, but '
            || count(attempt.lease) || ' are stored'
        FROM task LEFT JOIN attempt ON attempt.task = task.number
        GROUP BY task.number HAVING count(attempt.lease) <> task.attempt
        """,
        """
        SELECT 'task ' || task.id || ' is succeeded, but its last attempt is ' || attempt.outcome
        FROM task JOIN attempt ON attempt.task = task.number AND attempt.number = task.attempt
        WHERE (task.state = 'succeeded') <> (attempt.outcome = 'succeeded')
        """,
        """
        SELECT 'task ' || task.id || ' succeeded without metrics of its last epoch' FROM task
        WHERE task.state = 'succeeded' AND NOT EXISTS (
            SELECT 1 FROM metric WHERE metric.task = task.number
                AND metric.attempt = task.attempt AND metric.epoch = task.epochs)
        """,
        """
        SELECT 'the metric rows of attempt ' || metric.attempt || ' of task ' || task.id
            || ' have gaps'
        FROM metric JOIN task ON task.number = metric.task
        GROUP BY metric.task, metric.attempt HAVING max(metric.sequence) <> count(*) - 1
        """,
        """
        SELECT 'task ' || task.id || ' is ready, but has no attempts left' FROM task
        WHERE task.state = 'ready' AND task.attemptsCharged >= task.attemptMax
        """,
        """
        SELECT 'task ' || task.id || ' is ' || task.state || ', but has a checkpoint of attempt '
            || checkpoint.attempt
        FROM checkpoint JOIN task ON task.number = checkpoint.task
        WHERE task.state IN ('succeeded', 'cancelled') OR checkpoint.attempt > task.attempt
        """,
        """
        SELECT 'sweep ' || sweep.name || ' has no tasks' FROM sweep
        WHERE NOT EXISTS (SELECT 1 FROM task WHERE task.sweep = sweep.id)
        """,
    ]
}
