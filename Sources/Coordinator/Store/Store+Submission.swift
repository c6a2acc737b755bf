import FoundationEssentials
import GRDB
import Shared
import Synchronization

/// How a sweep is stored: all of it or nothing, in writes that are so short that the calls of
/// workers come in between.
///
/// A large sweep is staged: its row says which of its tasks was the first, and as long as it does,
/// nobody sees the sweep, and no task from that one on is handed out. The last write makes it
/// visible and records the answer. What a killed coordinator left staged is removed at the next
/// start, and the sender's repeat begins anew.
extension Store {
    /// Stores a sweep and all its tasks, or nothing.
    /// - Throws: `CancellationError` if the task is cancelled; what was staged is then removed.
    func create(_ sweep: NewSweep, _ key: RequestKey) async throws -> SweepCreated {
        let id = SweepID.random(digits: 10, environment.randomBits)
        let row = try SweepRow(sweep, id, at: environment.now())
        let size = Limits.tasksPerWriteMax
        guard sweep.tasks.count > size else {
            return try await once(key) { database in
                try row.insert(isStaged: false, database)
                return row.created(cached: try row.insert(sweep.tasks[...], database))
            }
        }
        if let earlier = try await earlierAnswer(to: key, as: SweepCreated.self) { return earlier }
        staged.begin(id)
        defer { staged.end(id) }
        do {
            var cached = try await commits.write { database in
                try row.insert(isStaged: true, database)
                return try row.insert(sweep.tasks[..<size], database)
            }
            for start in stride(from: size, to: sweep.tasks.count, by: size) {
                try Task.checkCancellation()
                let tasks = sweep.tasks[start..<min(start + size, sweep.tasks.count)]
                cached += try await commits.write { try row.insert(tasks, $0) }
            }
            let created = row.created(cached: cached)
            let answer = try await once(key) { database in
                try database.execute(
                    sql: "UPDATE sweep SET firstStagedTask = NULL WHERE id = ?",
                    arguments: [id.rawValue])
                return created
            }
            // Another call of the same id was faster.
            if answer.id != id { try await removeStaged(id) }
            return answer
        } catch {
            // If that fails, too, `removeAbandoned` does it.
            try? await removeStaged(id)
            throw error
        }
    }

    /// Removes sweeps that were begun and that nobody goes on to store.
    func removeAbandoned() async throws {
        let found = try await pool.read { try Self.stagedSweeps($0) }
        for id in found where !staged.isUnderWay(id) { try await removeStaged(id) }
    }

    private func removeStaged(_ id: SweepID) async throws {
        while try await commits.write({ try Self.removeSomeStaged(id, $0) }) {}
    }

    /// At the start, when none is under way.
    static func removeStaged(_ pool: DatabasePool) throws {
        for id in try pool.read({ try stagedSweeps($0) }) {
            while try pool.write({ try removeSomeStaged(id, $0) }) {}
        }
    }

    private static func stagedSweeps(_ database: Database) throws -> [SweepID] {
        try String.fetchAll(
            database, sql: "SELECT id FROM sweep WHERE firstStagedTask IS NOT NULL"
        ).map(SweepID.init(unchecked:))
    }

    /// - Returns: whether there may be more.
    private static func removeSomeStaged(_ id: SweepID, _ database: Database) throws -> Bool {
        let isStaged = try Bool.fetchOne(
            database, sql: "SELECT firstStagedTask IS NOT NULL FROM sweep WHERE id = ?",
            arguments: [id.rawValue])
        guard isStaged == true else { return false }
        let tasks = try Int64.fetchAll(
            database, sql: "SELECT number FROM task WHERE sweep = ? LIMIT ?",
            arguments: [id.rawValue, Limits.tasksPerWriteMax])
        for (table, column) in [
            ("recheck", "task"), ("configuration", "task"), ("task", "number"),
        ] {
            try database.execute(
                sql: "DELETE FROM \(table) WHERE \(column) IN (SELECT value FROM json_each(?))",
                arguments: [tasks.sqlList])
        }
        if tasks.isEmpty {
            try database.execute(sql: "DELETE FROM sweep WHERE id = ?", arguments: [id.rawValue])
        }
        return !tasks.isEmpty
    }
}

