import Shared
import TestSupport
import Testing

@testable import Coordinator

@Suite struct StoreLeaseTests {
    /// The store is told of a worker once, not with every lease.
    @Test func `a heartbeat that meets the reaper is answered by what came of it`() async throws {
        let world = try StoreWorld()
        try await world.create(tasks: 1, attempts: 100)
        var lease = try await world.leaseOne()
        for round in 0..<40 {
            world.clock.advance(by: world.leaseDuration)
            let (store, overdue) = (world.store, lease)
            async let expired = store.expire([overdue])
            for _ in 0..<round % 8 { await Task.yield() }
            try await world.append([], epochs: 0, to: lease)
            _ = try await expired
            // Answered well: it holds, in the store and for whoever looks what has expired.
            #expect(try await world.task().state == .leased)
            #expect(world.store.liveLeases.entry(lease) != nil)
            #expect(try await world.store.expire([lease]) == [])
            if round % 10 == 9 {
                try await world.lose(lease)
                lease = try await world.leaseOne()
            }
        }
    }

    @Test func `a worker that moved to another host is stored with that one`() async throws {
        let world = try StoreWorld()
        try await world.create(tasks: 4)
        for host in ["a", "a", "b", "b"] {
            let request = LeaseRequest(
                worker: WorkerName(unchecked: "w"), host: host, slots: 1, waitSeconds: 0,
                selfTest: .right)
            #expect(try await world.store.lease(request, world.key()).count == 1)
            let stored = "SELECT count(*) FROM worker WHERE host = '\(host)'"
            #expect(try await world.number(stored) == 1)
        }
    }

    @Test func `tasks are handed out in the order of submission and position`() async throws {
        let world = try StoreWorld()
        try await world.create(tasks: 2, name: "first")
        try await world.create(tasks: 2, name: "second")
        let grants = try await world.lease(slots: 3)
        #expect(grants.map(\.task.rawValue) == ["first-0", "first-1", "second-0"])
        #expect(grants.allSatisfy { $0.attempt == 1 })
        #expect(try await world.lease("worker-2", slots: 3).map(\.task.rawValue) == ["second-1"])
        #expect(try await world.lease("worker-3").isEmpty)
    }

    @Test func `a failed attempt is tried again, its error kept, until none is left`() async throws
    {
        let world = try StoreWorld()
        try await world.create(attempts: 2)
        #expect(try await world.fail(world.leaseOne(), error: "loss is NaN") == .ready)
        #expect(try await world.task().error == nil)
        #expect(try await world.fail(world.leaseOne(), error: "loss is NaN again") == .failed)
        let task = try await world.task()
        #expect(task.error == "loss is NaN again" && task.attempt == 2 && task.charged == 2)
        #expect(try await world.attempts() == ["failed: loss is NaN", "failed: loss is NaN again"])
        #expect(try await world.lease().isEmpty)
    }

    @Test func `a failure that would repeat ends the task at once`() async throws {
        let world = try StoreWorld()
        try await world.create(attempts: 3)
        #expect(try await world.fail(world.leaseOne(), permanent: true) == .failed)
    }

    @Test func `an endless error text is cut, never inside a character`() async throws {
        let world = try StoreWorld()
        try await world.create(attempts: 1)
        let error = String(repeating: "ö", count: 10_000)
        _ = try await world.fail(world.leaseOne(), error: error)
        let stored = try #require(try await world.task().error)
        #expect(stored.utf8.count <= Limits.errorTextBytesMax)
        #expect(stored.utf8.count > Limits.errorTextBytesMax - 8)
        #expect(stored.hasPrefix("öö") && stored.hasSuffix("ö…"))
    }

    @Test func `what a worker handed back it gets last, and others in its place`() async throws {
        let world = try StoreWorld()
        try await world.create(tasks: 3, name: "s")
        let first = try await world.leaseOne("small")
        _ = try await world.store.handBack(
            first, HandBackRequest(reason: "too large"), world.key())
        let next = try await world.lease("small", slots: 3)
        #expect(next.map(\.task.rawValue) == ["s-1", "s-2", "s-0"])
        let last = try #require(next.last)
        _ = try await world.store.handBack(
            last.lease, HandBackRequest(reason: "too large"), world.key())
        #expect(try await world.lease("large").map(\.task.rawValue) == ["s-0"])
    }

