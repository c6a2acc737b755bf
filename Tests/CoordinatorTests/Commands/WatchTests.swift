import ArgumentParser
import Foundation
import Shared
import TestSupport
import Testing

@testable import Coordinator

/// A coordinator that goes away while somebody watches.
@Suite(.timeLimit(.minutes(10))) struct WatchTests {
    private static func running() throws -> ScriptedServer.Act {
        let status = SweepStatus(
            id: SweepID(unchecked: "abc"), name: "s", createdAt: Timestamp(milliseconds: 0),
            tasks: ["leased": 1], epochsCompleted: 0, epochsTotal: 1)
        return .answer(
            status: 200, body: String(decoding: try WireCoding.encode(status), as: UTF8.self))
    }

    private static func loop(_ script: [ScriptedServer.Act], outageSecondsMax: Double)
        throws -> (WatchLoop, ScriptedServer)
    {
        let server = try ScriptedServer(script)
        let connection = try ClientOptions.parse(["--coordinator", server.address])
        var loop = WatchLoop(
            connection: connection, sweep: "abc", client: try connection.client(tryingFor: 0))
        loop.outageSecondsMax = outageSecondsMax
        return (loop, server)
    }

    @Test func `one that stays away is another end than a failed task`() async throws {
        var (loop, server) = try Self.loop(
            [try Self.running(), .hangUp], outageSecondsMax: 0)
        defer { server.stop() }
        do {
            try await loop.run()
            Issue.record("it ended well")
        } catch ClientError.unreachable(let reason) {
            #expect(reason.hasSuffix("; waited for 0s"), "\(reason)")
        }
    }

    @Test func `one that was never there is not waited for`() async throws {
        var (loop, server) = try Self.loop([.hangUp], outageSecondsMax: 1e9)
        defer { server.stop() }
        await #expect(throws: ClientError.self) { try await loop.run() }
    }
}
