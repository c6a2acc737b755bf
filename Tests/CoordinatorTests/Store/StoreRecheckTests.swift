import Shared
import TestSupport
import Testing

@testable import Coordinator

/// Tasks that another host runs again, and what two results come to.
@Suite(.timeLimit(.minutes(10))) struct StoreRecheckTests {
    private let world: StoreWorld

    init() throws { world = try StoreWorld() }

    /// All tasks are to be rechecked; `first` has trained them.
    private func finished(tasks: Int = 2, share: Double = 1) async throws {
        try await world.create(tasks: tasks, recheckShare: share)
        for _ in 0..<tasks { try await world.succeed(try await world.leaseOne("first")) }
    }

    private func rechecks() async throws -> RecheckStatus {
        try await world.store.status(of: "study").rechecks
    }

    /// Ends a rerun with another result.
    private func differ(_ lease: LeaseID) async throws {
        try await world.append(StoreWorld.rows(epochs: 2, shift: 1), epochs: 2, to: lease)
        try await world.store.complete(lease, StoreWorld.result(epochs: 2, shift: 1))
    }

    @Test func `another host runs them again, and the sweep is finished without that`()
        async throws
    {
        try await finished()
        #expect(try await world.store.status(of: "study").isFinished)
        var found = try await rechecks()
        #expect(found.obstacle?.hasPrefix("2 tasks wait to be run again: ") == true)
        found.obstacle = nil
        #expect(found == RecheckStatus(waiting: 2))

        let grants = try await world.lease("other", slots: 5)
        #expect(grants.map(\.task.rawValue) == ["study-0", "study-1"])
        #expect(grants.map(\.configuration) == ["{\"n\":0}", "{\"n\":1}"])
        #expect(grants.map(\.attempt) == [1, 1] && grants.map(\.sweepName) == ["study", "study"])
        for grant in grants { try await world.succeed(grant.lease) }
        #expect(try await rechecks() == RecheckStatus(same: 2))
        #expect(try await world.lease("other").isEmpty)
        #expect(try await world.lease("third").isEmpty)
        #expect(try await world.store.brokenInvariants() == [])
        // Nobody sees the sweep that has the reruns.
        #expect(try await world.store.statuses().count == 1)
        #expect(try await world.store.status(of: "study").taskCount == 2)
    }

    @Test func `the host that trained a task never gets its rerun`() async throws {
        try await finished()
        try await world.store.admit(request("other"))
        #expect(try await world.lease("first", slots: 5).isEmpty)
        // A worker of its own on the same host is no better.
        #expect(
            try await world.store.lease(request("first-2", on: "host-of-first"), world.key())
                .isEmpty)
        #expect(try await world.lease("other", slots: 5).count == 2)
    }

    private func request(
        _ worker: String, on host: String? = nil, bootID: String? = nil
    ) -> LeaseRequest {
        LeaseRequest(
            worker: WorkerName(unchecked: worker), host: host ?? "host-of-\(worker)",
            bootID: bootID, slots: 5, waitSeconds: 0, selfTest: .right)
    }

    /// What a worker gets.
    private func lease(_ request: LeaseRequest) async throws -> [LeaseGrant] {
        try await world.store.admit(request)
        return try await world.store.lease(request, world.key())
    }

    @Test func `containers of one machine are one machine, and people are told`() async throws {
        try await world.create(tasks: 2, recheckShare: 1)
        let first = request("first", on: "a", bootID: "b1")
        for grant in try await lease(first) { try await world.succeed(grant.lease) }
        #expect(try await lease(request("second", on: "b", bootID: "b1")).isEmpty)
        let sentence =
            "2 tasks wait to be run again: no worker on another machine has asked lately; all "
            + "workers run on one machine, which has boot id b1"
        #expect(try await rechecks().obstacle == sentence)
        #expect(try await world.store.recheckObstacle() == sentence)
        // Also of what the coordinator remembers.
        try world.reopen()
        #expect(try await lease(request("second", on: "b", bootID: "b1")).isEmpty)
        #expect(try await rechecks().obstacle == sentence)
        #expect(try await lease(request("third", on: "c", bootID: "b2")).count == 2)
        #expect(try await rechecks().obstacle == nil)
    }

    @Test func `a machine that was started anew is the same`() async throws {
        try await world.create(tasks: 1, recheckShare: 1)
        let first = request("first", on: "a", bootID: "b1")
        for grant in try await lease(first) { try await world.succeed(grant.lease) }
        #expect(try await lease(request("second", on: "a", bootID: "b2")).isEmpty)
        #expect(
            try await rechecks().obstacle
                == "1 task waits to be run again: no worker on another machine has asked lately; "
                + "all workers give the same name of their host, 'a': name each machine's with "
                + "gdln-worker run --host")
    }

    @Test func `another machine that went away is told of as well`() async throws {
        try await world.create(tasks: 1, recheckShare: 1)
        for grant in try await lease(request("first", on: "a", bootID: "b1")) {
            // It asks while there is nothing for it yet.
            #expect(try await lease(request("other", on: "b", bootID: "b2")).isEmpty)
            try await world.succeed(grant.lease)
        }
        #expect(try await rechecks().obstacle == nil)
        world.clock.advance(by: .seconds(Limits.presentSecondsMax + 1))
        #expect(try await rechecks().obstacle != nil)
        #expect(try await lease(request("other", on: "b", bootID: "b2")).count == 1)
    }

    @Test func `a rerun that is lost or handed back goes to a third, never to the first`()
        async throws
    {
        try await finished(tasks: 1)
        try await world.store.admit(request("first"))
        try await world.store.admit(request("other"))
        let lost = try await world.leaseOne("other")
        try await world.lose(lost)
        #expect(try await world.lease("first").isEmpty)
        #expect(try await rechecks().waiting == 1)
        try world.reopen()
        try await world.store.admit(request("first"))
        try await world.store.admit(request("third"))
        #expect(try await world.lease("first").isEmpty)
        try await world.succeed(try await world.leaseOne("third"))
        #expect(try await rechecks() == RecheckStatus(same: 1))
    }

    @Test func `a difference marks both and names them, and the first result stays`() async throws {
        try await finished()
        try await world.store.admit(request("other"))
        try await world.store.admit(request("first"))
        for grant in try await world.lease("other", slots: 5) {
            if grant.task.rawValue == "study-1" {
                try await differ(grant.lease)
            } else {
                try await world.succeed(grant.lease)
            }
        }
        let found = try await rechecks()
        #expect(found.same == 1 && found.different == 1 && found.waiting == 0)
        let right = StoreWorld.result(epochs: 2).trajectory
        let difference = try #require(found.differences.first)
        #expect(found.differences.count == 1)
        #expect(difference.task.rawValue == "study-1" && difference.position == 1)
        #expect(difference.host == "host-of-first" && difference.otherHost == "host-of-other")
        #expect(difference.trajectory == right)
        #expect(difference.otherTrajectory == StoreWorld.result(epochs: 2, shift: 1).trajectory)

        let workers = try await world.store.workers()
        #expect(workers.map(\.differing) == [1, 1])
        let kept = try await world.store.withSnapshot(of: "study") { snapshot in
            var trajectories: [String?] = []
            try snapshot.forEachTask { trajectories.append($0.trajectory) }
            return trajectories
        }
        #expect(kept == [right.hexadecimal, right.hexadecimal])
    }

    @Test func `a task that is ready goes first`() async throws {
        try await finished(tasks: 1)
        try await world.store.admit(request("first"))
        try await world.store.admit(request("other"))
        try await world.create(tasks: 1, name: "later")
        #expect(
            try await world.lease("other", slots: 2).map(\.task.rawValue)
                == ["later-0", "study-0"])
    }

    @Test func `a share of the tasks is a share, and none is none`() async throws {
        try await world.create(tasks: 300, name: "task", recheckShare: 0.02)
        #expect(try await world.number("SELECT count(*) FROM recheck") == 6)
        try await world.create(tasks: 300, name: "none", recheckShare: 0)
        #expect(try await world.number("SELECT count(*) FROM recheck") == 6)
    }

    @Test func `cancelling a sweep ends its reruns, too, and counts its own tasks alone`()
        async throws
    {
        try await finished(tasks: 3)
        try await world.store.admit(request("first"))
        try await world.store.admit(request("other"))
        let lease = try await world.leaseOne("other")
        #expect(try await world.store.cancel("study", world.key()) == 0)
        let late = await outcome {
            try await world.succeed(lease)
            return "taken"
        }
        #expect(late == ErrorCode.leaseLost.rawValue)
        #expect(try await world.lease("other", slots: 5).isEmpty)
        #expect(try await rechecks() == RecheckStatus(failed: 1))
        #expect(try await world.store.brokenInvariants() == [])
    }

    @Test func `a rerun that fails for good is told, and the task stays succeeded`() async throws {
        try await finished(tasks: 1)
        try await world.store.admit(request("first"))
        try await world.store.admit(request("other"))
        _ = try await world.fail(try await world.leaseOne("other"), permanent: true)
        #expect(try await rechecks() == RecheckStatus(failed: 1))
        #expect(try await world.task().state == .succeeded)
        #expect(try await world.lease("other").isEmpty)
    }
}
