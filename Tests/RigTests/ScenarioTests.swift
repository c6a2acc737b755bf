import Foundation
import Rig
import TestSupport
import Testing

/// Real coordinators, real and simulated workers, and a few faults of every kind: what a promise
/// needs to be called kept. `deploy/soak` does the same with many more.
@Suite(.takesPlace) struct ScenarioTests {
    /// Another seed each time would make a failure hard to see again: those are for `deploy/soak`.
    private static let seed: UInt64 = 1

    private func expectAllHolds(_ name: String) async throws {
        let scenario = try #require(Scenario.named(name))
        if let lack = Machine.lack(of: scenario.needs) { try Test.cancel("\(name): \(lack)") }
        let outcome = await scenario.run(.init(seed: Self.seed, cycles: scenario.cyclesQuick))
        #expect(
            outcome.failures == [],
            "again: gdln-rig \(name) --seed \(Self.seed) --cycles \(scenario.cyclesQuick)")
    }

    @Test func `a coordinator killed at any moment loses nothing and doubles nothing`()
        async throws
    {
        try await expectAllHolds("coordinator-kill")
    }

    @Test func `workers killed at any moment leave the same results`() async throws {
        try await expectAllHolds("worker-kill")
    }

    @Test func `a worker that slept past its lease is not heard`() async throws {
        try await expectAllHolds("worker-pause")
    }

    @Test func `coordinator and workers killed together leave the same results`() async throws {
        try await expectAllHolds("both-kill")
    }

    @Test func `silence of about a lease loses nothing that was finished`() async throws {
        try await expectAllHolds("sleepers")
    }

    @Test func `calls doubled, late, overtaken and cut do everything once`() async throws {
        try await expectAllHolds("requests")
    }

    @Test func `outages shorter than a lease train nothing twice`() async throws {
        try await expectAllHolds("restart-storm")
    }

    @Test func `a coordinator away for longer than a lease costs nothing`() async throws {
        try await expectAllHolds("absence")
    }

    @Test func `a power cut loses nothing that was acknowledged`() async throws {
        try await expectAllHolds("power-cut")
    }

    @Test func `a power cut without syncs loses what was acknowledged`() async throws {
        try await expectAllHolds("power-cut-control")
    }

    @Test func `a full disk is refused, and forgotten once there is space`() async throws {
        try await expectAllHolds("disk-full")
    }

    @Test func `a coordinator whose syncs fail ends, and has lost nothing when it is back`()
        async throws
    {
        try await expectAllHolds("failed-sync")
    }

    @Test func `whichever call of the coordinator goes wrong, nothing is lost`() async throws {
        try await expectAllHolds("broken-call")
    }

    @Test func `a disk that turns read-only acknowledges nothing`() async throws {
        try await expectAllHolds("read-only")
    }

    @Test func `partitions lose nothing, whichever way they cut`() async throws {
        try await expectAllHolds("partition")
    }

    @Test func `a wall clock that jumps expires nothing`() async throws {
        try await expectAllHolds("clock-jumps")
    }

    @Test func `SIGTERM ends the coordinator within ten seconds, whatever clients do`()
        async throws
    {
        try await expectAllHolds("drain")
    }

    @Test func `thousands of leases that expire at once are taken back at once`() async throws {
        try await expectAllHolds("mass-expiry")
    }

    @Test func `a second coordinator on a directory is refused under traffic`() async throws {
        try await expectAllHolds("two-coordinators")
    }

    @Test func `every scenario has a test here`() throws {
        let text = try String(contentsOfFile: #filePath, encoding: .utf8)
        let tested = text.matches(of: /expectAllHolds\("([a-z-]+)"\)/).map { String($0.1) }
        #expect(tested.sorted() == Scenario.all.map(\.name).sorted())
    }
}
