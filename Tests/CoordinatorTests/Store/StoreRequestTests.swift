import Foundation
import Shared
import TestSupport
import Testing

@testable import Coordinator

/// A repeat of a call is done once and answered alike, whatever happened between.
@Suite struct StoreRequestTests {
    private func bytes(_ answer: some Encodable) throws -> Data { try WireCoding.encode(answer) }

    @Test func `each verb answers a repeat with the same bytes, also after a restart`() async throws
    {
        let world = try StoreWorld()
        let verbs: [(String, () async throws -> Data)] = [
            ("create", { try self.bytes(await world.create(tasks: 3, world.key("create"))) }),
            ("lease", { try self.bytes(await world.lease(slots: 3, world.key("lease"))) }),
            ("fail", { try await self.bytes(Self.fail(world)) }),
            ("cancel", { try self.bytes(await world.store.cancel("study", world.key("cancel"))) }),
            ("retry", { try self.bytes(await world.store.retry("study", world.key("retry"))) }),
        ]
        var answers: [Data] = []
        for (name, verb) in verbs {
            let changes = try await world.number("SELECT count(*) FROM request")
            answers.append(try await verb())
            #expect(try await verb() == answers.last, "\(name)")
            #expect(try await world.number("SELECT count(*) FROM request") == changes + 1)
        }
        let stored = try await world.tasks()
        try world.reopen()
        for (index, (name, verb)) in verbs.enumerated() {
            #expect(try await verb() == answers[index], "\(name)")
        }
        #expect(try await world.tasks() == stored)
        #expect(try await world.store.brokenInvariants() == [])
    }

    private static func fail(_ world: StoreWorld) async throws -> TaskState {
        let lease = try #require(try await world.lease(slots: 3, world.key("lease")).first).lease
        return try await world.store.fail(
            lease, FailRequest(error: "diverged", isPermanent: false), world.key("fail"))
    }

    /// Written by hand, because it is written for each task.
    @Test func `what is recorded is what an encoder would write`() async throws {
        let world = try StoreWorld()
        try await world.create(tasks: 3, name: "a \"name\"")
        let grants = try await world.lease(slots: 3)
        #expect(try grants.record() == String(decoding: bytes(grants), as: UTF8.self))
        for state in TaskState.allCases {
            #expect(state.record() == String(decoding: try bytes(state), as: UTF8.self))
        }
    }

    @Test func `the repeat of a call that took the last task finds its lease`() async throws {
        let world = try StoreWorld()
        try await world.create()
        let first = try await world.lease(world.key("r"))
        let second = try await world.lease(world.key("r"))
        #expect(first.map(\.lease) == second.map(\.lease) && first.count == 1)
        #expect(try await world.task().attempt == 1)
    }

    @Test func `a call that found nothing may be made again, and then finds something`()
        async throws
    {
        let world = try StoreWorld()
        #expect(try await world.lease(world.key("r")).isEmpty)
        try await world.create()
        #expect(try await world.lease(world.key("r")).count == 1)
    }

    /// Both see a ready task; the one that comes second finds it gone.
    @Test func `two calls for one task: one has it, and the other may ask on`() async throws {
        for _ in 0..<20 {
            let world = try StoreWorld()
            try await world.create()
            let (store, keys) = (world.store, [world.key("a"), world.key("b")])
            let request = LeaseRequest(
                worker: WorkerName(unchecked: "w"), host: "h", slots: 1, waitSeconds: 0,
                selfTest: .right)
            async let a = store.lease(request, keys[0])
            async let b = store.lease(request, keys[1])
            let counts = try await [a.count, b.count]
            #expect(counts.sorted() == [0, 1])
            try await world.create(name: "more")
            let loser = counts[0] == 0 ? "a" : "b"
            #expect(try await world.lease("w", slots: 1, world.key(loser)).count == 1)
        }
    }

    @Test func `an id that was used for another request is refused, and nothing happens`()
        async throws
    {
        let world = try StoreWorld()
        try await world.create(tasks: 1, world.key("id", body: "one"))
        await #expect(throws: StoreError.requestIDReused) {
            try await world.create(name: "other", world.key("id", body: "two"))
        }
        #expect(try await world.number("SELECT count(*) FROM sweep") == 1)
    }

    @Test func `an error is not kept: the same call may succeed later`() async throws {
        let world = try StoreWorld()
        await #expect(throws: StoreError.noSuchSweep("study")) {
            try await world.store.cancel("study", world.key("r"))
        }
        try await world.create()
        #expect(try await world.store.cancel("study", world.key("r")) == 1)
    }

    @Test func `a repeat of an old end does not end a newer lease`() async throws {
        let world = try StoreWorld()
        try await world.create()
        let first = try await world.leaseOne()
        let failure = FailRequest(error: "e", isPermanent: false)
        _ = try await world.store.fail(first, failure, world.key("r"))
        let second = try await world.leaseOne()
        #expect(try await world.store.fail(first, failure, world.key("r")) == .ready)
        #expect(world.store.liveLeases.entry(second) != nil)
        #expect(try await world.task().state == .leased)
    }

    @Test func `what is older than a day is forgotten, and no more`() async throws {
        let world = try StoreWorld()
        try await world.create(name: "old")
        world.clock.advance(by: .seconds(23 * 3_600))
        try await world.create(name: "young")
        try await world.store.forgetOldRequests()
        #expect(try await world.number("SELECT count(*) FROM request") == 2)
        world.clock.advance(by: .seconds(3_601))
        try await world.store.forgetOldRequests()
        #expect(try await world.number("SELECT count(*) FROM request") == 1)
    }
}

extension StoreWorld {
    fileprivate func lease(_ key: RequestKey) async throws -> [LeaseGrant] {
        try await lease("worker-1", slots: 1, key)
    }
}
