import Foundation
import TestSupport
import Testing

@testable import Shared

@Suite(.timeLimit(.minutes(10))) struct CoordinatorClientTests {
    /// What the client did with its time; nothing really sleeps.
    private final class Waits {
        var delays: [Double] = []
        var clock = 0.0
    }

    private func exchange(
        _ script: [ScriptedServer.Act], patience: Double = 1e9,
        _ body: (CoordinatorClient, ScriptedServer, Waits) throws -> Void
    ) throws {
        let server = try ScriptedServer(script)
        defer { server.stop() }
        let (waits, random) = (Waits(), TestRandom(seed: 3))
        let environment = CoordinatorClient.Environment(
            sleep: {
                waits.delays.append($0)
                waits.clock += $0
            }, shouldGiveUp: { $0 > patience }, elapsed: { .seconds(waits.clock) },
            now: { Timestamp(milliseconds: 0x19_0000_0000 + Int64(waits.clock * 1_000)) },
            randomBits: random.bits)
        let client = try CoordinatorClient(
            Join(address: server.address), environment: environment, isCancelled: { false })
        try body(client, server, waits)
    }

    private static let refusal =
        #"{"error":{"code":"lease_lost","message":"The lease is lost.","details":[]}}"#
    private static let created =
        #"{"id":"abc","name":"study","task_count":4,"cached_count":0,"warnings":[]}"#

    @Test func `what passes is tried until it has passed, under one request id`() throws {
        try exchange([
            .answer(status: 503, headers: ["Retry-After: 2"], body: "busy"), .hangUp,
            .raw("garbage"), .answer(status: 201, body: Self.created),
        ]) { client, server, waits in
            let sweep = JSONValue.object(["name": .string("study")])
            let answer1 = try client.submit(sweep)
            #expect(answer1.taskCount == 4)
            let ids = Set(server.received.compactMap { $0.headers["request-id"] })
            #expect(ids.count == 1 && ids.first?.count == 32)
            #expect(server.received.count >= 4)
            #expect(Set(server.received.map(\.body)) == [#"{"name":"study"}"#])
            // The hang-up on a reused connection libcurl makes good by itself.
            #expect(waits.delays.count == 2 && waits.delays[0] >= 2)
        }
    }

    @Test func `every call that changes something has an id of its own, one that reads has none`()
        throws
    {
        try exchange([.answer(status: 200, body: #"{"changed":2,"sweeps":[]}"#)]) {
            client, server, _ in
            let answer2 = try client.cancel("a b")
            #expect(answer2 == 2)
            let answer3 = try client.retry("x/../y")
            #expect(answer3 == 2)
            let answer4 = try client.sweeps()
            #expect(answer4 == [])
            let ids = server.received.map { $0.headers["request-id"] }
            #expect(ids[0] != nil && ids[1] != nil && ids[0] != ids[1] && ids[2] == nil)
            #expect(
                server.received.map(\.line) == [
                    "POST /v1/sweeps/a%20b/cancel", "POST /v1/sweeps/x%2F..%2Fy/retry",
                    "GET /v1/sweeps",
                ])
        }
    }

    @Test func `a refusal is not repeated, and says its code`() throws {
        try exchange([.answer(status: 409, body: Self.refusal)]) { client, server, waits in
            #expect {
                _ = try client.handBack(Self.lease, reason: "drain")
            } throws: {
                ($0 as? ClientError)?.code == .leaseLost && "\($0)" == "The lease is lost."
            }
            #expect(server.received.count == 1 && waits.delays.isEmpty)
            #expect(server.received[0].headers["lease-token"] == "the-token")
            #expect(server.received[0].line == "POST /v1/leases/the-lease/hand_back")
        }
    }

    @Test func `who has no patience left is told what was in the way`() throws {
        try exchange([.answer(status: 503, body: Self.refusal)], patience: 3) { client, _, waits in
            #expect(throws: ClientError.self) { try client.sweeps() }
            #expect(waits.clock <= 3)
        }
    }

    @Test(arguments: [
        (200, "<html>"), (200, "{}"), (200, #"{"sweeps":[{}]}"#), (404, "<html>"), (302, ""),
    ])
    func `an answer from somebody else is told as such`(status: Int, body: String) throws {
        try exchange([.answer(status: status, body: body)]) { client, _, waits in
            #expect {
                _ = try client.sweeps()
            } throws: {
                guard case ClientError.unreachable(let reason)? = $0 as? ClientError else {
                    return false
                }
                return reason.contains("answer")
            }
            #expect(waits.delays.isEmpty)
        }
    }

    @Test func `no task is no error`() throws {
        try exchange([.answer(status: 204)]) { client, server, _ in
            let request = LeaseRequest(
                worker: WorkerName(unchecked: "w"), host: "h", slots: 2, waitSeconds: 1,
                selfTest: .right)
            let answer5 = try client.lease(request)
            #expect(answer5 == [])
            let selfTest = SelfTestReport.right.member
            let rest = #""slots":2,"wait_seconds":1,"worker":"w"}"#
            #expect(server.received[0].body == #"{"host":"h",\#(selfTest),"# + rest)
        }
    }

    @Test func `a connection that has died unseen costs a lease no more than a heartbeat`() throws {
        let answer = #"{"expires_in_seconds":6,"state":"leased"}"#
        try exchange([.silence, .answer(status: 200, body: answer)]) { client, server, _ in
            var lease = Self.lease
            lease.expiresInSeconds = 6
            let start = ContinuousClock.now
            let metrics = MetricsRequest(firstSequence: 0, rows: [], epochsCompleted: 0)
            let answer6 = try client.report(metrics, for: lease)
            #expect(answer6.state == .leased && server.received.count == 2)
            let ids = Set(server.received.map { $0.headers["request-id"] })
            #expect(ids.count == 1)
            // Two seconds and a short wait; any other call has thirty.
            #expect(ContinuousClock.now - start < .seconds(Limits.callSecondsMax))
        }
    }

    @Test func `a call about a lease takes a third of it, and longer with much to say`() {
        func seconds(_ lease: Double, _ bytes: Int) -> Double {
            var held = Self.lease
            held.expiresInSeconds = lease
            return CoordinatorClient.timeoutSeconds(for: held, bytes: bytes)
        }
        #expect(seconds(30, 0) == 10 && seconds(6, 0) == 2 && seconds(0.5, 0) == 2)
        #expect(seconds(86_400, 0) == 30)
        #expect(seconds(30, 655_360) == 20 && seconds(30, Limits.requestBodyBytesMax) == 30)
    }

    /// The join file has another address; the call goes there, as the same call.
    @Test(arguments: [
        ScriptedServer.Act.hangUp, .answer(status: 401, body: refusal),
        .answer(status: 404, body: "<html>"),
    ])
    func `a call follows a coordinator that has moved`(act: ScriptedServer.Act) throws {
        let answer = ScriptedServer.Act.answer(status: 200, body: #"{"changed":1}"#)
        let (old, new) = (try ScriptedServer([act]), try ScriptedServer([answer]))
        defer {
            old.stop()
            new.stop()
        }
        var environment = CoordinatorClient.Environment(
            sleep: { _ in }, shouldGiveUp: { _ in false }, elapsed: { .zero },
            now: { Timestamp(milliseconds: 1) }, randomBits: TestRandom(seed: 4).bits)
        var seen: [String] = []
        environment.rejoin = { Join(address: new.address) }
        environment.observe = { observation in
            switch observation {
            case .answered(let address): seen.append("answered \(address)")
            case .failed(let address, _): seen.append("failed \(address)")
            case .busy, .silent: seen.append("?")
            }
        }
        let client = try CoordinatorClient(
            Join(address: old.address), environment: environment, isCancelled: { false })
        let changed = try client.cancel("x")
        #expect(changed == 1 && client.join.address == new.address)
        #expect(Set(seen) == ["failed \(old.address)", "answered \(new.address)"])
        let ids = (old.received + new.received).map { $0.headers["request-id"] }
        #expect(Set(ids).count == 1 && new.received.count == 1)
    }

    @Test func `a coordinator that takes its file away costs nobody the token`() throws {
        let server = try ScriptedServer([.hangUp, .answer(status: 200, body: #"{"changed":1}"#)])
        defer { server.stop() }
        var environment = CoordinatorClient.Environment(
            sleep: { _ in }, shouldGiveUp: { _ in false }, elapsed: { .zero },
            now: { Timestamp(milliseconds: 1) }, randomBits: TestRandom(seed: 5).bits)
        environment.rejoin = { Join(address: server.address) }
        let token = AccessToken(role: .worker) { 7 }
        let client = try CoordinatorClient(
            Join(address: server.address, token: token), environment: environment,
            isCancelled: { false })
        let changed = try client.cancel("x")
        #expect(changed == 1)
        let shown = Set(server.received.map { $0.headers["authorization"] })
        #expect(shown == ["Bearer \(token.text)"])
    }

    @Test func `a coordinator that accepts a call and does not answer is told of`() throws {
        let server = try ScriptedServer([.silence])
        defer { server.stop() }
        var (clock, silences) = (0.0, 0)
        var environment = CoordinatorClient.Environment(
            sleep: { _ in }, shouldGiveUp: { _ in true },
            elapsed: {
                clock += 1
                return .seconds(clock)
            }, now: { Timestamp(milliseconds: 1) }, randomBits: TestRandom(seed: 6).bits)
        environment.observe = { observation in
            guard case .silent(server.address, let seconds) = observation else { return }
            #expect(seconds > Limits.silenceSecondsMax)
            silences += 1
        }
        let client = try CoordinatorClient(
            Join(address: server.address), environment: environment,
            isCancelled: { silences > 0 })
        #expect(throws: ClientError.self) { try client.sweeps() }
        #expect(silences == 1)
    }

    @Test func `health is what a coordinator says`() throws {
        try exchange([.answer(status: 200, body: "ok\n")]) { client, _, _ in
            #expect(client.isHealthy())
        }
        try exchange([.answer(status: 404)]) { client, _, _ in #expect(!client.isHealthy()) }
    }

    private static let lease = Lease(
        id: LeaseID(unchecked: "the-lease"), token: LeaseToken(unchecked: "the-token"),
        task: SweepTaskID(unchecked: "t"), sweep: "s", attempt: 1, configuration: .null,
        dataDigest: Digest(of: Data()), expiresInSeconds: 30)
}
