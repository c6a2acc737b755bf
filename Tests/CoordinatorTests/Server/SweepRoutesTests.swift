import Foundation
import HTTPTypes
import HummingbirdTesting
import NIOCore
import Shared
import Testing

@testable import Coordinator

@Suite(.timeLimit(.minutes(10))) struct SweepRoutesTests {
    @Test func `a sweep is stored once, however often it is submitted`() async throws {
        try await ServerWorld().test { client in
            let first = try await client.post("/v1/sweeps", ServerWorld.sweep(), id: "a")
            let second = try await client.post("/v1/sweeps", ServerWorld.sweep(), id: "a")
            #expect(first.status == 201 && second.status == 201 && first.body == second.body)
            let list = try await client.get("/v1/sweeps").decoded(SweepList.self)
            #expect(list.sweeps.map(\.taskCount) == [6])
            let other = try await client.post(
                "/v1/sweeps", ServerWorld.sweep(name: "other"), id: "a")
            #expect(other.status == 422 && other.code == .requestIDReused)
        }
    }

    @Test func `a wrong sweep is told all its mistakes, and nothing is stored`() async throws {
        let world = try await ServerWorld()
        try await world.test { client in
            let wrong = ServerWorld.sweep()
                .replacingOccurrences(of: #""epochs":2"#, with: #""epoch":2"#)
                .replacingOccurrences(of: #""classes":2"#, with: #""classes":"two""#)
            let answer = try await client.post("/v1/sweeps", wrong)
            #expect(answer.status == 422 && answer.code == .invalidSweep)
            let error = try #require(answer.message).error
            #expect(error.details.count >= 2)
            #expect(error.details.contains { $0.hasPrefix("base.epoch: found an unknown key") })
            #expect(error.message == "The sweep has \(error.details.count) mistakes:")
            #expect(try await client.get("/v1/sweeps").body == #"{"sweeps":[]}"#)
        }
    }

    @Test(arguments: [
        ("[1, 2", 400, ErrorCode.badRequest, "byte 5: a comma or the end of an array"),
        (#"{"name":1,"name":2}"#, 400, .badRequest, #"the key "name" stands there a second time"#),
        ("1e400", 400, .badRequest, "larger than any float64"),
        ("[]", 422, .invalidSweep, "a mistake"), ("7", 422, .invalidSweep, "a mistake"),
    ])
    func `what is no sweep at all is refused`(
        body: String, status: Int, code: ErrorCode, sentence: String
    ) async throws {
        try await ServerWorld().test { client in
            let answer = try await client.post("/v1/sweeps", body)
            #expect(answer.status == status && answer.code == code)
            #expect(answer.message?.error.message.contains(sentence) == true, "\(answer.body)")
        }
    }

    @Test func `a sweep of 10^12 tasks is refused at once, with its size`() async throws {
        try await ServerWorld().test { client in
            let numbers = Array(1...1_000)
            let axes = ["seeds.weights", "seeds.data", "seeds.gate", "hidden_width"].map {
                "{\"\($0)\":\(numbers)}"
            }
            let sweep = ServerWorld.sweep().replacingOccurrences(
                of: #""axes":["#, with: #""axes":["# + axes.joined(separator: ",") + ","
            )
            .replacingOccurrences(of: #"{"seeds.weights":[1, 2, 3]},"#, with: "")
            let answer = try await client.post("/v1/sweeps", sweep)
            #expect(answer.status == 422 && answer.code == .invalidSweep)
            #expect(answer.body.contains("found 2000000000000 tasks, wanted at most 100000"))
        }
    }

    @Test func `an unknown data set is named, with those that are known`() async throws {
        try await ServerWorld().test { client in
            let answer = try await client.post("/v1/sweeps", ServerWorld.sweep(dataset: "mnist"))
            #expect(answer.status == 422 && answer.code == .unknownDataset)
            #expect(
                answer.message?.error.message == """
                    The data set 'mnist' is not known to the coordinator; known are: tiny, \
                    embedded-digits. `gdln-coordinator data add mnist DIR` makes it known.
                    """)
        }
    }

    @Test func `cancel and retry say how many tasks they changed`() async throws {
        try await ServerWorld().test { client in
            _ = try await client.post("/v1/sweeps", ServerWorld.sweep())
            _ = try await client.lease()
            #expect(try await client.post("/v1/sweeps/study/cancel").body == #"{"changed":6}"#)
            #expect(try await client.post("/v1/sweeps/study/cancel").body == #"{"changed":0}"#)
            #expect(try await client.post("/v1/sweeps/study/retry").body == #"{"changed":6}"#)
            #expect(try await client.lease(slots: 9).count == 6)
        }
    }

    @Test(arguments: ["", "/report.csv", "/history.csv", "/manifest.json"])
    func `an unknown sweep is not found`(path: String) async throws {
        try await ServerWorld().test { client in
            let answer = try await client.get("/v1/sweeps/nobody" + path)
            #expect(answer.status == 404 && answer.code == .notFound)
            #expect(
                answer.message?.error.message == "There is no sweep with the id or name 'nobody'.")
        }
    }

    @Test func `a sweep's name may have spaces, and the newest of a name is meant`() async throws {
        try await ServerWorld().test { client in
            for seed in [[1], [2, 3]] {
                _ = try await client.post(
                    "/v1/sweeps", ServerWorld.sweep(name: "my study ä", seeds: seed))
            }
            let status = try await client.get("/v1/sweeps/my%20study%20%C3%A4")
            #expect(try status.decoded(SweepStatus.self).taskCount == 4)
        }
    }

    @Test func `the files have their types`() async throws {
        try await ServerWorld().test(.live) { client in
            _ = try await client.post("/v1/sweeps", ServerWorld.sweep())
            let report = try await client.get("/v1/sweeps/study/report.csv")
            #expect(report.status == 200)
            #expect(report.headers[.contentType] == "text/csv; charset=utf-8")
            #expect(report.body.hasPrefix("sweep,position,task,state,complete,seeds.weights,"))
            #expect(report.body.split(separator: "\r\n").count == 7)
            let runtime = try await client.get("/v1/sweeps/study/report.csv?runtime=1")
            #expect(runtime.body.contains("attempts,host,started_at,seconds,rechecked_on\r\n"))
            let manifest = try await client.get("/v1/sweeps/study/manifest.json")
            #expect(manifest.headers[.contentType] == "application/json")
            #expect(try JSONValue(parsing: Data(manifest.body.utf8))["task_count"] == .integer(6))
        }
    }

    /// What people and workers wrote stands in them.
    @Test func `no browser shows a file, whatever it takes it for`() async throws {
        let world = try await ServerWorld()
        let digest = Digest(of: try ServerWorld.tiny.serialized())
        try await world.test(.live) { client in
            _ = try await client.post("/v1/sweeps", ServerWorld.sweep())
            let sweep = "/v1/sweeps/study/"
            for path in [
                sweep + "report.csv", sweep + "history.csv", sweep + "manifest.json",
                "/v1/datasets/\(digest)",
            ] {
                let answer = try await client.get(path)
                #expect(answer.status == 200, "\(path)")
                #expect(answer.headers[.contentDisposition] == "attachment", "\(path)")
                #expect(answer.headers[.xContentTypeOptions] == "nosniff", "\(path)")
            }
        }
    }
}
