import GRDB
import Shared
import TestSupport
import Testing

@testable import Coordinator

@Suite struct StoreTests {
    /// 1 is NORMAL, which GRDB sets by itself and which loses acknowledged rows in a power cut.
    @Test
    func `commits are synced: the level reads back as 2, also after a migration and a reopening`()
        async throws
    {
        let world = try StoreWorld()
        for _ in 0..<2 {
            let pragmas = try await world.store.pool.writeWithoutTransaction { database in
                (
                    try Int.fetchOne(database, sql: "PRAGMA synchronous"),
                    try String.fetchOne(database, sql: "PRAGMA journal_mode"),
                    try Bool.fetchOne(database, sql: "PRAGMA foreign_keys")
                )
            }
            #expect(pragmas == (2, "wal", true))
            try await world.create()
            try world.reopen()
        }
    }

    @Test func `a level that would lose commits, as the library gives it, is refused`() throws {
        let directory = try TemporaryDirectory()
        let pool = try DatabasePool(path: directory.path + "/other.sqlite")
        #expect(throws: StoreError.notDurable(found: "1")) { try Store.requireDurability(pool) }
        try pool.writeWithoutTransaction { try $0.execute(sql: "PRAGMA synchronous = FULL") }
        try Store.requireDurability(pool)
    }

    @Test func `opened again, every lease that was held has its full length`() async throws {
        let world = try StoreWorld()
        try await world.create(tasks: 2)
        let lease = try await world.leaseOne()
        world.clock.advance(by: .seconds(29))
        try world.reopen()
        world.clock.advance(by: .seconds(29))
        #expect(world.store.liveLeases.expired(now: world.clock.instant) == [])
        #expect(world.store.liveLeases.entry(lease)?.worker.rawValue == "worker-1")
        world.clock.advance(by: .seconds(1))
        #expect(world.store.liveLeases.expired(now: world.clock.instant) == [lease])
    }

    @Test func `fifty outages in a row, each shorter than a lease, train nothing twice`()
        async throws
    {
        let world = try StoreWorld()
        try await world.create()
        let lease = try await world.leaseOne()
        for _ in 0..<50 {
            world.clock.advance(by: .seconds(27))
            try world.reopen()
            let expired = world.store.liveLeases.expired(now: world.clock.instant)
            #expect(try await world.store.expire(expired) == [])
            try await world.append([], epochs: 0, to: lease)
        }
        try await world.succeed(lease)
        #expect(try await world.task().attempt == 1)
    }

    @Test func `what was stored is there after reopening`() async throws {
        let world = try StoreWorld()
        try await world.create(tasks: 3)
        try await world.succeed(world.leaseOne())
        _ = try await world.fail(world.leaseOne(), permanent: true)
        let (tasks, attempts) = (try await world.tasks(), try await world.attempts())
        try world.reopen()
        #expect(try await world.tasks() == tasks)
        #expect(try await world.attempts() == attempts)
        #expect(tasks.map(\.state) == [.succeeded, .failed, .ready])
        #expect(attempts == ["succeeded", "failed: diverged"])
    }

    @Test func `a store of too many tasks takes no more`() async throws {
        let world = try StoreWorld()
        try await world.create(tasks: 1)
        try await world.store.pool.writeWithoutTransaction { database in
            try database.execute(
                sql: """
                    PRAGMA foreign_keys = OFF;
                    UPDATE task SET number = \(Limits.tasksStoredMax - 2);
                    PRAGMA foreign_keys = ON
                    """)
        }
        try await world.create(tasks: 1, name: "fits")
        let stored = Limits.tasksStoredMax - 1
        await #expect(throws: StoreError.tooManyTasks(found: 2, stored: stored)) {
            try await world.create(tasks: 2, name: "too many")
        }
        try await world.create(tasks: 1, name: "fits too")
    }
}
