import FoundationEssentials
import GRDB
import Shared

/// What a report says of one task, apart from what its sweep says.
struct ReportTask: Sendable {
    var position: Int
    var id: SweepTaskID
    /// Of no bytes where the experiment makes its own data.
    var dataDigest: Digest
    var state: TaskState
    var gateCells: [String]
    var epochsCompleted: Int
    var trajectory: String?
    /// The first epoch whose training loss was not finite, also of a result that is cached.
    var divergedEpoch: Int?
    /// Why the sweep's halving stopped it.
    var prunedReason: String?
    var error: String?
    /// The last row of each split.
    var metrics: [MetricRow]
    /// How it came about; differs from run to run.
    var attempts: Int
    var host: String?
    /// With which its worker trained it.
    var kernels: String?
    var startedAt: Timestamp?
    var endedAt: Timestamp?
    /// Only where it was asked for.
    var configuration: String?
    /// Whose result it is, where it was trained for another sweep.
    var source: SweepID?
    /// Whether it has a result that can be reported: the column `complete`.
    var isComplete: Bool { state.hasResult && damage == nil }
    /// Why its stored rows are not to be trusted.
    var damage: String? {
        didSet {
            guard let damage else { return }
            (metrics, trajectory, error) = ([], nil, damage)
        }
    }
}

/// A sweep as it was submitted.
struct StoredSweep: Sendable {
    var id: SweepID
    var name: String
    var createdAt: Timestamp
    var specification: String
}

/// One sweep at one moment: no row of it is older or newer than another. Lives only inside
/// `Store.withSnapshot`.
struct SweepSnapshot {
    let sweep: StoredSweep
    let database: Database
    /// A sentence for each task whose stored rows are damaged, by position: it is reported without
    /// numbers, with the sentence as its error.
    private(set) var damaged: [Int: String] = [:]

    init(of idOrName: String, _ database: Database) throws {
        let id = try Store.findSweep(idOrName, database)
        let row = try Row.fetchOne(
            database, sql: "SELECT name, specification, createdAt FROM sweep WHERE id = ?",
            arguments: [id.rawValue])
        guard let row else { throw StoreError.noSuchSweep(idOrName) }
        sweep = StoredSweep(
            id: id, name: try row[stored: "name"],
            createdAt: Timestamp(milliseconds: try row[stored: "createdAt"]),
            specification: try row[stored: "specification"])
        self.database = database
    }

    /// Computes anew what the rows of each task hash to; to be called before anything is reported.
    /// - Parameter skipsDamaged: reports damaged tasks without numbers instead of throwing.
    /// - Throws: `StoreError.damagedResults`.
    mutating func checkResults(skipsDamaged: Bool) throws {
        damaged = try Store.damagedResults(of: sweep.id, database)
        guard damaged.isEmpty || skipsDamaged else {
            throw StoreError.damagedResults(
                damaged.sorted { $0.key < $1.key }.map(\.value))
        }
    }

    /// All tasks in their order, one at a time.
    func forEachTask(withConfiguration: Bool = false, _ body: (ReportTask) throws -> Void) throws {
        let rows = try Row.fetchCursor(
            database, sql: Self.tasks(withConfiguration: withConfiguration),
            arguments: [sweep.id.rawValue])
        var gates: [Int64: [String]] = [:]
        var task: ReportTask?
        while let row = try rows.next() {
            // Its last epoch's rows can have come in several calls.
            if try task?.position != row[stored: 1] {
                if let task { try body(task) }
                task = try ReportTask(
                    row, gateCells: try gateCells(row[stored: 4], &gates),
                    withConfiguration: withConfiguration)
                task?.damage = damaged[try row[stored: 1]]
            }
            if let bytes = try row[stored: 13] as Data? { try task?.addLastRows(bytes) }
        }
        if let task { try body(task) }
    }

