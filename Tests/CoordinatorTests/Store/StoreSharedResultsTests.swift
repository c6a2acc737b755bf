import Foundation
import GRDB
import Shared
import Testing

@testable import Coordinator

/// Results by content: what one sweep has trained no other trains again.
@Suite struct StoreSharedResultsTests {
    /// Tasks of the same contents, whatever the sweep is called.
    private func create(
        _ name: String, _ world: StoreWorld, tasks: Range<Int> = 0..<3, sharing: Bool = true
    ) async throws -> SweepCreated {
        let tasks = tasks.enumerated().map { position, content in
            NewTask(
                position: position, id: SweepTaskID(unchecked: "content-\(content)"),
                configuration: "{}", dataDigest: StoreWorld.dataDigest, gateCells: [], epochs: 2)
        }
        let sweep = NewSweep(
            name: name, specification: "{}", attemptMax: 3, sharesResults: sharing, tasks: tasks)
        return try await world.store.create(sweep, world.key())
    }

    private func states(_ sweep: String, _ world: StoreWorld) async throws -> [TaskState] {
        try await world.store.withSnapshot(of: sweep) { snapshot in
            var states: [TaskState] = []
            try snapshot.forEachTask { states.append($0.state) }
            return states
        }
    }

    private func history(_ sweep: String, _ world: StoreWorld) async throws -> [String] {
        try await world.store.withSnapshot(of: sweep) { snapshot in
            var lines: [String] = []
            try snapshot.forEachMetricRow { lines.append("\($0) \($1.row)") }
            return lines
        }
    }

    @Test func `a new sweep begins with the results that there are, rows and all`() async throws {
        let world = try StoreWorld()
        #expect(try await create("first", world).cachedCount == 0)
        for _ in 0..<2 { try await world.succeed(world.leaseOne()) }
        let created = try await create("second", world, tasks: 1..<4)
        #expect(created.cachedCount == 1 && created.taskCount == 3)
        #expect(try await states("second", world) == [.cached, .ready, .ready])
        let rows = try await history("second", world)
        #expect(rows.count == 2)
        #expect(try await history("first", world).suffix(2) == rows[...])
        let task = try await world.store.withSnapshot(of: "second") { snapshot in
            var first: ReportTask?
            try snapshot.forEachTask { task in if task.position == 0 { first = task } }
            return first
        }
        #expect(task?.trajectory == StoreWorld.trajectory(StoreWorld.rows(epochs: 2)).hexadecimal)
        #expect(task?.metrics.count == 1 && task?.epochsCompleted == 2)
        #expect(task?.host == "host-of-worker-1")
        #expect(try await world.store.brokenInvariants() == [])
    }

    @Test func `what waits takes a result as soon as it is there, what is under way goes on`()
        async throws
    {
        let world = try StoreWorld()
        _ = try await create("first", world)
        _ = try await create("second", world)
        let lease = try await world.leaseOne()
        try await world.succeed(lease)
        #expect(try await states("first", world) == [.succeeded, .ready, .ready])
        #expect(try await states("second", world) == [.cached, .ready, .ready])
        // The second task of both: two attempts at once, and neither disturbs the other.
        let leases = try await world.lease(slots: 4).map(\.lease)
        #expect(leases.count == 4)
        for lease in leases { try await world.succeed(lease) }
        #expect(try await states("first", world) == [.succeeded, .succeeded, .succeeded])
        #expect(try await states("second", world) == [.cached, .succeeded, .succeeded])
        #expect(try await world.store.brokenInvariants() == [])
    }

    @Test func `a task that was given up for lost takes a result, and the late one is told so`()
        async throws
    {
        let world = try StoreWorld()
        _ = try await create("first", world, tasks: 0..<1)
        let late = try await world.leaseOne("worker-1")
        _ = try await create("second", world, tasks: 0..<1)
        let other = try await world.leaseOne("worker-2")
        try await world.lose(late)
        try await world.append([], epochs: 0, to: other)
        try await world.succeed(other)
        #expect(try await states("first", world) == [.cached])
        await #expect(throws: StoreError.leaseLost(reason: "the task is cached")) {
            try await world.succeed(late)
        }
        #expect(try await world.store.brokenInvariants() == [])
    }

    @Test(arguments: ["handed back", "failed", "lost", "cancelled and retried"])
    func `what becomes ready again takes the result that came meanwhile`(end: String) async throws {
        let world = try StoreWorld()
        _ = try await create("first", world, tasks: 0..<1)
        let first = try await world.leaseOne("worker-1")
        _ = try await create("second", world, tasks: 0..<1)
        try await world.succeed(world.leaseOne("worker-2"))
        switch end {
        case "handed back":
            let state = try await world.store.handBack(
                first, HandBackRequest(reason: "drain"), world.key())
            #expect(state == .cached)
        case "failed": #expect(try await world.fail(first) == .cached)
        case "lost": try await world.lose(first)
        default:
            _ = try await world.store.cancel("first", world.key())
            #expect(try await world.store.retry("first", world.key()) == 1)
        }
        #expect(try await states("first", world) == [.cached])
        #expect(try await world.lease("worker-3").isEmpty)
        #expect(try await world.store.brokenInvariants() == [])
    }

    @Test func `what does not share does not take a result when it becomes ready again`()
        async throws
    {
        let world = try StoreWorld()
        _ = try await create("alone", world, tasks: 0..<1, sharing: false)
        let alone = try await world.leaseOne("worker-1")
        _ = try await create("second", world, tasks: 0..<1)
        try await world.succeed(world.leaseOne("worker-2"))
        #expect(try await world.fail(alone) == .ready)
        #expect(try await states("alone", world) == [.ready])
    }

    @Test func `a sweep that does not share neither takes nor gives`() async throws {
        let world = try StoreWorld()
        _ = try await create("alone", world, sharing: false)
        for _ in 0..<3 { try await world.succeed(world.leaseOne()) }
        #expect(try await create("second", world).cachedCount == 0)
        for _ in 0..<3 { try await world.succeed(world.leaseOne()) }
        #expect(try await create("alone again", world, sharing: false).cachedCount == 0)
        #expect(try await create("third", world).cachedCount == 3)
    }

    @Test func `cached tasks are final, and a failure is nobody else's`() async throws {
        let world = try StoreWorld()
        _ = try await create("first", world, tasks: 0..<2)
        try await world.succeed(world.leaseOne())
        _ = try await world.fail(world.leaseOne(), permanent: true)
        let created = try await create("second", world, tasks: 0..<2)
        #expect(created.cachedCount == 1)
        #expect(try await world.store.retry("second", world.key()) == 0)
        #expect(try await world.store.cancel("second", world.key()) == 1)
        #expect(try await states("second", world) == [.cached, .cancelled])
        let status = try await world.store.status(of: "second")
        #expect(status.resultCount == 1 && status.isFinished)
    }
}
