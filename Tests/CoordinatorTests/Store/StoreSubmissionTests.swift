import GRDB
import Shared
import TestSupport
import Testing

@testable import Coordinator

/// A large sweep is stored in many writes, and seen by nobody before the last.
@Suite(.timeLimit(.minutes(10))) struct StoreSubmissionTests {
    private static let count = 6 * Limits.tasksPerWriteMax + 1
    private static let tasksStored = "SELECT count(*) FROM task"

    private static var sweep: NewSweep {
        NewSweep(
            name: "large", specification: "{}", attemptMax: 1,
            tasks: (0..<count).map {
                NewTask(
                    position: $0, id: SweepTaskID(unchecked: "\($0)"), configuration: "{}",
                    dataDigest: StoreWorld.dataDigest, gateCells: [], epochs: 1)
            })
    }

    /// How much a number grows at most between two calls that each wait for the writer: a call is
    /// in the next write or in that after it.
    private static func watch(_ sql: String, _ store: Store) -> Task<Int, any Error> {
        Task {
            var (largest, last) = (0, 0)
            while last < count {
                let now = try await store.commits.write { try Int.fetchOne($0, sql: sql) ?? 0 }
                (largest, last) = (max(largest, now - last), now)
            }
            return largest
        }
    }

    @Test func `calls come in between, and see nothing of a sweep that is not stored whole`()
        async throws
    {
        let world = try StoreWorld()
        try await world.create(tasks: 2, name: "before")
        let store = world.store
        let (sweep, key) = (Self.sweep, world.key("large"))
        async let created = store.create(sweep, key)
        let growth = Self.watch(Self.tasksStored, store)
        var (stored, seen) = (0, 0)
        while stored < Self.count + 2 {
            let grants = try await world.lease(slots: 3)
            let (now, isStaged) = try await store.commits.write { database in
                (
                    try Int.fetchOne(database, sql: Self.tasksStored) ?? 0,
                    try Bool.fetchOne(
                        database,
                        sql: "SELECT firstStagedTask IS NOT NULL FROM sweep WHERE name = 'large'")
                        ?? false
                )
            }
            stored = now
            guard isStaged else { continue }
            seen += 1
            #expect(grants.allSatisfy { $0.sweepName == "before" })
            if seen == 1 {
                #expect(try await store.statuses().map(\.name) == ["before"])
                await #expect(throws: StoreError.noSuchSweep("large")) {
                    try await store.status(of: "large")
                }
            }
        }
        let answer = try await created
        #expect(answer.taskCount == Self.count)
        #expect(seen > 0)
        #expect(try await growth.value <= 2 * Limits.tasksPerWriteMax)
        #expect(try await store.status(of: "large").taskCount == Self.count)
        #expect(try await world.lease(slots: 500).count == 500)
        let again = try await store.create(sweep, key)
        #expect(again == answer)
        #expect(try await world.number("SELECT count(*) FROM sweep") == 2)
        #expect(try await store.brokenInvariants() == [])
    }

    @Test func `what a killed coordinator had not stored whole is removed at the start`()
        async throws
    {
        let world = try StoreWorld()
        try await world.create(tasks: 2, name: "before")
        try await world.create(tasks: Self.count, name: "large", recheckShare: 0.1)
        try await world.create(tasks: 3, name: "after")
        try await world.execute("UPDATE sweep SET firstStagedTask = 3 WHERE name = 'large'")
        // Those behind it wait.
        #expect(try await world.lease(slots: 9).count == 2)
        try world.reopen()
        #expect(try await world.number(Self.tasksStored) == 5)
        #expect(try await world.number("SELECT count(*) FROM configuration") == 5)
        #expect(try await world.store.statuses().map(\.name) == ["after", "before"])
        #expect(try await world.lease(slots: 9).count == 3)
        #expect(try await world.store.brokenInvariants() == [])
    }

    @Test func `a submission that is cancelled leaves nothing`() async throws {
        let world = try StoreWorld()
        let (store, key) = (world.store, world.key())
        let sweep = Self.sweep
        let task = Task { try await store.create(sweep, key) }
        try await eventually("some are stored") { try await world.number(Self.tasksStored) > 0 }
        task.cancel()
        // Unless it was faster.
        guard (try? await task.value) == nil else { return }
        #expect(try await world.number(Self.tasksStored) == 0)
        #expect(try await world.number("SELECT count(*) FROM sweep") == 0)
        #expect(try await store.create(sweep, key).taskCount == Self.count)
    }

    @Test func `a large sweep is cancelled and retried in writes of bounded size`() async throws {
        let world = try StoreWorld()
        try await world.create(tasks: Self.count, name: "large")
        let store = world.store
        let leases = try await world.lease(slots: 10)
        let cancelling = Self.watch("\(Self.tasksStored) WHERE state = 'cancelled'", store)
        for _ in 0..<2 {
            #expect(try await store.cancel("large", world.key("cancel")) == Self.count)
        }
        #expect(try await cancelling.value <= 2 * Limits.tasksPerWriteMax)
        let retrying = Self.watch("\(Self.tasksStored) WHERE state = 'ready'", store)
        for _ in 0..<2 {
            #expect(try await store.retry("large", world.key("retry")) == Self.count)
        }
        #expect(try await retrying.value <= 2 * Limits.tasksPerWriteMax)
        #expect(leases.allSatisfy { store.liveLeases.entry($0.lease) == nil })
        #expect(try await store.brokenInvariants() == [])
    }
}
