import Foundation
import HTTPTypes
import HummingbirdTesting
import Shared
import TestSupport
import Testing

@testable import Coordinator

@Suite(.timeLimit(.minutes(10))) struct LeaseRoutesTests {
    static let rows = StoreWorld.rows(epochs: 2)

    @Test
    func `a task's life: leased, measured, completed, each repeat answered with the same bytes`()
        async throws
    {
        try await ServerWorld().test(.live) { client in
            let created = try await client.post("/v1/sweeps", ServerWorld.sweep(), id: "submit")
            #expect(created.status == 201)
            #expect(try created.decoded(SweepCreated.self).taskCount == 6)
            let leases = try await client.lease(slots: 2, id: "lease")
            #expect(try await client.lease(slots: 2, id: "lease") == leases)
            let lease = try #require(leases.first)
            #expect(leases.count == 2 && lease.attempt == 1 && lease.expiresInSeconds == 30)
            #expect(lease.sweep == "study" && lease.configuration["epochs"] == .integer(2))
            let metrics = MetricsRequest(firstSequence: 0, rows: Self.rows, epochsCompleted: 2)
            for _ in 0..<2 {
                let answer = try await client.tell(lease, "metrics", metrics)
                #expect(answer.body == #"{"expires_in_seconds":30,"state":"leased"}"#)
            }
            for id in ["complete", "complete", "another"] {
                let answer = try await client.tell(
                    lease, "complete", StoreWorld.result(epochs: 2), id: id)
                #expect(answer.body == #"{"expires_in_seconds":0,"state":"succeeded"}"#)
            }
            let status = try await client.get("/v1/sweeps/study").decoded(SweepStatus.self)
            #expect(status.count(.succeeded) == 1 && status.count(.leased) == 1)
        }
    }

    @Test func `failing and handing back answer with the task's next state`() async throws {
        try await ServerWorld().test { client in
            _ = try await client.post("/v1/sweeps", ServerWorld.sweep())
            let leases = try await client.lease(slots: 3)
            let failure = FailRequest(error: "loss is NaN", isPermanent: false)
            #expect(try await client.tell(leases[0], "fail", failure).body.contains(#""ready""#))
            let end = FailRequest(error: "loss is NaN", isPermanent: true)
            #expect(try await client.tell(leases[1], "fail", end).body.contains(#""failed""#))
            let back = HandBackRequest(reason: "drain")
            #expect(try await client.tell(leases[2], "hand_back", back).body.contains(#""ready""#))
            let again = try await client.tell(leases[2], "hand_back", back)
            #expect(again.status == 409 && again.code == .leaseLost)
            #expect(
                again.message?.error.message == "The lease is lost: the attempt is handed back.")
        }
    }

    /// Written by hand around texts that are JSON already.
    @Test func `an answer is what an encoder would write`() async throws {
        try await ServerWorld().test { client in
            _ = try await client.post(
                "/v1/sweeps", ServerWorld.sweep(name: "a \\u0022quoted\\u0022 name"))
            let answer = try await client.askForTask(slots: 2)
            let response = try answer.decoded(LeaseResponse.self)
            #expect(response.leases.count == 2)
            #expect(try WireCoding.encode(response) == Data(answer.body.utf8))
            let lease = try #require(response.leases.first)
            let metrics = MetricsRequest(firstSequence: 0, rows: Self.rows, epochsCompleted: 2)
            let told = try await client.tell(lease, "metrics", metrics)
            let wanted = LeaseAnswer(state: .leased, expiresInSeconds: 30)
            #expect(try WireCoding.encode(wanted) == Data(told.body.utf8))
        }
    }

    @Test(arguments: ["", "a\\u0000b", "a\\nb", "\\u007f"])
    func `a metric whose name is no plain text is refused`(name: String) async throws {
        try await ServerWorld().test { client in
            _ = try await client.post("/v1/sweeps", ServerWorld.sweep())
            let lease = try #require(try await client.lease().first)
            let row = "{\"epoch\":1,\"split\":\"test\",\"values\":{\"\(name)\":1}}"
            for (verb, body) in [
                ("metrics", "{\"epochs_completed\":1,\"first_sequence\":0,\"rows\":[\(row)]}"),
                (
                    "complete",
                    "{\"epochs_completed\":2,\"row_count\":1,\"rows\":[\(row)],"
                        + "\"trajectory_sha256\":\"\(Digest(of: [1]))\"}"
                ),
            ] {
                let answer = try await client.post(
                    "/v1/leases/\(lease.id)/\(verb)", body, token: lease.token.rawValue)
                #expect(answer.status == 400 && answer.code == .badRequest, "\(answer.body)")
            }
        }
    }

    @Test func `what the store refuses has its code and status`() async throws {
        try await ServerWorld().test { client in
            _ = try await client.post("/v1/sweeps", ServerWorld.sweep())
            let lease = try #require(try await client.lease().first)
            let metrics = { MetricsRequest(firstSequence: $0, rows: Self.rows, epochsCompleted: 2) }
            var answer = try await client.tell(lease, "metrics", metrics(5))
            #expect(answer.status == 409 && answer.code == .metricsGap)
            _ = try await client.tell(lease, "metrics", metrics(0))
            var other = metrics(0)
            other.rows[0].values = [:]
            answer = try await client.tell(lease, "metrics", other)
            #expect(answer.status == 409 && answer.code == .metricsConflict)
            var result = StoreWorld.result(epochs: 2)
            result.trajectory = Digest(of: [1])
            answer = try await client.tell(lease, "complete", result)
            #expect(answer.status == 422 && answer.code == .trajectoryMismatch)
            result.epochsCompleted = 1
            answer = try await client.tell(lease, "complete", result)
            #expect(answer.status == 422 && answer.code == .badRequest)
            _ = try await client.post("/v1/sweeps/study/cancel")
            answer = try await client.tell(lease, "metrics", metrics(2))
            #expect(answer.status == 409 && answer.code == .leaseLost)
        }
    }

    @Test func `a token proves its lease alone`() async throws {
        try await ServerWorld().test { client in
            _ = try await client.post("/v1/sweeps", ServerWorld.sweep())
            let leases = try await client.lease(slots: 2)
            let other = leases[1].token.rawValue
            for token in [nil, "", "x", other] {
                for verb in ["metrics", "complete", "fail", "hand_back"] {
                    let answer = try await client.post(
                        "/v1/leases/\(leases[0].id)/\(verb)", token: token)
                    #expect(answer.status == 403 && answer.code == .forbidden)
                }
            }
        }
    }

    @Test(arguments: [
        (#"{"host":"h","slots":1,"wait_seconds":0}"#, "the field 'worker' is missing"),
        (#"{"worker":"a/b","host":"h","slots":1,"wait_seconds":0}"#, "the field 'worker' is wrong"),
        (#"{"worker":"w","host":"h","slots":0,"wait_seconds":0}"#, "slots must be 1 to 1024"),
        (#"{"worker":"w","host":"h","slots":1025,"wait_seconds":0}"#, "slots must be 1 to 1024"),
        (#"{"worker":"w","host":"h","slots":1,"wait_seconds":61}"#, "wait_seconds 0 to 60"),
        (#"{"worker":"w","host":"h","slots":1,"wait_seconds":-1}"#, "wait_seconds 0 to 60"),
        (#"{"worker":"w","host":"\u001b[2J","slots":1,"wait_seconds":0}"#, "control characters"),
        (#"{"worker":"w","host":"h","slots":"1","wait_seconds":0}"#, "'slots' must be of type Int"),
        (#"{"worker":"w","host":"h","slots":1.5,"wait_seconds":0}"#, "does not fit its field"),
        ("", "not valid JSON"), ("[]", "it must be of type"), ("{", "not valid JSON"),
        (#"{"worker":"w","host":"h","slots":1,"wait_seconds":0"#, "not valid JSON"),
    ])
    func `a call for tasks that is wrong is told what is wrong`(body: String, sentence: String)
        async throws
    {
        try await ServerWorld().test { client in
            let isWhole = body.hasSuffix("0}") || body.hasSuffix("1}")
            let selfTest = "," + SelfTestReport.right.member + "}"
            let answer = try await client.post(
                "/v1/leases", isWhole ? body.dropLast() + selfTest : body)
            #expect(answer.status == 400 && answer.code == .badRequest)
            #expect(answer.message?.error.message.contains(sentence) == true, "\(answer.body)")
        }
    }

    @Test func `metrics beyond the limits are refused`() async throws {
        try await ServerWorld().test { client in
            _ = try await client.post("/v1/sweeps", ServerWorld.sweep())
            let lease = try #require(try await client.lease().first)
            let row = Self.rows[0]
            var wide = row
            wide.values = Dictionary(
                uniqueKeysWithValues: (0...Limits.metricsPerRowMax).map {
                    ("m\($0)", MetricValue(0))
                })
            var long = row
            long.values = [String(repeating: "m", count: 129): MetricValue(0)]
            // Each part is allowed, the whole is not.
            var heavy = row
            heavy.values = Dictionary(
                uniqueKeysWithValues: (10..<50).map {
                    ("\($0)" + String(repeating: "m", count: 120), MetricValue(0))
                })
            var late = row
            late.epoch = 0
            for (sequence, rows, epochs) in [
                (-1, [row], 1), (0, [wide], 1), (0, [long], 1), (0, [late], 1),
                (0, [heavy], 1), (0, [row], -1),
                (0, [row], Int.max),
                (0, [MetricRow](repeating: row, count: Limits.rowsPerRequestMax + 1), 1),
            ] {
                let answer = try await client.tell(
                    lease, "metrics",
                    MetricsRequest(firstSequence: sequence, rows: rows, epochsCompleted: epochs))
                #expect(answer.status == 400 && answer.code == .badRequest)
            }
        }
    }

    @Test func `a worker that waits gets the task as soon as there is one`() async throws {
        let world = try await ServerWorld()
        try await world.test { client in
            async let waiting = client.lease(wait: 60)
            while world.server.store.workersSeen.all().isEmpty { await Task.yield() }
            _ = try await client.post("/v1/sweeps", ServerWorld.sweep())
            #expect(try await waiting.count == 1)
        }
    }

    @Test func `a coordinator that is about to stop hands out nothing and lets nobody wait`()
        async throws
    {
        let world = try await ServerWorld()
        try await world.test { client in
            async let waiting = client.lease(wait: 60)
            while world.server.store.workersSeen.all().isEmpty { await Task.yield() }
            world.server.ready.close()
            #expect(try await waiting.isEmpty)
            _ = try await client.post("/v1/sweeps", ServerWorld.sweep())
            let answer = try await client.askForTask()
            #expect(answer.status == 503 && answer.code == .unavailable)
            #expect(answer.headers[.retryAfter] == "1")
        }
    }
}
