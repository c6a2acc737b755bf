import Foundation
import GRDB
import HummingbirdTesting
import Shared
import TestSupport
import Testing

@testable import Coordinator

/// What the disk turned over is found by `check`, and no report has it.
@Suite(.timeLimit(.minutes(10))) struct DamagedResultsTests {
    /// The sweep `study`: two tasks finished, one under way, one that waits; the sweep `twin` has
    /// the same tasks and takes their results.
    private static func world() async throws -> ServerWorld {
        let world = try await ServerWorld()
        try await world.test { client in
            _ = try await client.post("/v1/sweeps", ServerWorld.sweep(seeds: [1, 2]))
            let leases = try await client.lease(slots: 3)
            for lease in leases.prefix(2) { try await ReportsTests.finish(lease, client) }
            let half = MetricsRequest(
                firstSequence: 0, rows: Array(ReportsTests.rows(of: leases[2]).prefix(2)),
                epochsCompleted: 1)
            _ = try await client.tell(leases[2], "metrics", half)
            _ = try await client.post(
                "/v1/sweeps", ServerWorld.sweep(name: "twin", seeds: [1, 2]))
        }
        #expect(try await world.server.store.damagedContents() == [])
        return world
    }

    private static func execute(
        _ sql: String, _ world: ServerWorld, _ arguments: StatementArguments = []
    ) async throws {
        try await world.server.store.pool.writeWithoutTransaction { database in
            try database.execute(
                sql: "PRAGMA ignore_check_constraints = ON; PRAGMA foreign_keys = OFF")
            try database.execute(sql: sql, arguments: arguments)
        }
    }

    /// The rows that the task at that position has stored.
    private static func rows(ofTask position: Int, _ world: ServerWorld) async throws -> Data {
        try await world.server.store.pool.read { database in
            try Data.fetchOne(
                database,
                sql: """
                    SELECT rows FROM metric JOIN task ON task.number = metric.task
                    JOIN sweep ON sweep.id = task.sweep WHERE name = 'study' AND position = ?
                    """, arguments: [position]) ?? Data()
        }
    }

    private static func store(
        _ rows: Data, ofTask position: Int, _ world: ServerWorld
    ) async throws {
        try await execute(
            """
            UPDATE metric SET rows = ? WHERE task = (SELECT task.number FROM task
                JOIN sweep ON sweep.id = task.sweep WHERE name = 'study' AND position = ?)
            """, world, [rows, position])
    }

    private static func flipped(_ rows: Data, byte: Int) -> Data {
        var rows = rows
        rows[byte] ^= 1 << UInt8(byte % 8)
        return rows
    }

    @Test func `a flipped bit of any stored byte of a row is found`() async throws {
        let world = try await Self.world()
        let rows = try await Self.rows(ofTask: 0, world)
        #expect(rows.count > 200)
        let sweep = try await world.server.store.findSweep("study")
        for byte in rows.indices {
            try await Self.store(Self.flipped(rows, byte: byte), ofTask: 0, world)
            let damaged = try await world.server.store.pool.read {
                try Store.damagedResults(of: sweep, $0)
            }
            #expect(Array(damaged.keys) == [0], "byte \(byte)")
            #expect(damaged[0]?.hasSuffix(": a row was damaged") == true)
        }
    }

    @Test func `a damaged row is told of its task, and of those that have its result`()
        async throws
    {
        let world = try await Self.world()
        let rows = try await Self.rows(ofTask: 1, world)
        try await Self.store(Self.flipped(rows, byte: rows.count - 1), ofTask: 1, world)
        let found = try await world.server.store.damagedContents()
        #expect(found.count == 2)
        for (sentence, sweep) in zip(found, ["study", "twin"]) {
            #expect(sentence.hasPrefix("task "))
            #expect(
                sentence.contains(
                    " of sweep \(sweep) (position 1): the stored metric rows hash to "))
            #expect(sentence.hasSuffix(": a row was damaged"))
        }
    }

    struct Damage: CustomTestStringConvertible {
        let sql: String
        let sentence: String
        var testDescription: String { sentence }
    }

    @Test(arguments: [
        Damage(
            sql: "UPDATE task SET trajectory = replace(trajectory, substr(trajectory, 1, 1), 'g')",
            sentence: "the stored metric rows hash to "),
        Damage(
            sql: "UPDATE task SET epochsCompleted = 1 WHERE trajectory IS NOT NULL",
            sentence: "the last stored metric row is of epoch 2, the stored number of completed "
                + "epochs is 1"),
        Damage(
            sql: "UPDATE metric SET lastEpoch = 7", sentence: "and recorded as 4, up to epoch 7"),
        Damage(sql: "UPDATE metric SET count = 9", sentence: "and recorded as 9, up to epoch 2"),
        Damage(
            sql: "UPDATE task SET divergedEpoch = 1 WHERE trajectory IS NOT NULL",
            sentence: "its first diverged epoch is none, the stored one is 1"),
        Damage(
            sql: "UPDATE task SET state = 'diverged' WHERE state = 'succeeded'",
            sentence: "its stored state contradicts its stored metric rows"),
        Damage(
            sql: "UPDATE metric SET rows = x'ffffffff'",
            sentence: "(position 2): its stored metric rows from number 0 on do not parse"),
        Damage(
            sql: """
                INSERT INTO metric (task, attempt, first, count, lastEpoch, rows)
                SELECT task, 9, 0, 1, 1, x'02' FROM metric LIMIT 1
                """,
            sentence: "stored metric rows of its attempt 9 do not parse"),
        Damage(
            sql: "UPDATE configuration SET json = replace(json, '\"epochs\":2', '\"epochs\":3')",
            sentence: "do not hash to its id"),
        Damage(
            sql: "UPDATE configuration SET json = replace(json, '\"epochs\":2', '\"epochs\":3')",
            sentence: "its stored configuration is not the one that"),
        Damage(
            sql: "UPDATE task SET dataDigest = '" + String(repeating: "0", count: 64) + "'",
            sentence: "do not hash to its id"),
        Damage(
            sql: "UPDATE sweep SET specification = replace(specification, '[1,2]', '[1,3]')",
            sentence: "its stored configuration is not the one that"),
        Damage(
            sql: "UPDATE sweep SET specification = substr(specification, 2)",
            sentence: "its stored specification is damaged: "),
        Damage(
            sql: "UPDATE gate SET cells = replace(cells, 'plus_mod', 'plus_mad')",
            sentence: "the stored description of its gate was damaged"),
    ])
    func `what check computes anew is found damaged`(damage: Damage) async throws {
        let world = try await Self.world()
        try await Self.execute(damage.sql, world)
        let found = try await world.server.store.damagedContents()
        #expect(found.contains { $0.contains(damage.sentence) }, "\(found)")
    }

    /// Of a store that other pages of are damaged, too: each is named.
    @Test func `one damage hides no other`() async throws {
        let world = try await Self.world()
        try await Self.execute("UPDATE metric SET count = 9", world)
        try await Self.execute(
            "UPDATE sweep SET specification = '{}' WHERE name = 'study'", world)
        try await Self.execute("UPDATE configuration SET json = '{}'", world)
        let found = try await world.server.store.damagedContents()
        for sentence in ["and recorded as 9", "specification is damaged", "do not hash to its id"] {
            #expect(found.contains { $0.contains(sentence) }, "\(found)")
        }
        #expect(found.contains { $0.contains("sweep twin") }, "\(found)")
    }

    /// SQLite checks types and NOT NULL on writing only: a bit of a record's header makes NULL of a
    /// number. Reading it is an error, and never the end of the process.
    @Test func `NULL or another type in any column ends no reader`() async throws {
        let world = try await Self.world()
        try await world.server.store.foldLog()
        let database = world.server.directory.databasePath
        let columns = try await world.server.store.pool.read { database in
            try Row.fetchAll(
                database,
                sql: """
                    SELECT t.name, c.name FROM sqlite_schema AS t, pragma_table_info(t.name) AS c
                    WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite%' AND t.name NOT LIKE 'grdb%'
                    """
            ).map { (table: $0[0] as String, column: $0[1] as String) }
        }
        #expect(columns.count > 60)
        let copy = try TemporaryDirectory()
        var (written, reported) = (0, 0)
        for (number, (table, column)) in columns.enumerated() {
            for value in ["NULL", "x'ff'"] {
                let path = "\(copy.path)/\(number)\(value.count).sqlite"
                for end in ["", "-mark"] {
                    try FileManager.default.copyItem(atPath: database + end, toPath: path + end)
                }
                guard try Self.put(value, into: column, of: table, path) else { continue }
                written += 1
                guard
                    let store = try? Store(
                        path: path, leaseDuration: .seconds(30), environment: .system)
                else { continue }
                _ = try? await store.brokenInvariants()
                _ = try? await store.damagedContents()
                _ = try? await store.statuses()
                for sweep in ["study", "twin"] {
                    let count = try? await store.withSnapshot(of: sweep) { snapshot in
                        var (snapshot, count) = (snapshot, 0)
                        try snapshot.checkResults(skipsDamaged: true)
                        try snapshot.forEachTask(withConfiguration: true) { _ in count += 1 }
                        return count
                    }
                    reported += count ?? 0
                }
                try store.pool.close()
            }
        }
        #expect(written > 100 && reported > written, "\(written), \(reported)")
    }

    /// Without the constraints, which keep it out.
    /// - Returns: false for a key, which the table needs.
    private static func put(
        _ value: String, into column: String, of table: String, _ path: String
    ) throws -> Bool {
        let queue = try DatabaseQueue(path: path)
        defer { try? queue.close() }
        try queue.writeWithoutTransaction { database in
            try database.execute(sql: "PRAGMA writable_schema = ON")
            let tables = try Row.fetchAll(
                database, sql: "SELECT name, sql FROM sqlite_schema WHERE type = 'table'")
            for table in tables {
                let sql = (table["sql"] as String).replacing("IS NOT NULL", with: "NOTNULL")
                    .replacing("NOT NULL", with: "")
                    .replacing(/\bSTRICT,?/, with: "").replacing(/CHECK\s*\(/, with: "CHECK (1 OR ")
                try database.execute(
                    sql: "UPDATE sqlite_schema SET sql = ? WHERE name = ?",
                    arguments: [sql, table["name"] as String])
            }
            try database.execute(sql: "PRAGMA writable_schema = RESET")
        }
        return try queue.writeWithoutTransaction { database in
            try database.execute(sql: "PRAGMA foreign_keys = OFF")
            do {
                try database.execute(sql: "UPDATE \(table) SET \"\(column)\" = \(value)")
                return true
            } catch {
                return false
            }
        }
    }

    @Test func `a value at a rung is held against the rows`() async throws {
        let world = try await ServerWorld()
        try await world.test { client in
            let halving =
                #","halving":{"metric":"loss_trained_paths","mode":"min","rungs":[1],"keep":0.9}"#
            let answer = try await client.post(
                "/v1/sweeps", ServerWorld.sweep(seeds: [1], more: halving))
            #expect(answer.status == 201, "\(answer.body)")
            let lease = try #require(try await client.lease().first)
            try await ReportsTests.finish(lease, client)
        }
        #expect(try await world.server.store.damagedContents() == [])
        try await Self.execute("UPDATE rung SET value = value + 1", world)
        let found = try await world.server.store.damagedContents()
        #expect(found.count == 1 && found[0].contains("its stored value at rung 1 is "), "\(found)")
    }

    // MARK: - Reports

    private static let files = [
        "report.csv", "report.csv?runtime=1", "history.csv", "manifest.json",
    ]

    @Test(arguments: ["study", "twin"])
    func `a report with a damaged row is refused, and names the task`(sweep: String) async throws {
        let world = try await Self.world()
        try await world.test { client in
            var wanted: [String] = []
            for file in Self.files {
                wanted.append(try await client.get("/v1/sweeps/\(sweep)/\(file)").body)
            }
            let rows = try await Self.rows(ofTask: 1, world)
            try await Self.store(Self.flipped(rows, byte: rows.count - 2), ofTask: 1, world)
            for file in Self.files {
                let answer = try await client.get("/v1/sweeps/\(sweep)/\(file)")
                #expect(answer.status == 422 && answer.code == .damagedResults)
                #expect(!RetryPolicy.isWorthRetrying(status: answer.status))
                let details = answer.message?.error.details ?? []
                #expect(details.count == 1)
                #expect(details.first?.contains(" of sweep \(sweep) (position 1): ") == true)
            }
            let path = "/v1/sweeps/\(sweep)/report.csv?skip_damaged=1"
            let report = try await client.get(path)
            #expect(report.status == 200)
            let found = report.body.components(separatedBy: "\r\n")
            let before = wanted[0].components(separatedBy: "\r\n")
            #expect(found.count == before.count)
            for (index, line) in found.enumerated() where index != 2 {
                #expect(line == before[index])
            }
            #expect(found[2] != before[2] && found[2].contains("a row was damaged"))
            let row = Table(report.body).rows[1]
            #expect(row["trajectory_sha256"] == "" && row["loss_trained_paths"] == "")
            #expect(row["complete"] == "false")
            let history = try await client.get(
                "/v1/sweeps/\(sweep)/history.csv?skip_damaged=1"
            ).body
            let task = try #require(row["task"])
            #expect(wanted[2].contains(task) && !history.contains(task))
            let manifest = try JSONValue(
                parsing: Data(
                    try await client.get("/v1/sweeps/\(sweep)/manifest.json?skip_damaged=1").body
                        .utf8))
            guard case .array(let tasks)? = manifest["tasks"] else { throw StoreWorld.Nothing() }
            #expect(manifest["complete"] == .bool(false))
            #expect(tasks[1]["trajectory_sha256"] == nil && tasks[1]["error"] != nil)
        }
    }

    @Test func `a manifest without a damaged result is not complete`() async throws {
        let world = try await ServerWorld()
        try await world.test { client in
            _ = try await client.post("/v1/sweeps", ServerWorld.sweep(seeds: [1]))
            for lease in try await client.lease(slots: 2) {
                try await ReportsTests.finish(lease, client)
            }
            let path = "/v1/sweeps/study/manifest.json?skip_damaged=1"
            #expect(try await client.get(path).body.contains("\"complete\":true"))
            try await Self.store(Data([1, 2, 3]), ofTask: 0, world)
            #expect(try await client.get(path).body.contains("\"complete\":false"))
        }
    }

    @Test func `of many damaged tasks the first are named`() async throws {
        let world = try await ServerWorld()
        try await world.test { client in
            let seeds = Array(1...8)
            _ = try await client.post("/v1/sweeps", ServerWorld.sweep(seeds: seeds))
            for lease in try await client.lease(slots: 16) {
                try await ReportsTests.finish(lease, client)
            }
            try await Self.execute("UPDATE metric SET rows = x'01'", world)
            let details =
                try await client.get("/v1/sweeps/study/report.csv").message?.error.details ?? []
            #expect(details.count == Limits.damagedTasksNamedMax + 1)
            #expect(details.last?.hasPrefix("6 more; ") == true)
        }
    }
}
