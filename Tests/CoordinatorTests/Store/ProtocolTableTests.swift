import Shared
import TestSupport
import Testing

@testable import Coordinator

/// The protocol's table, call by state, as `Protocol.md` has it.
@Suite struct ProtocolTableTests {
    /// Where the task of a lease has got to.
    enum Situation: String, CaseIterable {
        case held, lost, lostAtLast, lostAndTaken, handedBack, failedOnce, succeeded, failed
        case cancelled, cancelledAndRetried
    }

    enum Call: String, CaseIterable {
        case heartbeat, metrics, complete, fail, handBack, killed, cancel, retry
    }

    /// A state: the call is good, and the task stands so afterwards. Else the error's code.
    static let table: [Call: [String]] = [
        // In the order of `Situation`.
        .heartbeat: ["leased", "leased", "leased"] + [String](repeating: "lease_lost", count: 7),
        .metrics: ["leased", "leased", "leased"] + [String](repeating: "lease_lost", count: 7),
        .complete: [
            "succeeded", "succeeded", "succeeded", "lease_lost", "lease_lost", "lease_lost",
            "succeeded", "lease_lost", "lease_lost", "lease_lost",
        ],
        .fail: ["ready", "ready", "failed"] + [String](repeating: "lease_lost", count: 7),
        .handBack: ["ready", "ready", "ready"] + [String](repeating: "lease_lost", count: 7),
        .killed: ["ready", "ready", "failed", "leased"]
            + [String](repeating: "lease_lost", count: 6),
        .cancel: [
            "1 cancelled", "1 cancelled", "0 failed", "1 cancelled", "1 cancelled", "1 cancelled",
            "0 succeeded", "0 failed", "0 cancelled", "1 cancelled",
        ],
        .retry: [
            "0 leased", "0 ready", "1 ready", "0 leased", "0 ready", "0 ready", "0 succeeded",
            "1 ready", "1 ready", "0 ready",
        ],
    ]

    @Test(arguments: Situation.allCases, Call.allCases)
    func `every call in every situation is answered as the table says`(
        situation: Situation, call: Call
    ) async throws {
        let (world, lease) = try await Self.bring(about: situation)
        let before = try await world.tasks()
        let found = await outcome { try await Self.make(call, lease, world) }
        let column = try #require(Situation.allCases.firstIndex(of: situation))
        let wanted = try #require(Self.table[call])[column]
        #expect(found == wanted)
        if ErrorCode(rawValue: wanted) != nil { #expect(try await world.tasks() == before) }
        #expect(try await world.store.brokenInvariants() == [])
    }

    private static func bring(about situation: Situation) async throws -> (StoreWorld, LeaseID) {
        let world = try StoreWorld()
        try await world.create(attempts: 2)
        let lease = try await world.leaseOne()
        try await world.append(StoreWorld.rows(epochs: 2), epochs: 2, to: lease)
        switch situation {
        case .held: break
        case .lost: try await world.lose(lease)
        case .lostAtLast:
            try await world.lose(lease)
            let last = try await world.leaseOne()
            try await world.append(StoreWorld.rows(epochs: 2), epochs: 2, to: last)
            try await world.lose(last)
            return (world, last)
        case .lostAndTaken:
            try await world.lose(lease)
            _ = try await world.leaseOne("worker-2")
        case .handedBack:
            _ = try await world.store.handBack(
                lease, HandBackRequest(reason: "drain"), world.key())
        case .failedOnce: _ = try await world.fail(lease)
        case .succeeded:
            try await world.store.complete(lease, StoreWorld.result(epochs: 2))
        case .failed: _ = try await world.fail(lease, permanent: true)
        case .cancelled: _ = try await world.store.cancel("study", world.key())
        case .cancelledAndRetried:
            _ = try await world.store.cancel("study", world.key())
            _ = try await world.store.retry("study", world.key())
        }
        return (world, lease)
    }

    private static func make(_ call: Call, _ lease: LeaseID, _ world: StoreWorld) async throws
        -> String
    {
        var count = ""
        switch call {
        case .heartbeat: try await world.append([], from: 2, epochs: 2, to: lease)
        case .metrics: try await world.append(StoreWorld.rows(epochs: 2), epochs: 2, to: lease)
        case .complete:
            try await world.store.complete(lease, StoreWorld.result(epochs: 2))
        case .fail: _ = try await world.fail(lease)
        case .handBack:
            _ = try await world.store.handBack(
                lease, HandBackRequest(reason: "drain"), world.key())
        case .killed:
            _ = try await world.store.endKilled(
                lease, KilledRequest(reason: "killed", beside: 0), world.key())
        case .cancel: count = "\(try await world.store.cancel("study", world.key())) "
        case .retry: count = "\(try await world.store.retry("study", world.key())) "
        }
        return count + (try await world.task().state.rawValue)
    }

    @Test func `a lease that never was is not found`() async throws {
        let world = try StoreWorld()
        let lease = LeaseID(unchecked: "nobody")
        for call in [Call.heartbeat, .complete, .fail, .handBack, .killed] {
            #expect(await outcome { try await Self.make(call, lease, world) } == "not_found")
        }
    }
}
