import GRDB
import Shared

/// A row of `task` with its sweep's name, as the verbs need it. Never leaves this folder.
struct StoredTask {
    let number: Int64
    let sweep: SweepID
    let sweepName: String
    let id: SweepTaskID
    let configuration: String
    let dataDigest: Digest
    let epochs: Int
    let lease: LeaseID?
    let checkpointEveryEpochs: Int?
    let machine: LeaseMachine

    private static let columns = """
        SELECT task.number, task.sweep, sweep.name, task.id, task.configuration, task.dataDigest,
            task.epochs, task.lease, task.state, task.attempt, task.attemptsCharged,
            task.attemptMax, sweep.checkpointEveryEpochs
        FROM task JOIN sweep ON sweep.id = task.sweep
        """

    /// - Parameter sql: what follows FROM.
    static func fetchAll(_ database: Database, sql: String, arguments: StatementArguments) throws
        -> [StoredTask]
    {
        let statement = try database.cachedStatement(sql: columns + " " + sql)
        return try Row.fetchAll(statement, arguments: arguments).map(StoredTask.init)
    }

    static func fetch(_ number: Int64, _ database: Database) throws -> StoredTask? {
        try fetchAll(database, sql: "WHERE task.number = ?", arguments: [number]).first
    }

    static func leased(by lease: LeaseID, _ database: Database) throws -> StoredTask? {
        try fetchAll(database, sql: "WHERE task.lease = ?", arguments: [lease.rawValue]).first
    }

    private init(row: Row) throws {
        guard let state = TaskState(rawValue: row[8]), let digest = Digest(hexadecimal: row[5])
        else { throw DatabaseError(message: "task \(row[0] as Int64) has an unknown state") }
        number = row[0]
        sweep = SweepID(unchecked: row[1])
        sweepName = row[2]
        id = SweepTaskID(unchecked: row[3])
        configuration = row[4]
        dataDigest = digest
        epochs = row[6]
        lease = (row[7] as String?).map(LeaseID.init(unchecked:))
        checkpointEveryEpochs = row[12]
        machine = LeaseMachine(
            state: state, attempt: row[9], attemptsCharged: row[10], attemptMax: row[11])
    }

    /// Stores what the machine decided. The old attempt and state stand in the condition: a
    /// decision made on a row that has changed since is never applied.
    func apply(
        _ decided: LeaseMachine, lease: LeaseID?, error: String? = nil, _ database: Database
    ) throws {
        try database.execute(
            sql: """
                UPDATE task SET state = ?, attempt = ?, attemptsCharged = ?, lease = ?, error = ?
                WHERE number = ? AND state = ? AND attempt = ?
                """,
            arguments: [
                decided.state.rawValue, decided.attempt, decided.attemptsCharged, lease?.rawValue,
                // A task that will be tried again has no error yet; its attempt keeps it.
                decided.state == .failed ? error : nil,
                number, machine.state.rawValue, machine.attempt,
            ])
        guard database.changesCount == 1 else {
            throw DatabaseError(message: "task \(number) changed within one transaction")
        }
    }
}

extension String {
    /// At most so many bytes of UTF-8, never half a character, with an ellipsis where it was cut.
    func truncated(toBytes bytesMax: Int) -> String {
        guard utf8.count > bytesMax else { return self }
        var end = utf8.index(startIndex, offsetBy: max(0, bytesMax - "…".utf8.count))
        while end.samePosition(in: unicodeScalars) == nil { end = utf8.index(before: end) }
        return self[..<end] + "…"
    }
}
