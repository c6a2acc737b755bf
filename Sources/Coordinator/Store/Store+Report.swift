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

/// One sweep at one moment: no row of it is older or newer than another. Lives only inside
/// `Store.withSnapshot`.
struct SweepSnapshot {
    let sweep: StoredSweep
    let database: Database

    fileprivate init(of idOrName: String, _ database: Database) throws {
        let id = try Store.findSweep(idOrName, database)
        let row = try Row.fetchOne(
            database, sql: "SELECT name, specification FROM sweep WHERE id = ?",
            arguments: [id.rawValue])
        guard let row else { throw StoreError.noSuchSweep(idOrName) }
        sweep = StoredSweep(id: id, name: row["name"], specification: row["specification"])
        self.database = database
    }

    /// All tasks in their order, one at a time.
    func forEachTask(withConfiguration: Bool = false, _ body: (ReportTask) throws -> Void) throws {
        let tasks = try Row.fetchCursor(
            database, sql: Self.tasks(withConfiguration: withConfiguration),
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

    /// Every metric row, in the order of tasks and then of training.
    func forEachMetricRow(_ body: (SweepTaskID, MetricRow) throws -> Void) throws {
        let rows = try Row.fetchCursor(
            database,
            sql: """
                SELECT task.id, metric.epoch, metric.split, metric."values"
                FROM task JOIN metric
                    ON metric.task = task.number AND metric.attempt = task.attempt
                WHERE task.sweep = ? ORDER BY task.position, metric.sequence
                """,
            arguments: [sweep.id.rawValue])
        while let row = try rows.next() {
            try body(SweepTaskID(unchecked: row["id"]), MetricRow(stored: row))
        }
    }

    private static func tasks(withConfiguration: Bool) -> String {
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
}

/// What reports are made from.
extension Store {
    func withSnapshot<Value: Sendable>(
        of idOrName: String, _ body: @escaping @Sendable (SweepSnapshot) throws -> Value
    ) async throws -> Value {
        try await pool.read { try body(SweepSnapshot(of: idOrName, $0)) }
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
