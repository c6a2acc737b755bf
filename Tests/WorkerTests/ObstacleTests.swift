import Dispatch
import Foundation
import Logging
import Shared
import Synchronization
import TestSupport
import Testing

@testable import Worker

/// What stands in a worker's way costs neither the task nor the slot.
@Suite struct ObstacleTests {
    private static let accepted = ScriptedServer.Act.answer(
        status: 200, body: #"{"state":"leased","expires_in_seconds":30}"#)

    private static func missing() throws -> ScriptedServer.Act {
        let body = try WireCoding.encode(ErrorMessage(.notFound, "There is no such lease."))
        return .answer(status: 404, body: String(decoding: body, as: UTF8.self))
    }

    /// Runs a worker that gets one lease, until a call whose address ends so has come so often.
    /// - Parameter act: what else it is answered, by the call's last word; nil: all is well.
    private static func run(
        _ lease: String, until line: String, times: Int = 1, hasData: Bool = true,
        stopAt stopLine: String? = nil, in folder: TemporaryDirectory,
        act: @escaping @Sendable (_ verb: String, _ count: Int) throws -> ScriptedServer.Act?
    ) async throws -> [ScriptedServer.Received] {
        let counts = Mutex<[String: Int]>([:])
        let server = try ScriptedServer { request in
            let verb = String(request.line.split(separator: "/").last ?? "")
            let count = counts.withLock { counts in
                counts[verb, default: 0] += 1
                return counts[verb] ?? 0
            }
            if verb == "leases" {
                return count == 1 ? .answer(status: 200, body: lease) : .answer(status: 204)
            }
            return (try? act(verb, count)) ?? accepted
        }
        defer { server.stop() }
        if hasData {
            let file = try WorkerLoopTests.dataset.serialized()
            try file.write(to: URL(filePath: "\(folder.path)/\(Digest(of: file)).safetensors"))
        }
        let stop = StopSignal()
        let loop = try WorkerLoopTests.loop(server, stop, idleExit: nil, folder: folder)
        let ended = DispatchSemaphore(value: 0)
        DispatchQueue(label: "worker").async {
            _ = loop.run()
            ended.signal()
        }
        func isCalled(_ line: String, times: Int = 1) async throws {
            try await eventually("\(line) is called") {
                server.received.count { $0.line.hasSuffix(line) } >= times
            }
        }
        if let stopLine {
            try await isCalled(stopLine)
            stop.set("the test says so")
        }
        try await isCalled(line, times: times)
        stop.set("the test ends")
        try await eventually("the worker ends") {
            ended.wait(timeout: .now()) == .success
        }
        return server.received
    }

    private static func reason(_ received: [ScriptedServer.Received]) throws -> String {
        let call = try #require(received.first { $0.line.hasSuffix("/hand_back") })
        return try WireCoding.decode(HandBackRequest.self, from: call.bytes).reason
    }

    @Test func `a data set that the coordinator does not give hands the task back`() async throws {
        let received = try await Self.run(
            WorkerLoopTests.lease(expiresInSeconds: 0.5), until: "/hand_back", hasData: false,
            in: TemporaryDirectory()
        ) { verb, _ in verb.count == 64 ? .answer(status: 503) : nil }
        #expect(try Self.reason(received).contains("could not be fetched"))
        #expect(!received.contains { $0.line.hasSuffix("/fail") })
    }

    @Test func `a worker told to end while it fetches hands the task back at once`() async throws {
        // Where the fetch is not broken off, the grace is over before anything can be handed back.
        let digest = Digest(of: try WorkerLoopTests.dataset.serialized())
        let received = try await Self.run(
            WorkerLoopTests.lease(), until: "/hand_back", hasData: false,
            stopAt: "\(digest)", in: TemporaryDirectory()
        ) { verb, _ in verb.count == 64 ? .silence : nil }
        #expect(try Self.reason(received) == "the worker stops: the test says so")
    }

    @Test func `a lease that is lost while it fetches frees the slot`() async throws {
        let lost = String(
            decoding: try WireCoding.encode(ErrorMessage(.leaseLost, "lost")), as: UTF8.self)
        let received = try await Self.run(
            WorkerLoopTests.lease(expiresInSeconds: 0.5), until: "/leases", times: 2,
            hasData: false, in: TemporaryDirectory()
        ) { verb, _ in
            verb.count == 64 ? .silence : verb == "metrics" ? .answer(status: 409, body: lost) : nil
        }
        #expect(!received.contains { $0.line.hasSuffix("/hand_back") })
    }

    @Test func `a checkpoint that the coordinator does not give costs what it had, no more`()
        async throws
    {
        let reference = CheckpointReference(
            epochsCompleted: 1, digest: Digest(of: Data()), bytes: 1_000)
        let received = try await Self.run(
            WorkerLoopTests.lease(expiresInSeconds: 0.5, checkpoint: reference),
            until: "/complete", in: TemporaryDirectory()
        ) { verb, _ in verb == "checkpoint" ? .hangUp : nil }
        #expect(received.contains { $0.line == "GET /v1/leases/l1/checkpoint" })
    }

    @Test func `a journal that cannot be made hands the task back`() async throws {
        let folder = try TemporaryDirectory()
        try FileManager.default.createDirectory(
            atPath: folder.path + "/spool/w/l1.journal", withIntermediateDirectories: true)
        let received = try await Self.run(
            WorkerLoopTests.lease(), until: "/hand_back", in: folder
        ) { _, _ in nil }
        #expect(try Self.reason(received).hasPrefix("the attempt could not begin: "))
    }

    @Test func `an end that nobody would hear is told again, and holds nothing up`() async throws {
        let folder = try TemporaryDirectory()
        let received = try await Self.run(
            WorkerLoopTests.lease(), until: "/complete", times: 3, in: folder
        ) { verb, count in verb == "complete" && count < 3 ? try Self.missing() : nil }
        let first = try #require(received.firstIndex { $0.line.hasSuffix("/complete") })
        #expect(received[first...].contains { $0.line == "POST /v1/leases" })
        let left = try FileManager.default.contentsOfDirectory(atPath: folder.path + "/spool/w")
        #expect(left.filter { $0.hasSuffix(".journal") } == [])
    }
}
