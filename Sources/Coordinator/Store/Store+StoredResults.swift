import FoundationEssentials
import GRDB
import Shared

/// One task's stored metric rows, held against what the task says they come to.
///
/// A row is stored as the bytes that were hashed, so a bit that the disk turned over changes the
/// hash. Rows of a task without a trajectory cannot be checked like this: there is nothing yet that
/// they must hash to. They only have to parse.
private struct StoredResult {
    let position: Int
    private let name: String
    private let trajectory: String?
    private let epochsCompleted: Int
    private var digest = TrajectoryDigest()
    private var lastEpoch = 0
    private var damage: String?

    /// From the columns of `StoredResult.query`.
    init(_ row: Row) {
        position = row[1]
        name = "task \(row[2] as String) of sweep \(row[3] as String) (position \(position))"
        trajectory = row[4]
        epochsCompleted = row[5]
    }

    /// The rows of one call, in order.
    mutating func add(_ row: Row) {
        guard damage == nil, let bytes = row[0] as Data? else { return }
        let first = row[6] as Int
        guard let batch = try? MetricBatch(bytes: [UInt8](bytes)),
            trajectory != nil || (try? batch.forEach { _ in }) != nil
        else {
            damage = "its stored metric rows from number \(first) on do not parse"
            return
        }
        let (count, last) = (row[7] as Int, row[8] as Int)
        guard batch.count == count, batch.lastEpoch == last else {
            damage =
                "its stored metric rows from number \(first) on are \(batch.count), up to epoch "
                + "\(batch.lastEpoch), and recorded as \(count), up to epoch \(last)"
            return
        }
        lastEpoch = max(lastEpoch, last)
        if trajectory != nil { digest.append(batch) }
    }

    /// What is wrong; nil where nothing is.
    var sentence: String? {
        if let damage { return "\(name): \(damage): a row was damaged" }
        guard let trajectory else { return nil }
        let found = digest.digest.hexadecimal
        if found != trajectory {
            return "\(name): the stored metric rows hash to \(found), the stored trajectory is "
                + "\(trajectory): a row was damaged"
        }
        return lastEpoch == epochsCompleted
            ? nil
            : "\(name): the last stored metric row is of epoch \(lastEpoch), the stored number of "
                + "completed epochs is \(epochsCompleted): a row was damaged"
    }

    /// Each task of a sweep, with the rows of its newest attempt or of the one whose result it has.
    static let query = """
        SELECT metric.rows, task.position, task.id, sweep.name, task.trajectory,
            task.epochsCompleted, metric.first, metric.count, metric.lastEpoch
        FROM task JOIN sweep ON sweep.id = task.sweep
            JOIN task AS origin ON origin.number = coalesce(task.source, task.number)
            LEFT JOIN metric ON metric.task = origin.number AND metric.attempt = origin.attempt
        WHERE task.sweep = ? ORDER BY task.position, metric.first
        """
}

extension Store {
    /// A sentence for each task of the sweep whose stored rows are damaged, by position. One pass
    /// over the rows, of which one call's are in memory at a time.
    static func damagedResults(of sweep: SweepID, _ database: Database) throws -> [Int: String] {
        var damaged: [Int: String] = [:]
        var result: StoredResult?
        let note = { (result: StoredResult?) in
            if let result, let sentence = result.sentence { damaged[result.position] = sentence }
        }
        let rows = try Row.fetchCursor(
            database, sql: StoredResult.query, arguments: [sweep.rawValue])
        while let row = try rows.next() {
            if result?.position != row[1] {
                note(result)
                result = StoredResult(row)
            }
            result?.add(row)
        }
        note(result)
        return damaged
    }
}