/// The sweeps that this process is storing.
final class StagedSweeps: Sendable {
    private let underWay = Mutex<Set<SweepID>>([])

    func begin(_ id: SweepID) { underWay.withLock { _ = $0.insert(id) } }
    func end(_ id: SweepID) { underWay.withLock { _ = $0.remove(id) } }
    func isUnderWay(_ id: SweepID) -> Bool { underWay.withLock { $0.contains(id) } }
}

/// What all writes of one submission have in common.
private struct SweepRow: Sendable {
    let id: SweepID
    let now: Timestamp
    let name: String
    let specification: String
    let attemptMax: Int
    let recheckShare: Double
    let checkpointEveryEpochs: Int?
    let halving: String?
    let sharesResults: Bool
    let warnings: [String]
    let taskCount: Int

    init(_ sweep: NewSweep, _ id: SweepID, at now: Timestamp) throws {
        self.id = id
        self.now = now
        name = sweep.name
        specification = sweep.specification
        attemptMax = sweep.attemptMax
        recheckShare = sweep.recheckShare
        checkpointEveryEpochs = sweep.checkpointEveryEpochs
        halving = try sweep.halving.map { rule in
            String(decoding: try WireCoding.encode(rule), as: UTF8.self)
        }
        sharesResults = sweep.sharesResults
        warnings = sweep.warnings
        taskCount = sweep.tasks.count
    }

    func created(cached: Int) -> SweepCreated {
        SweepCreated(
            id: id, name: name, taskCount: taskCount, cachedCount: cached, warnings: warnings)
    }

    func insert(isStaged: Bool, _ database: Database) throws {
        // Tasks are numbered from 1, and only staged ones are ever removed.
        let stored = try Int.fetchOne(database, sql: "SELECT MAX(number) FROM task") ?? 0
        guard stored + taskCount <= Limits.tasksStoredMax else {
            throw StoreError.tooManyTasks(found: taskCount, stored: stored)
        }
        let namesake = try Int.fetchOne(
            database, sql: "SELECT 1 FROM sweep WHERE id = ?", arguments: [name])
        guard namesake == nil else { throw StoreError.nameIsID(name) }
        try database.execute(
            sql: """
                INSERT INTO sweep (id, name, specification, createdAt, checkpointEveryEpochs,
                    halving, sharesResults, firstStagedTask)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?)
                """,
            arguments: [
                id.rawValue, name, specification, now.milliseconds, checkpointEveryEpochs, halving,
                sharesResults, isStaged ? stored + 1 : nil,
            ])
    }

    /// - Returns: how many of the tasks have the result of another already.
    func insert(_ tasks: ArraySlice<NewTask>, _ database: Database) throws -> Int {
        let insertTask = try database.cachedStatement(
            sql: """
                INSERT INTO task (sweep, position, id, dataDigest, gate, epochs, stopsEarly,
                    attemptMax)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?)
                """)
        let insertConfiguration = try database.cachedStatement(
            sql: "INSERT INTO configuration (task, json) VALUES (?, ?)")
        var gates: [[String]: Int64] = [:]
        var numbers: [Int64] = []
        for task in tasks {
            let gate = try gates[task.gateCells] ?? Self.insertGate(task.gateCells, database)
            gates[task.gateCells] = gate
            try insertTask.execute(arguments: [
                id.rawValue, task.position, task.id.rawValue, task.dataDigest.hexadecimal, gate,
                task.epochs, task.stopsEarly, attemptMax,
            ])
            numbers.append(database.lastInsertedRowID)
            try insertConfiguration.execute(arguments: [
                database.lastInsertedRowID, task.configuration,
            ])
        }
        try Store.planRechecks(of: tasks, in: id, share: recheckShare, database)
        return sharesResults ? try Store.takeResults(for: numbers, database) : 0
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
}