    /// There are few gates, and many tasks of each.
    private func gateCells(_ number: Int64, _ known: inout [Int64: [String]]) throws -> [String] {
        if let cells = known[number] { return cells }
        let text = try database.firstRow("SELECT cells FROM gate WHERE number = ?", [number]) {
            try $0[stored: 0] as String
        }
        let cells = try WireCoding.decode([String].self, from: Data((text ?? "").utf8))
        known[number] = cells
        return cells
    }

    /// Every metric row, in the order of tasks and then of training.
    func forEachMetricRow(_ body: (SweepTaskID, MetricBatch.RowReader) throws -> Void) throws {
        let rows = try Row.fetchCursor(
            database,
            sql: """
                SELECT metric.rows, task.id, task.position
                FROM task JOIN task AS origin ON origin.number = coalesce(task.source, task.number)
                    JOIN metric
                    ON metric.task = origin.number AND metric.attempt = origin.attempt
                WHERE task.sweep = ? ORDER BY task.position, metric.first
                """,
            arguments: [sweep.id.rawValue])
        while let row = try rows.next() {
            guard damaged[try row[stored: 2]] == nil else { continue }
            let task = SweepTaskID(unchecked: try row[stored: 1])
            try MetricBatch(stored: row).forEach { try body(task, $0) }
        }
    }

    private static func tasks(withConfiguration: Bool) -> String {
        """
        SELECT task.number, task.position, task.id, task.state, task.gate, task.epochsCompleted,
            task.trajectory, task.error, task.attempt, worker.host, attempt.startedAt,
            attempt.endedAt, \(withConfiguration ? "configuration.json" : "NULL"), metric.rows,
            CASE WHEN task.source IS NOT NULL THEN origin.sweep END, task.divergedEpoch,
            task.prunedReason, task.dataDigest, worker.kernels
        FROM task JOIN task AS origin ON origin.number = coalesce(task.source, task.number)
            \(withConfiguration ? "JOIN configuration ON configuration.task = task.number" : "")
            LEFT JOIN attempt ON attempt.task = origin.number AND attempt.number = origin.attempt
            LEFT JOIN worker ON worker.name = attempt.worker
            LEFT JOIN metric ON metric.task = origin.number AND metric.attempt = origin.attempt
                AND metric.lastEpoch = (
                    SELECT max(last.lastEpoch) FROM metric AS last
                    WHERE last.task = origin.number AND last.attempt = origin.attempt)
        WHERE task.sweep = ? ORDER BY task.position, metric.first
        """
    }
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
    fileprivate init(_ row: Row, gateCells: [String], withConfiguration: Bool) throws {
        guard let state = TaskState(rawValue: try row[stored: 3]),
            let dataDigest = Digest(hexadecimal: try row[stored: 17])
        else { throw DatabaseError(message: "a task has an unknown state or a malformed digest") }
        self.init(
            position: try row[stored: 1], id: SweepTaskID(unchecked: try row[stored: 2]),
            dataDigest: dataDigest,
            state: state, gateCells: gateCells, epochsCompleted: try row[stored: 5],
            trajectory: try row[stored: 6],
            divergedEpoch: try row[stored: 15], prunedReason: try row[stored: 16],
            error: try row[stored: 7], metrics: [],
            attempts: try row[stored: 8], host: try row[stored: 9], kernels: try row[stored: 18],
            startedAt: (try row[stored: 10] as Int64?).map(Timestamp.init(milliseconds:)),
            endedAt: (try row[stored: 11] as Int64?).map(Timestamp.init(milliseconds:)),
            configuration: withConfiguration ? try row[stored: 12] : nil,
            source: (try row[stored: 14] as String?).map(SweepID.init(unchecked:)))
    }

    /// Of some stored rows those of the last epoch.
    fileprivate mutating func addLastRows(_ bytes: Data) throws {
        guard damage == nil else { return }
        let batch = try MetricBatch(bytes: [UInt8](bytes))
        try batch.forEach(epoch: batch.lastEpoch) { metrics.append($0.row) }
    }
}
