import GRDB
import Shared

/// Results by content: what was trained for one sweep is not trained again for another. A task that
/// takes a result points to the task that it is of, and has no attempt and no rows of its own for
/// it.
extension Store {
    private static let take = """
        UPDATE task SET state = 'cached', source = origin.number, error = NULL,
            trajectory = origin.trajectory, divergedEpoch = origin.divergedEpoch,
            epochsCompleted = origin.epochsCompleted
        FROM task AS origin
        """

    /// Gives tasks that are new, or have just become ready again, the results of their twins, which
    /// may have succeeded while they were under way. Returns how many.
    static func takeResults(for tasks: [Int64], _ database: Database) throws -> Int {
        try database.execute(
            sql: take + """
                 JOIN sweep ON sweep.id = origin.sweep AND sweep.sharesResults
                WHERE task.number IN (SELECT value FROM json_each(?)) AND task.state = 'ready'
                    AND origin.id = task.id
                    AND origin.trajectory IS NOT NULL AND origin.source IS NULL
                    AND task.sweep IN (SELECT id FROM sweep WHERE sharesResults)
                """,
            arguments: [tasks.sqlList])
        return database.changesCount
    }

    /// Gives the result of a task that has just succeeded to those of the same content that wait.
    static func shareResult(of task: StoredTask, _ database: Database) throws {
        guard task.sharesResults, try hasTwinThatWaits(task, database) else { return }
        try database.executeCached(
            take + """
                 WHERE origin.number = ? AND task.id = origin.id AND task.state = 'ready'
                    AND task.sweep IN (SELECT id FROM sweep WHERE sharesResults)
                """,
            [task.number])
    }

    /// Mostly there is none, and to look costs less than an update that finds nothing.
    private static func hasTwinThatWaits(_ task: StoredTask, _ database: Database) throws -> Bool {
        try database.firstRow(
            "SELECT 1 FROM task WHERE id = ? AND state = 'ready' LIMIT 1", [task.id.rawValue]
        ) { _ in true } ?? false
    }
}
