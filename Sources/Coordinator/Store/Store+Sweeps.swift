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
    /// Whether it may end before its last epoch.
    var stopsEarly = false
}

/// One sweep to be.
struct NewSweep: Sendable {
    var name: String
    /// As it was submitted.
    var specification: String
    var attemptMax: Int
    /// Of its tasks, to be run again on another host.
    var recheckShare = 0.0
    var checkpointEveryEpochs: Int?
    var halving: Halving?
    var sharesResults = true
    /// To answer with, a sentence each.
    var warnings: [String] = []
    var tasks: [NewTask]
}

/// The verbs on sweeps.
extension Store {
    /// Stores a sweep and all its tasks, or nothing.
    func create(_ sweep: NewSweep, _ key: RequestKey) async throws -> SweepCreated {
        let now = environment.now()
        let randomBits = environment.randomBits
        let halving = try sweep.halving.map { rule in
            String(decoding: try WireCoding.encode(rule), as: UTF8.self)
        }
        return try await once(key) { database in
            // Tasks are numbered from 1 and never taken away.
            let stored = try Int.fetchOne(database, sql: "SELECT MAX(number) FROM task") ?? 0
            guard stored + sweep.tasks.count <= Limits.tasksStoredMax else {
                throw StoreError.tooManyTasks(found: sweep.tasks.count, stored: stored)
            }
            let namesake = try Int.fetchOne(
                database, sql: "SELECT 1 FROM sweep WHERE id = ?", arguments: [sweep.name])
            guard namesake == nil else { throw StoreError.nameIsID(sweep.name) }
            let id = SweepID.random(digits: 10, randomBits)
            try database.execute(
                sql: """
                    INSERT INTO sweep (id, name, specification, createdAt, checkpointEveryEpochs,
                        halving, sharesResults)
                    VALUES (?, ?, ?, ?, ?, ?, ?)
                    """,
                arguments: [
                    id.rawValue, sweep.name, sweep.specification, now.milliseconds,
                    sweep.checkpointEveryEpochs, halving, sweep.sharesResults,
                ])
            try Self.insert(sweep, id, database)
            try Self.planRechecks(
                of: sweep.tasks, in: id, share: sweep.recheckShare, database)
            let cached = sweep.sharesResults ? try Self.takeResults(for: id, database) : 0
            return SweepCreated(
                id: id, name: sweep.name, taskCount: sweep.tasks.count, cachedCount: cached,
                warnings: sweep.warnings)
        }
    }

    private static func insert(_ sweep: NewSweep, _ id: SweepID, _ database: Database) throws {
        let insertTask = try database.cachedStatement(
            sql: """
                INSERT INTO task (sweep, position, id, dataDigest, gate, epochs, stopsEarly,
                    attemptMax)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?)
                """)
        let insertConfiguration = try database.cachedStatement(
            sql: "INSERT INTO configuration (task, json) VALUES (?, ?)")
        var gates: [[String]: Int64] = [:]
        for task in sweep.tasks {
            let gate = try gates[task.gateCells] ?? insertGate(task.gateCells, database)
            gates[task.gateCells] = gate
            try insertTask.execute(arguments: [
                id.rawValue, task.position, task.id.rawValue, task.dataDigest.hexadecimal, gate,
                task.epochs, task.stopsEarly, sweep.attemptMax,
            ])
            try insertConfiguration.execute(arguments: [
                database.lastInsertedRowID, task.configuration,
            ])
        }
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
                SELECT id FROM sweep WHERE (id = ?1 OR name = ?1) AND recheckOf IS NULL
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
            var cancelled = try Self.cancel(sweep, at: now, database)
            if let rechecks = try Self.endRechecks(of: sweep, database) {
                cancelled.leases += try Self.cancel(rechecks, at: now, database).leases
            }
            return cancelled
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

    private struct Cancelled: Recordable {
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
            var retried: [Int64] = []
            for task in tasks {
                var machine = task.machine
                guard machine.retry() else { continue }
                try task.apply(machine, lease: nil, database)
                retried.append(task.number)
            }
            _ = try Self.takeResults(for: retried, database)
            return retried.count
        }
    }
}
