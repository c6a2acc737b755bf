import Foundation
import HummingbirdTesting
import Shared
import TestSupport
import Testing

@testable import Coordinator

/// Hosts that get no tasks, over real sockets.
@Suite(.timeLimit(.minutes(10))) struct HostRoutesTests {
    /// What workers of that host are told.
    private static func ask(
        _ client: any TestClientProtocol, host: String, _ selfTest: SelfTestReport = .right
    ) async throws -> Answer {
        try await client.askForTask(
            "w-\(host.utf8.count)\(host.utf8.first ?? 0)", host: host, selfTest: selfTest)
    }

    private static func lease(_ client: any TestClientProtocol, host: String) async throws -> Lease
    {
        try #require(
            try await ask(client, host: host).decoded(LeaseResponse.self).leases.first)
    }

    private static func workers(_ client: any TestClientProtocol) async throws -> [WorkerStatus] {
        try await client.get("/v1/workers").decoded(WorkerList.self).workers
    }

    @Test func `a wrong self-test gets no task, is told what differs, and is shown`() async throws {
        try await ServerWorld().test(.live) { client in
            _ = try await client.post("/v1/sweeps", ServerWorld.sweep())
            var wrong = SelfTestReport.right
            wrong.wrongCases = ["adam", "rotate"]
            let answer = try await Self.ask(client, host: "node-7", wrong)
            #expect(answer.status == 403 && answer.code == .selfTestFailed)
            let message = answer.message?.error.message ?? ""
            for part in ["'node-7'", "adam", "rotate", "kernels test"] {
                #expect(message.contains(part), "\(message)")
            }
            var old = SelfTestReport.right
            old.numericVersion = "2"
            old.kernels = "old"
            let other = try await Self.ask(client, host: "node-7", old)
            #expect(other.status == 403 && other.body.contains("numeric version 2"))
            let shown = try await Self.workers(client)
            #expect(shown.count == 2 && shown.allSatisfy { $0.selfTestFailure != nil })
            // The tasks are all there for who computes rightly, on that host too.
            #expect(try await client.lease(slots: 9).count == 6)
            #expect(try await Self.ask(client, host: "node-7").status == 204)
        }
    }

    @Test func `a self-test must be told, in few and plain words`() async throws {
        try await ServerWorld().test { client in
            let without = #"{"worker":"w","host":"h","slots":1,"wait_seconds":0}"#
            let answer = try await client.post("/v1/leases", without)
            #expect(answer.status == 400 && answer.body.contains("'self_test' is missing"))
            var report = SelfTestReport.right
            report.wrongCases = Array(repeating: "x", count: Limits.selfTestCasesMax + 1)
            #expect(try await Self.ask(client, host: "h", report).status == 400)
            report.wrongCases = ["\u{1b}[2J"]
            #expect(try await Self.ask(client, host: "h", report).status == 400)
            report.wrongCases = []
            report.kernels = String(repeating: "k", count: Limits.hostNameBytesMax + 1)
            #expect(try await Self.ask(client, host: "h", report).status == 400)
            #expect(try await Self.workers(client).isEmpty)
        }
    }

    /// Three tasks succeed on one host, and five fail on the other.
    private static func makeSuspect(_ host: String, _ client: any TestClientProtocol)
        async throws
    {
        _ = try await client.post(
            "/v1/sweeps", ServerWorld.sweep(seeds: Array(1...5), more: #","recheck":{"share":0}"#))
        for _ in 0..<3 {
            try await ReportsTests.finish(try await lease(client, host: "good"), client)
        }
        for _ in 0..<5 {
            let failure = FailRequest(error: "no memory", isPermanent: false)
            let answer = try await client.tell(try await lease(client, host: host), "fail", failure)
            #expect(answer.status == 200)
        }
    }

    @Test func `a host set aside is refused until an admin lets it back`() async throws {
        let world = try await ServerWorld()
        let host = "näh node/7"
        let path = "/v1/hosts/n%C3%A4h%20node%2F7/let_back"
        let tokens = try Role.allCases.filter { $0 != .admin }.map { try world.token($0) }
        try await world.test(.live) { client in
            try await Self.makeSuspect(host, client)
            let refused = try await Self.ask(client, host: host)
            #expect(refused.status == 403 && refused.code == .setAside)
            #expect(refused.body.contains("the last 5 tasks on it failed or were lost"))
            #expect(try await Self.ask(client, host: "good").status == 200)
            let shown = try await Self.workers(client)
            #expect(shown.filter { $0.setAside != nil }.map(\.host) == [host])
            #expect(world.server.store.hosts.takeNews().count == 1)

            for token in tokens {
                let stranger = BearerClient(base: client, token: token)
                let answer = try await stranger.post(path)
                #expect(answer.status == 403 && answer.code == .forbidden)
            }
            #expect(try await Self.ask(client, host: host).status == 403)

            let back = try await client.post(path, id: "back")
            #expect(back.status == 200)
            #expect(try back.decoded(HostLetBack.self).host == host)
            #expect(try await client.post(path, id: "back").body == back.body)
            #expect(try await Self.ask(client, host: host).status == 200)
            let twice = try await client.post(path)
            #expect(twice.status == 404 && twice.code == .notFound)
        }
    }

    /// A report says nothing of reruns, until one comes out differently.
    @Test func `reruns change no byte of a report but where they differ`() async throws {
        try await ServerWorld().test(.live) { client in
            let more = #","recheck":{"share":1}"#
            _ = try await client.post("/v1/sweeps", ServerWorld.sweep(seeds: [1], more: more))
            for _ in 0..<2 {
                try await ReportsTests.finish(try await Self.lease(client, host: "a"), client)
            }
            let before = try await ReportsTests.files(client)
            try await ReportsTests.finish(try await Self.lease(client, host: "b"), client)
            #expect(try await ReportsTests.files(client) == before)
            let runtime = try await client.get("/v1/sweeps/study/report.csv?runtime=1").body
            let ends = runtime.components(separatedBy: "\r\n").map {
                String($0.split(separator: ",", omittingEmptySubsequences: false).last ?? "")
            }
            #expect(ends == ["rechecked_on", "b", "", ""])

            let lease = try await Self.lease(client, host: "b")
            var rows = ReportsTests.rows(of: lease)
            rows[3].values[MetricName.accuracyTrainedPaths] = MetricValue(0.25)
            _ = try await client.tell(
                lease, "metrics", MetricsRequest(firstSequence: 0, rows: rows, epochsCompleted: 2))
            let trajectory = StoreWorld.trajectory(rows)
            let answer = try await client.tell(
                lease, "complete",
                CompleteRequest(epochsCompleted: 2, rowCount: 4, trajectory: trajectory))
            #expect(answer.status == 200)

            let after = try await ReportsTests.files(client)
            #expect(after[1] == before[1])
            let (old, new) = (
                before[0].components(separatedBy: "\r\n"), after[0].components(separatedBy: "\r\n")
            )
            #expect(new[0] == old[0] && new[1] == old[1] && new[2] == old[2] + "different")
            let mark =
                #","recheck":{"host":"a","other_host":"b","other_trajectory_sha256":"#
                + "\"\(trajectory)\"}"
            #expect(after[2].replacingOccurrences(of: mark, with: "") == before[2])
            #expect(after[2].contains(mark))
        }
    }
}
