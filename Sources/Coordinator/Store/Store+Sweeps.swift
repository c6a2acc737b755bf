import FoundationEssentials
import GRDB
import Shared

/// One task to be, as the expansion made it.
struct NewTask: Sendable {
    var position: Int
    var id: SweepTaskID
    var configuration: String
    var dataDigest: Digest
    /// What the report says of its gate.
    var gateCells: [String]
    var epochs: Int
}

/// The verbs on sweeps.
extension Store {
    /// Stores a sweep and all its tasks, or nothing.
    func create(
        name: String, specification: String, attemptMax: Int, checkpointEveryEpochs: Int? = nil,
        tasks: [NewTask], _ key: RequestKey
    ) async throws -> SweepCreated {
        let now = environment.now()
        let randomBits = environment.randomBits
        return try await once(key) { database in
            let id = SweepID.random(digits: 10, randomBits)
            try database.execute(
                sql: """
                    INSERT INTO sweep (id, name, specification, createdAt, checkpointEveryEpochs)
                    VALUES (?, ?, ?, ?, ?)
                    """,
                arguments: [
                    id.rawValue, name, specification, now.milliseconds, checkpointEveryEpochs,
                ])
            let count = try Self.insert(tasks, of: id, attemptMax: attemptMax, database)
            return SweepCreated(id: id, name: name, taskCount: count)
        }
    }

    private static func insert(
        _ tasks: [NewTask], of sweep: SweepID, attemptMax: Int, _ database: Database
    ) throws -> Int {
        let statement = try database.cachedStatement(
            sql: """
                INSERT INTO task
                    (sweep, position, id, configuration, dataDigest, gate, epochs, attemptMax)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?)
                """)
        var gates: [[String]: Int64] = [:]
        for task in tasks {
            let gate = try gates[task.gateCells] ?? insertGate(task.gateCells, database)
            gates[task.gateCells] = gate
            try statement.execute(arguments: [
                sweep.rawValue, task.position, task.id.rawValue, task.configuration,
                task.dataDigest.hexadecimal, gate, task.epochs, attemptMax,
            ])
        }
        return tasks.count
    }

    private static func insertGate(_ cells: [String], _ database: Database) throws -> Int64 {
        let text = String(decoding: try WireCoding.encode(cells), as: UTF8.self)
        try database.execute(
            sql: "INSERT INTO gate (cells) VALUES (?) ON CONFLICT DO NOTHING", arguments: [text])
        let number = try Int64.fetchOne(
            database, sql: "SELECT number FROM gate WHERE cells = ?", arguments: [text])
        guard let number else { throw DatabaseError(message: "a gate was not stored") }
        return number
    }

    /// The sweep of that id, or the newest of that name.
    func findSweep(_ idOrName: String) async throws -> SweepID {
        try await pool.read { try Self.findSweep(idOrName, $0) }
    }

    static func findSweep(_ idOrName: String, _ database: Database) throws -> SweepID {
        let id = try String.fetchOne(
            database,
            sql: """
                SELECT id FROM sweep WHERE id = ?1 OR name = ?1
                ORDER BY id = ?1 DESC, number DESC LIMIT 1
                """,
            arguments: [idOrName])
        guard let id else { throw StoreError.noSuchSweep(idOrName) }
        return SweepID(unchecked: id)
    }

    /// Ends everything of a sweep that is not final. Returns how many tasks that were.
    func cancel(_ idOrName: String, _ key: RequestKey) async throws -> Int {
        let now = environment.now()
        let end = { @Sendable [liveLeases] (ended: Cancelled) in liveLeases.end(ended.leases) }
        return try await once(key, whenDurable: end) { database in
            let sweep = try Self.findSweep(idOrName, database)
            return try Self.cancel(sweep, at: now, database)
        }.count
    }

    private static func cancel(_ sweep: SweepID, at now: Timestamp, _ database: Database) throws
        -> Cancelled
    {
        var cancelled = Cancelled(count: 0, leases: [])
        let tasks = try StoredTask.fetchAll(
            database, sql: "WHERE task.sweep = ? AND task.state IN ('ready', 'leased')",
            arguments: [sweep.rawValue])
        for task in tasks {
            var machine = task.machine
            guard machine.cancel() else { continue }
            if let lease = task.lease {
                try end(lease, .cancelled, at: now, database)
                cancelled.leases.append(lease)
            }
            try task.apply(machine, lease: nil, database)
            cancelled.count += 1
        }
        return cancelled
    }

    private struct Cancelled: Codable {
        var count: Int
        var leases: [LeaseID]
    }

    /// Makes failed and cancelled tasks ready again, with all their attempts. Returns how many.
    func retry(_ idOrName: String, _ key: RequestKey) async throws -> Int {
        try await once(key) { database in
            let sweep = try Self.findSweep(idOrName, database)
            let tasks = try StoredTask.fetchAll(
                database, sql: "WHERE task.sweep = ? AND task.state IN ('failed', 'cancelled')",
                arguments: [sweep.rawValue])
            var count = 0
            for task in tasks {
                var machine = task.machine
                guard machine.retry() else { continue }
                try task.apply(machine, lease: nil, database)
                count += 1
            }
            return count
        }
    }
}
