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
    private let state: TaskState?
    private let divergedEpoch: Int?
    private var digest = TrajectoryDigest()
    private var lastEpoch = 0
    private var firstDivergedEpoch: Int?
    private var lastDivergedEpoch: Int?
    private var damage: String?

    /// From the columns of `StoredResult.query`.
    init(_ row: Row) throws {
        let (id, sweep) = (try row[stored: 2] as String, try row[stored: 3] as String)
        position = try row[stored: 1]
        name = "task \(id) of sweep \(sweep) (position \(position))"
        trajectory = try row[stored: 4]
        epochsCompleted = try row[stored: 5]
        state = TaskState(rawValue: try row[stored: 9])
        divergedEpoch = try row[stored: 10]
    }

    /// The rows of one call, in order.
    mutating func add(_ row: Row) {
        guard damage == nil else { return }
        do {
            try addBatch(row)
        } catch {
            damage = "the description of its stored metric rows cannot be read (\(error))"
        }
    }

    private mutating func addBatch(_ row: Row) throws {
        guard let bytes = try row[stored: 0] as Data? else { return }
        let first = try row[stored: 6] as Int
        guard let batch = try? MetricBatch(bytes: [UInt8](bytes)),
            trajectory != nil || (try? batch.forEach { _ in }) != nil
        else {
            damage = "its stored metric rows from number \(first) on do not parse"
            return
        }
        let (count, last) = (try row[stored: 7] as Int, try row[stored: 8] as Int)
        guard batch.count == count, batch.lastEpoch == last else {
            damage =
                "its stored metric rows from number \(first) on are \(batch.count), up to epoch "
                + "\(batch.lastEpoch), and recorded as \(count), up to epoch \(last)"
            return
        }
        lastEpoch = max(lastEpoch, last)
        if trajectory != nil { digest.append(batch) }
        // Only then must something be true of single rows; parsing them takes longer than hashing.
        guard divergedEpoch != nil || state == .diverged else { return }
        for row in try batch.rows() where row.isDiverged {
            firstDivergedEpoch = firstDivergedEpoch ?? row.epoch
            lastDivergedEpoch = row.epoch
        }
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
        if lastEpoch != epochsCompleted {
            return
                "\(name): the last stored metric row is of epoch \(lastEpoch), the stored number "
                + "of completed epochs is \(epochsCompleted): a row was damaged"
        }
        return divergenceDamage.map { "\(name): \($0): a row was damaged" }
    }

    /// A task has diverged if the training loss of its last epoch is not finite.
    private var divergenceDamage: String? {
        let measured = lastDivergedEpoch == lastEpoch ? firstDivergedEpoch : nil
        if divergedEpoch != measured {
            func text(_ epoch: Int?) -> String { epoch.map(String.init) ?? "none" }
            return "by its stored metric rows its first diverged epoch is \(text(measured)), the "
                + "stored one is \(text(divergedEpoch))"
        }
        return (state == .diverged && measured == nil) || (state == .succeeded && measured != nil)
            ? "its stored state contradicts its stored metric rows" : nil
    }

    /// Each task of a sweep, with the rows of its newest attempt or of the one whose result it has.
    static let query = """
        SELECT metric.rows, task.position, task.id, sweep.name, task.trajectory,
            task.epochsCompleted, metric.first, metric.count, metric.lastEpoch,
            task.state, task.divergedEpoch
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
            let position = try row[stored: 1] as Int
            if result?.position != position {
                note(result)
                do {
                    result = try StoredResult(row)
                } catch {
                    result = nil
                    damaged[position] =
                        "task \(position) of sweep \(sweep) cannot be read: \(error)"
                }
            }
            result?.add(row)
        }
        note(result)
        return damaged
    }
}
