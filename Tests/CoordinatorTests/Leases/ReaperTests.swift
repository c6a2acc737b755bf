import Dispatch
import Logging
import Shared
import TestSupport
import Testing

@testable import Coordinator

@Suite struct ReaperTests {
    private func reaper(_ world: StoreWorld) -> Reaper {
        Reaper(
            store: world.store, ready: ReadySignal(),
            logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }))
    }

    @Test func `a dead worker's task is ready again once the lease is over`() async throws {
        let world = try StoreWorld()
        try await world.create()
        _ = try await world.leaseOne()
        let reaper = reaper(world)
        world.clock.advance(by: .milliseconds(29_999))
        await reaper.sweepOnce()
        #expect(try await world.task().state == .leased)
        #expect(reaper.ready.generation == 0)
        world.clock.advance(by: .milliseconds(1))
        await reaper.sweepOnce()
        #expect(try await world.task().state == .ready)
        #expect(reaper.ready.generation == 1)
    }

    @Test func `a thousand dead workers are noticed at one look`() async throws {
        let world = try StoreWorld()
        try await world.create(tasks: 1_000)
        #expect(try await world.lease(slots: 1_000).count == 1_000)
        world.clock.advance(by: .seconds(30))
        await reaper(world).sweepOnce()
        #expect(try await world.tasks().allSatisfy { $0.state == .ready && $0.charged == 1 })
        #expect(try await world.store.brokenInvariants() == [])
    }

    @Test func `dead workers on their last attempt and others are told apart`() async throws {
        let world = try StoreWorld()
        try await world.create(tasks: 2)
        let reaper = reaper(world)
        for _ in 0..<2 {
            _ = try await world.leaseOne()
            world.clock.advance(by: .seconds(30))
            await reaper.sweepOnce()
        }
        let leases = try await world.lease(slots: 2)
        let other = try #require(leases.first { $0.attempt == 1 })
        world.clock.advance(by: .seconds(30))
        await reaper.sweepOnce()
        let tasks = try await world.tasks()
        #expect(tasks.map(\.state) == [.failed, .ready] && tasks.map(\.charged) == [3, 1])
        // The one that is left may still be spoken for; the one that failed may not.
        try await world.store.append(
            PackedMetrics(MetricsRequest(firstSequence: 0, rows: [], epochsCompleted: 0)),
            to: other.lease)
        #expect(try await world.tasks().map(\.state) == [.failed, .leased])
        #expect(try await world.store.brokenInvariants() == [])
    }

    @Test func `a jump of the wall clock expires nothing`() async throws {
        let world = try StoreWorld()
        try await world.create()
        _ = try await world.leaseOne()
        for hours in [2, -4, 87_600] {
            world.clock.jumpWall(milliseconds: Int64(hours) * 3_600_000)
            await reaper(world).sweepOnce()
            #expect(try await world.task().state == .leased)
        }
    }

    @Test func `a stop of the process, seen as a gap between two looks, expires nothing`()
        async throws
    {
        let world = try StoreWorld()
        try await world.create()
        _ = try await world.leaseOne()
        let reaper = reaper(world)
        var runningTime = RunningTime()
        func look(after seconds: Int) async {
            runningTime.sleeps(now: world.clock.instant)
            world.clock.advance(by: .seconds(seconds))
            await reaper.look(&runningTime)
        }
        await reaper.look(&runningTime)
        for stop in [31, 86_400, 29, 3_600, 60] {
            await look(after: 1)
            await look(after: stop)
            #expect(try await world.task().state == .leased, "stopped for \(stop) s")
        }
        // The worker is dead, and the process runs.
        for _ in 0..<60 { await look(after: 1) }
        #expect(try await world.task().state == .ready)
    }

    @Test func `what was said while a commit took long keeps its lease`() async throws {
        let world = try StoreWorld()
        try await world.create()
        let lease = try await world.leaseOne()
        let store = world.store
        let rows = StoreWorld.rows(epochs: 1)
        // The writer is held up before the call's write, and the clock goes on.
        let (gate, clock) = (DispatchSemaphore(value: 0), world.clock)
        async let slow: Void = store.commits.write { _ in
            gate.wait()
            clock.advance(by: .seconds(40))
        }
        clock.advance(by: .seconds(10))
        let before = store.liveLeases.entry(lease)?.expiresAt
        async let said: Void = store.append(
            PackedMetrics(MetricsRequest(firstSequence: 0, rows: rows, epochsCompleted: 1)),
            to: lease)
        try await eventually("the call has begun") {
            store.liveLeases.entry(lease)?.expiresAt != before
        }
        gate.signal()
        try await slow
        try await said
        clock.advance(by: .seconds(29))
        #expect(store.liveLeases.expired(now: clock.instant) == [])
        #expect(try await world.task().attempt == 1)
    }

    @Test func `it looks at least four times a lease`() throws {
        let short = try StoreWorld(leaseDuration: .milliseconds(500))
        #expect(reaper(short).period == .milliseconds(125))
        #expect(reaper(try StoreWorld(leaseDuration: .seconds(3_600))).period == .seconds(1))
    }
}
