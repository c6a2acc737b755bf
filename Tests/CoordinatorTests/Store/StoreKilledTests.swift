import Shared
import TestSupport
import Testing

@testable import Coordinator

/// Attempts that ended with their worker's process, and what that costs which task.
@Suite(.timeLimit(.minutes(10))) struct StoreKilledTests {
    private let world: StoreWorld

    init() throws { world = try StoreWorld() }

    @discardableResult
    private func report(_ lease: LeaseID, beside: Int, reason: String = "killed") async throws
        -> TaskState
    {
        try await world.store.endKilled(
            lease, KilledRequest(reason: reason, beside: beside), world.key())
    }

    private func kills(of position: Int) async throws -> Int {
        try await world.number("SELECT killsForgiven FROM task WHERE position = \(position)")
    }

    @Test(arguments: [false, true])
    func `neighbours keep their attempts, and are trained alone from then on`(
        isExpired: Bool
    ) async throws {
        try await world.create(tasks: 3, attempts: 1)
        let grants = try await world.lease(slots: 3)
        #expect(grants.allSatisfy { $0.isAlone == nil })
        // Their leases may have expired before the next worker starts: the attempt was the last.
        if isExpired { for grant in grants { try await world.lose(grant.lease) } }
        for grant in grants { #expect(try await report(grant.lease, beside: 2) == .ready) }
        let tasks = try await world.tasks()
        #expect(tasks.allSatisfy { $0.state == .ready && $0.charged == 0 && $0.attempt == 1 })
        let next = try await world.lease("next", slots: 3)
        #expect(next.count == 3 && next.allSatisfy { $0.isAlone == true })
        #expect(
            try await world.attempts().first
                == "lost: the worker ended in mid-attempt: killed; 2 other tasks were under way "
                + "beside it, and the attempt does not count")
        #expect(try await world.store.brokenInvariants() == [])
    }

    @Test func `the guilty one, alone, uses up its attempts, and says why`() async throws {
        try await world.create(tasks: 2, attempts: 2)
        for grant in try await world.lease(slots: 2) { try await report(grant.lease, beside: 1) }
        for round in 1...2 {
            let guilty = try #require(try await world.lease("worker-\(round)").first)
            #expect(guilty.task.rawValue == "study-0" && guilty.isAlone == true)
            let state = try await report(
                guilty.lease, beside: 0, reason: "killed, probably out of memory")
            #expect(state == (round == 2 ? .failed : .ready))
        }
        let tasks = try await world.tasks()
        #expect(
            tasks[0].error
                == "the worker ended in mid-attempt: killed, probably out of memory (attempt 3, 2 "
                + "of 2)")
        try await world.succeed(try await world.leaseOne("last"))
        #expect(try await world.tasks()[1].state == .succeeded)
    }

    @Test func `a report that comes twice counts once`() async throws {
        try await world.create(tasks: 2, attempts: 3)
        let grants = try await world.lease(slots: 2)
        for _ in 0..<3 { for grant in grants { try await report(grant.lease, beside: 1) } }
        #expect(try await kills(of: 0) == 1)
        let alone = try await world.leaseOne()
        for _ in 0..<3 { try await report(alone, beside: 0) }
        #expect(try await world.task().charged == 1)
    }

    /// However often a task is killed beside others, it comes to an end.
    @Test func `what is forgiven is bounded`() async throws {
        try await world.create(attempts: 2)
        var rounds = 0
        while try await world.task().state == .ready {
            try await report(try await world.leaseOne("worker-\(rounds)"), beside: 5)
            rounds += 1
            try #require(rounds < 100)
        }
        #expect(rounds == Limits.killsForgivenMax + 2)
        #expect(try await world.task().state == .failed)
    }

    @Test func `an attempt that another has followed is forgiven, and nothing else of it`()
        async throws
    {
        try await world.create(attempts: 3)
        let first = try await world.leaseOne("first")
        try await world.lose(first)
        let second = try await world.leaseOne("second")
        #expect(try await world.task().charged == 2)
        #expect(try await report(first, beside: 1) == .leased)
        #expect(try await world.task().charged == 1)
        try await world.succeed(second)
        let late = await outcome {
            try await report(first, beside: 1)
            return "taken"
        }
        #expect(late == ErrorCode.leaseLost.rawValue)
        #expect(try await world.task().state == .succeeded)
    }

    @Test func `what failed for good stays so`() async throws {
        try await world.create(attempts: 3)
        let first = try await world.leaseOne("first")
        try await world.lose(first)
        _ = try await world.fail(try await world.leaseOne("second"), permanent: true)
        let late = await outcome {
            try await report(first, beside: 1)
            return "taken"
        }
        #expect(late == ErrorCode.leaseLost.rawValue)
        #expect(try await world.task().state == .failed)
    }

    @Test func `a worker that is killed is a failure of its host`() async throws {
        try await world.create(tasks: 12, attempts: 3)
        for _ in 0..<3 { try await world.succeed(try await world.leaseOne("good")) }
        // Five tasks, each on a worker of its own.
        var grants: [LeaseGrant] = []
        for number in 0..<5 { grants += try await world.lease("bad-\(number)", on: "bad") }
        for grant in grants {
            world.clock.advance(by: .seconds(60))
            try await report(grant.lease, beside: 0)
        }
        let answer = await outcome {
            try await world.lease("bad-9", on: "bad").isEmpty ? "nothing" : "a task"
        }
        #expect(answer == ErrorCode.setAside.rawValue)
        // What its host did does not count against the tasks.
        #expect(try await world.tasks().allSatisfy { $0.charged <= 1 && $0.state != .failed })
    }
}
