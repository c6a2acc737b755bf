import Foundation
import GRDB
import Shared
import TestSupport
import Testing

@testable import Coordinator

/// What a task goes on from, and who may say so.
@Suite struct StoreCheckpointTests {
    private static func checkpoint(_ epochs: Int, _ file: String) -> StoredCheckpoint {
        StoredCheckpoint(
            reference: CheckpointReference(
                epochsCompleted: epochs, digest: Digest(of: Data(file.utf8)), bytes: 10),
            file: file)
    }

    @Test func `the next lease names the last checkpoint, also after a restart`() async throws {
        let world = try StoreWorld()
        try await world.create(epochs: 9)
        let lease = try await world.leaseOne()
        #expect(try await world.store.keep(Self.checkpoint(3, "a"), of: lease) == [])
        #expect(try await world.store.keep(Self.checkpoint(6, "b"), of: lease) == ["a"])
        try await world.lose(lease)
        try world.reopen()
        let grant = try #require(try await world.lease().first)
        #expect(grant.checkpoint == Self.checkpoint(6, "b").reference)
        #expect(try await world.store.checkpoint(of: grant.lease)?.file == "b")
        // What was trained before is not progress made now.
        let entry = world.store.liveLeases.entry(grant.lease)
        #expect(entry?.epochsCompleted == 6)
        #expect(try await world.store.brokenInvariants() == [])
    }

    @Test func `one that was held up does not take the place of a newer one`() async throws {
        let world = try StoreWorld()
        try await world.create(epochs: 9)
        let lease = try await world.leaseOne()
        _ = try await world.store.keep(Self.checkpoint(6, "b"), of: lease)
        #expect(try await world.store.keep(Self.checkpoint(3, "a"), of: lease) == ["a"])
        #expect(try await world.store.keep(Self.checkpoint(6, "c"), of: lease) == ["c"])
        #expect(try await world.store.checkpointFiles() == ["b"])
    }

    /// It may have had to begin anew, because the one before was damaged.
    @Test func `a later attempt's stands, however far it is`() async throws {
        let world = try StoreWorld()
        try await world.create(epochs: 9)
        let first = try await world.leaseOne()
        _ = try await world.store.keep(Self.checkpoint(6, "b"), of: first)
        try await world.lose(first)
        let second = try await world.leaseOne()
        #expect(try await world.store.keep(Self.checkpoint(3, "c"), of: second) == ["b"])
        #expect(try await world.store.checkpointFiles() == ["c"])
        await #expect(throws: StoreError.self) {
            try await world.store.keep(Self.checkpoint(8, "d"), of: first)
        }
        await #expect(throws: StoreError.self) { try await world.store.checkHolder(of: first) }
        await #expect(throws: StoreError.noSuchEpoch(10, epochs: 9)) {
            try await world.store.keep(Self.checkpoint(10, "e"), of: second)
        }
    }

    @Test func `a checkpoint puts the expiry off, and revives what nobody else took`()
        async throws
    {
        let world = try StoreWorld()
        try await world.create(epochs: 9)
        let lease = try await world.leaseOne()
        world.clock.advance(by: .seconds(29))
        _ = try await world.store.keep(Self.checkpoint(1, "a"), of: lease)
        world.clock.advance(by: .seconds(29))
        #expect(world.store.liveLeases.expired(now: world.clock.instant) == [])
        try await world.lose(lease)
        #expect(try await world.task().state == .ready)
        _ = try await world.store.keep(Self.checkpoint(2, "b"), of: lease)
        #expect(try await world.task().state == .leased)
        #expect(world.store.liveLeases.entry(lease) != nil)
        #expect(try await world.store.brokenInvariants() == [])
    }

    @Test(arguments: ["succeeded", "cancelled", "failed"])
    func `it goes with its task, and stays where the task may be tried again`(end: String)
        async throws
    {
        let world = try StoreWorld()
        try await world.create(epochs: 2)
        let lease = try await world.leaseOne()
        _ = try await world.store.keep(Self.checkpoint(1, "a"), of: lease)
        switch end {
        case "succeeded": try await world.succeed(lease)
        case "cancelled": _ = try await world.store.cancel("study", world.key())
        default: _ = try await world.fail(lease, permanent: true)
        }
        #expect(try await world.task().state.rawValue == end)
        #expect(try await world.store.checkpointFiles() == (end == "failed" ? ["a"] : []))
        #expect(try await world.store.brokenInvariants() == [])
    }

    /// Its worker reports that what came of the checkpoint was refused.
    @Test func `a checkpoint that leads nowhere goes with its attempt, and the next begins anew`()
        async throws
    {
        let world = try StoreWorld()
        try await world.create(epochs: 9)
        let first = try await world.leaseOne()
        _ = try await world.store.keep(Self.checkpoint(6, "a"), of: first)
        try await world.lose(first)
        let second = try await world.leaseOne()
        let failure = FailRequest(error: "e", isPermanent: false, discardsCheckpoint: true)
        #expect(try await world.store.fail(second, failure, world.key()) == .ready)
        #expect(try await world.store.checkpointFiles() == [])
        #expect(try await world.lease().first?.checkpoint == nil)
        #expect(try await world.store.brokenInvariants() == [])
    }

    @Test func `the sweep's wish travels with each lease`() async throws {
        let world = try StoreWorld()
        let task = NewTask(
            position: 0, id: SweepTaskID(unchecked: "t"), configuration: "{}",
            dataDigest: StoreWorld.dataDigest, gateCells: [], epochs: 2)
        let sweep = NewSweep(
            name: "study", specification: "{}", attemptMax: 1, checkpointEveryEpochs: 7,
            tasks: [task])
        _ = try await world.store.create(sweep, world.key())
        #expect(try await world.lease().first?.checkpointEveryEpochs == 7)
    }

    @Test func `a late result is taken while nobody else got the task, also after a restart`()
        async throws
    {
        let world = try StoreWorld()
        try await world.create()
        let lease = try await world.leaseOne()
        try await world.lose(lease)
        try world.reopen()
        try await world.succeed(lease)
        #expect(try await world.task().state == .succeeded)
        #expect(try await world.task().attempt == 1)
    }

    @Test func `a file of the first version is brought up to date`() async throws {
        let directory = try TemporaryDirectory()
        let path = directory.path + "/coordinator.sqlite"
        do {
            let pool = try DatabasePool(path: path)
            let first = try #require(Schema.migrator.migrations.first)
            try Schema.migrator.migrate(pool, upTo: first)
            try await pool.write { database in
                try database.execute(
                    sql: "INSERT INTO sweep VALUES (1, 'one', 'old', '{}', 1, NULL, 0)")
            }
            try pool.close()
        }
        try CommitMark.write(ofDatabase: path, store: String(repeating: "0", count: 32), number: 0)
        let clock = TestClock()
        let store = try Store(
            path: path, leaseDuration: .seconds(30),
            environment: .init(
                now: { clock.now }, instant: { clock.instant }, randomBits: { 1 }))
        #expect(try await store.findSweep("old").rawValue == "one")
        #expect(try await store.checkpointFiles() == [])
    }
}
