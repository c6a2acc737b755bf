import FoundationEssentials
import GRDB
import Shared

/// A row of `task` with its sweep's name, as the verbs need it. Never leaves this folder.
struct StoredTask {
    let number: Int64
    let sweep: SweepID
    let sweepName: String
    let id: SweepTaskID
    let dataDigest: Digest
    let epochs: Int
    let epochsCompleted: Int
    let lease: LeaseID?
    let checkpointEveryEpochs: Int?
    let stopsEarly: Bool
    let sharesResults: Bool
    /// Attempts that were killed beside others, and do not count.
    let killsForgiven: Int
    private let halvingText: String?
    let machine: LeaseMachine

    private static let columns = """
        SELECT task.number, task.sweep, sweep.name, task.id, task.epochsCompleted, task.dataDigest,
            task.epochs, task.lease, task.state, task.attempt, task.attemptsCharged,
            task.attemptMax, sweep.checkpointEveryEpochs, task.stopsEarly, sweep.sharesResults,
            sweep.halving, task.killsForgiven
        """

    private static let tables = " FROM task JOIN sweep ON sweep.id = task.sweep "
    private static let one = columns + tables + "WHERE task.number = ?"

    private static let oneWithAttempt =
        columns + ", attempt.outcome" + tables
            + """
            JOIN attempt ON attempt.task = task.number AND attempt.number = ? AND attempt.lease = ?
            WHERE task.number = ?
            """

    /// - Parameter sql: what follows FROM.
    static func fetchAll(_ database: Database, sql: String, arguments: StatementArguments) throws
        -> [StoredTask]
    {
        try database.allRows(columns + tables + sql, arguments, StoredTask.init)
    }

    static func fetch(_ number: Int64, _ database: Database) throws -> StoredTask? {
        try database.firstRow(one, [number], StoredTask.init)
    }

    /// With how the attempt of a lease stands; nil where there never was such a lease.
    static func fetch(_ place: LeasePlace, _ lease: LeaseID, _ database: Database) throws
        -> (StoredTask, AttemptOutcome)?
    {
        try database.firstRow(oneWithAttempt, [place.attempt, lease.rawValue, place.task]) { row in
            guard let outcome = AttemptOutcome(rawValue: try row[stored: 17]) else {
                throw DatabaseError(message: "an attempt of task \(place.task) has no outcome")
            }
            return (try StoredTask(row: row), outcome)
        }
    }

    /// Those that the leases hold; others hold nothing any more.
    static func leased(by leases: [LeaseID], _ database: Database) throws -> [StoredTask] {
        let wanted = Set(leases)
        return try fetchAll(
            database, sql: "WHERE task.number IN (SELECT value FROM json_each(?))",
            arguments: [leases.compactMap { LeasePlace($0)?.task }.sqlList]
        ).filter { task in task.lease.map(wanted.contains) ?? false }
    }

    private init(row: Row) throws {
        guard let state = TaskState(rawValue: try row[stored: 8]),
            let digest = Digest(hexadecimal: try row[stored: 5])
        else {
            throw DatabaseError(message: "task \(try row[stored: 0] as Int64) has an unknown state")
        }
        number = try row[stored: 0]
        sweep = SweepID(unchecked: try row[stored: 1])
        sweepName = try row[stored: 2]
        id = SweepTaskID(unchecked: try row[stored: 3])
        epochsCompleted = try row[stored: 4]
        dataDigest = digest
        epochs = try row[stored: 6]
        lease = (try row[stored: 7] as String?).map(LeaseID.init(unchecked:))
        checkpointEveryEpochs = try row[stored: 12]
        stopsEarly = try row[stored: 13]
        sharesResults = try row[stored: 14]
        halvingText = try row[stored: 15]
        killsForgiven = try row[stored: 16]
        machine = LeaseMachine(
            state: state, attempt: try row[stored: 9], attemptsCharged: try row[stored: 10],
            attemptMax: try row[stored: 11])
    }

    /// The sweep's; nil where it has none.
    func halving() throws -> Halving? {
        try halvingText.map { try WireCoding.decode(Halving.self, from: Data($0.utf8)) }
    }

    /// Stores what the machine decided. The old attempt and state stand in the condition: a
    /// decision made on a row that has changed since is never applied.
    func apply(
        _ decided: LeaseMachine, lease: LeaseID?, error: String? = nil, _ database: Database
    ) throws {
        try database.executeCached(
            """
            UPDATE task SET state = ?, attempt = ?, attemptsCharged = ?, lease = ?, error = ?,
                epochsCompleted = ?
            WHERE number = ? AND state = ? AND attempt = ?
            """,
            [
                decided.state.rawValue, decided.attempt, decided.attemptsCharged, lease?.rawValue,
                // A task that will be tried again has no error yet; its attempt keeps it.
                decided.state == .failed ? error : nil,
                // What is shown as completed belongs to the newest attempt.
                decided.attempt == machine.attempt ? epochsCompleted : 0,
                number, machine.state.rawValue, machine.attempt,
            ])
        guard database.changesCount == 1 else {
            throw DatabaseError(message: "task \(number) changed within one transaction")
        }
    }
}

extension [Int64] {
    /// As `json_each` takes it: SQLite binds no lists.
    var sqlList: String { "[\(map(String.init).joined(separator: ","))]" }
}