    @Test func `a task that is handed back costs no attempt`() async throws {
        let world = try StoreWorld()
        try await world.create(attempts: 1)
        for number in 1...3 {
            let lease = try await world.leaseOne()
            let state = try await world.store.handBack(
                lease, HandBackRequest(reason: "preempted"), world.key())
            #expect(state == .ready)
            let task = try await world.task()
            #expect(task.attempt == number && task.charged == 0)
        }
        #expect(
            try await world.attempts() == [String](repeating: "handed_back: preempted", count: 3))
    }

    @Test func `a poison task that kills each worker is failed when its attempts are used up`()
        async throws
    {
        let world = try StoreWorld()
        try await world.create(attempts: 3)
        for _ in 0..<3 { try await world.lose(world.leaseOne()) }
        let task = try await world.task()
        #expect(task.state == .failed && task.attempt == 3)
        #expect(
            task.error == "the worker was not heard of for a whole lease (attempt 3, 3 of 3)")
        #expect(try await world.lease().isEmpty)
    }

    @Test func `a heartbeat between the reaper's look and its transaction saves the lease`()
        async throws
    {
        let world = try StoreWorld()
        try await world.create()
        let lease = try await world.leaseOne()
        world.clock.advance(by: .seconds(30))
        let expired = world.store.liveLeases.expired(now: world.clock.instant)
        try await world.append([], epochs: 0, to: lease)
        #expect(try await world.store.expire(expired) == [])
        #expect(try await world.task().state == .leased)
    }

    @Test func `a lease that ended meanwhile is left alone by the reaper`() async throws {
        let world = try StoreWorld()
        try await world.create()
        let lease = try await world.leaseOne()
        try await world.succeed(lease)
        _ = try await world.store.expire([lease])
        #expect(try await world.task().state == .succeeded)
    }

    @Test func `a lost lease holds again while nobody else has the task`() async throws {
        let world = try StoreWorld()
        try await world.create()
        let lease = try await world.leaseOne()
        try await world.lose(lease)
        #expect(try await world.attempts().first?.hasPrefix("lost") == true)
        try await world.append([], epochs: 1, to: lease)
        #expect(try await world.task().state == .leased)
        #expect(try await world.attempts() == ["running"])
        #expect(
            world.store.liveLeases.entry(lease)?.expiresAt == world.clock.instant + .seconds(30))
        #expect(try await world.lease("worker-2").isEmpty)
    }

    @Test func `a lost lease can still complete, fail and be handed back`() async throws {
        for verb in ["complete", "fail", "hand_back"] {
            let world = try StoreWorld()
            try await world.create()
            let lease = try await world.leaseOne()
            try await world.append(StoreWorld.rows(epochs: 2), epochs: 2, to: lease)
            try await world.lose(lease)
            switch verb {
            case "complete":
                try await world.store.complete(lease, StoreWorld.result(epochs: 2))
                #expect(try await world.task().state == .succeeded)
            case "fail":
                #expect(try await world.fail(lease) == .ready)
                #expect(try await world.attempts() == ["failed: diverged"])
            default:
                let request = HandBackRequest(reason: "late")
                #expect(try await world.store.handBack(lease, request, world.key()) == .ready)
                #expect(try await world.task().charged == 0)
            }
            #expect(try await world.store.brokenInvariants() == [])
        }
    }

    @Test func `once somebody else took the task, the first worker is refused`() async throws {
        let world = try StoreWorld()
        try await world.create()
        let first = try await world.leaseOne("worker-1")
        try await world.append(StoreWorld.rows(epochs: 1), epochs: 1, to: first)
        try await world.lose(first)
        let second = try await world.leaseOne("worker-2")
        let refused = StoreError.leaseLost(reason: "attempt 2 has followed attempt 1")
        await #expect(throws: refused) { try await world.append([], epochs: 1, to: first) }
        await #expect(throws: refused) {
            try await world.store.complete(first, StoreWorld.result(epochs: 1))
        }
        await #expect(throws: refused) { try await world.fail(first) }
        try await world.succeed(second)
        #expect(try await world.task().attempt == 2)
    }

    @Test func `a worker that asks is seen, whether it gets a task or not`() async throws {
        let world = try StoreWorld()
        _ = try await world.lease("idle")
        world.clock.advance(by: .seconds(5))
        try await world.create(tasks: 2)
        try await world.succeed(world.leaseOne("busy"))
        _ = try await world.leaseOne("busy")
        let workers = try await world.store.workers()
        #expect(workers.map(\.name.rawValue) == ["idle", "busy"])
        #expect(workers.map(\.secondsSinceSeen) == [5, 0])
        #expect(workers.map(\.succeeded) == [0, 1] && workers.map(\.leased) == [0, 1])
        #expect(workers.map(\.host) == ["host-of-idle", "host-of-busy"])
    }

    @Test func `a restart forgets when a worker was seen, not what it did`() async throws {
        let world = try StoreWorld()
        try await world.create()
        try await world.succeed(world.leaseOne("busy"))
        try world.reopen()
        let worker = try #require(try await world.store.workers().first)
        #expect(worker.secondsSinceSeen == nil && worker.succeeded == 1)
    }
}
