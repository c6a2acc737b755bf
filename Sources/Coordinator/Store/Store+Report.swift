import FoundationEssentials
import GRDB
import Shared

/// What a report says of one task, apart from what its sweep says.
struct ReportTask: Sendable {
    var position: Int
    var id: SweepTaskID
    var state: TaskState
    var gateCells: [String]
    var epochsCompleted: Int
    var trajectory: String?
    var error: String?
    /// The last row of each split.
    var metrics: [MetricRow]
    /// How it came about; differs from run to run.
    var attempts: Int
    var host: String?
    var startedAt: Timestamp?
    var endedAt: Timestamp?
    /// Only where it was asked for.
    var configuration: String?
}

/// A sweep as it was submitted.
struct StoredSweep: Sendable {
    var id: SweepID
    var name: String
    var specification: String
}

/// What reports are made from. Each call is one snapshot: no row of it is older or newer than
/// another.
extension Store {
    /// All tasks of a sweep in their order, one at a time.
    func forEachTask(
        of idOrName: String, withConfiguration: Bool = false,
        begin: @escaping @Sendable (StoredSweep) throws -> Void,
        _ body: @escaping @Sendable (ReportTask) throws -> Void
    ) async throws {
        try await pool.read { database in
            let sweep = try Self.storedSweep(idOrName, database)
            try begin(sweep)
            let tasks = try Row.fetchCursor(
                database, sql: Self.taskColumns(withConfiguration: withConfiguration),
                arguments: [sweep.id.rawValue])
            let finalRows = try database.makeStatement(sql: Self.finalRows)
            while let row = try tasks.next() {
                let metrics = try Row.fetchAll(
                    finalRows, arguments: [row["number"] as Int64, row["attempt"] as Int])
                try body(
                    ReportTask(
                        row, metrics: metrics.map(MetricRow.init(stored:)),
                        withConfiguration: withConfiguration))
            }
        }
    }

    private static func taskColumns(withConfiguration: Bool) -> String {
        """
        SELECT task.number, task.position, task.id, task.state, gate.cells, task.epochsCompleted,
            task.trajectory, task.error, task.attempt, worker.host, attempt.startedAt,
            attempt.endedAt \(withConfiguration ? ", task.configuration" : "")
        FROM task JOIN gate ON gate.number = task.gate
            LEFT JOIN attempt ON attempt.task = task.number AND attempt.number = task.attempt
            LEFT JOIN worker ON worker.name = attempt.worker
        WHERE task.sweep = ? ORDER BY task.position
        """
    }

    private static let finalRows = """
        SELECT epoch, split, "values" FROM metric
        WHERE task = ?1 AND attempt = ?2
            AND epoch = (SELECT max(epoch) FROM metric WHERE task = ?1 AND attempt = ?2)
        ORDER BY sequence
        """

    /// Every metric row of a sweep, in the order of tasks and then of training.
    func forEachMetricRow(
        of idOrName: String, _ body: @escaping @Sendable (SweepTaskID, MetricRow) throws -> Void
    ) async throws {
        try await pool.read { database in
            let sweep = try Self.findSweep(idOrName, database)
            let rows = try Row.fetchCursor(
                database,
                sql: """
                    SELECT task.id, metric.epoch, metric.split, metric."values"
                    FROM task JOIN metric
                        ON metric.task = task.number AND metric.attempt = task.attempt
                    WHERE task.sweep = ? ORDER BY task.position, metric.sequence
                    """,
                arguments: [sweep.rawValue])
            while let row = try rows.next() {
                try body(SweepTaskID(unchecked: row["id"]), MetricRow(stored: row))
            }
        }
    }

    private static func storedSweep(_ idOrName: String, _ database: Database) throws -> StoredSweep
    {
        let id = try findSweep(idOrName, database)
        let row = try Row.fetchOne(
            database, sql: "SELECT name, specification FROM sweep WHERE id = ?",
            arguments: [id.rawValue])
        guard let row else { throw StoreError.noSuchSweep(idOrName) }
        return StoredSweep(id: id, name: row["name"], specification: row["specification"])
    }
}

extension ReportTask {
    fileprivate init(_ row: Row, metrics: [MetricRow], withConfiguration: Bool) throws {
        guard let state = TaskState(rawValue: row["state"]) else {
            throw DatabaseError(message: "a task has an unknown state")
        }
        let cells: String = row["cells"]
        self.init(
            position: row["position"], id: SweepTaskID(unchecked: row["id"]), state: state,
            gateCells: try WireCoding.decode([String].self, from: Data(cells.utf8)),
            epochsCompleted: row["epochsCompleted"], trajectory: row["trajectory"],
            error: row["error"], metrics: metrics, attempts: row["attempt"], host: row["host"],
            startedAt: (row["startedAt"] as Int64?).map(Timestamp.init(milliseconds:)),
            endedAt: (row["endedAt"] as Int64?).map(Timestamp.init(milliseconds:)),
            configuration: withConfiguration ? row["configuration"] : nil)
    }
}
