import Dispatch
import Foundation
import Logging
import Shared
import Synchronization
import TestSupport
import Testing

@testable import Worker

/// A whole worker in this process, with a coordinator that says what a script says.
@Suite struct WorkerLoopTests {
    static let dataset = EmbeddedDataset.make()

    static func lease(
        expiresInSeconds: Double = 600, checkpoint: CheckpointReference? = nil
    ) throws -> String {
        let configuration = KPathConfiguration(
            dataset: EmbeddedDataset.name, trainExamples: 16, testExamples: 8, domains: 3,
            hiddenWidth: 4, gate: GateRecipe(family: .plusMod(k: 1)), batchSize: 8, epochs: 1,
            optimizer: .sgd(.init(learningRate: 0.1)))
        let lease = Lease(
            id: LeaseID(unchecked: "l1"), token: LeaseToken(unchecked: "t1"),
            task: SweepTaskID(unchecked: "a1"), sweep: "s", attempt: 1,
            configuration: Configuration.kPath(configuration).json,
            dataDigest: Digest(of: try dataset.serialized()), expiresInSeconds: expiresInSeconds,
            checkpoint: checkpoint)
        let answer = LeaseResponse(leases: [lease])
        return String(decoding: try WireCoding.encode(answer), as: UTF8.self)
    }

    private static let accepted = ScriptedServer.Act.answer(
        status: 200, body: #"{"state":"ready","expires_in_seconds":0}"#)

    static func loop(
        _ server: ScriptedServer, _ stop: StopSignal, selfTest: SelfTestReport = .right,
        idleExit: Duration?, available: Int? = nil, folder: TemporaryDirectory,
        waitForTheDead: Duration = .seconds(30)
    ) throws -> WorkerLoop {
        let name = WorkerName(unchecked: "w")
        return WorkerLoop(
            name: name, host: "h", bootID: "b", selfTest: selfTest,
            roster: Roster(AdmissionTests.admission()) { available }, idleExit: idleExit,
            access: CoordinatorAccess(address: server.address, stop: stop),
            cache: DatasetCache(directory: folder.path, logger: Logger(label: "test")),
            shelf: CheckpointShelf(directory: folder.path + "/checkpoints", owner: name),
            spool: try Spool(directory: folder.path + "/spool", owner: name),
            logger: Logger(label: "test"), waitForTheDead: waitForTheDead,
            spoolSearchSeconds: 0.2)
    }

    private static func refusal(_ code: ErrorCode) throws -> ScriptedServer.Act {
        let body = try WireCoding.encode(ErrorMessage(code, "no"))
        return .answer(status: 403, body: String(decoding: body, as: UTF8.self))
    }

    /// Runs a worker until it ends by itself, or until the script's calls have come.
    /// - Parameter metrics: the answer to each of these calls, outside of the script's order.
    private static func run(
        _ script: [ScriptedServer.Act], idleExit: Duration?, until line: String? = nil,
        available: Int?, waitForTheDead: Duration = .seconds(30),
        metrics: ScriptedServer.Act? = nil,
        prepare: (_ spool: String) throws -> Void = { _ in }
    ) async throws -> [ScriptedServer.Received] {
        let left = Mutex(script)
        let folder = try TemporaryDirectory()
        let server = try ScriptedServer { received in
            if let metrics, received.line.hasSuffix("/metrics") { return metrics }
            return left.withLock { $0.count > 1 ? $0.removeFirst() : $0.first ?? .hangUp }
        }
        defer { server.stop() }
        let file = try dataset.serialized()
        try file.write(
            to: URL(filePath: "\(folder.path)/\(Digest(of: file)).safetensors"))
        try prepare(folder.path + "/spool")
        let stop = StopSignal()
        let loop = try Self.loop(
            server, stop, idleExit: idleExit, available: available, folder: folder,
            waitForTheDead: waitForTheDead)
        let ended = DispatchSemaphore(value: 0)
        DispatchQueue(label: "worker").async {
            _ = loop.run()
            ended.signal()
        }
        if let line {
            try await eventually("\(line) is called") {
                server.received.contains { $0.line.hasSuffix(line) }
            }
            stop.set("the test ends")
        }
        try await eventually("the worker ends") {
            ended.wait(timeout: .now()) == .success
        }
        return server.received
    }

    @Test func `a task that does not fit the host is handed back with the figures`() async throws {
        let received = try await Self.run(
            [.answer(status: 200, body: Self.lease()), Self.accepted], idleExit: nil,
            until: "/hand_back", available: 10 << 20)
        #expect(
            received.map(\.line).prefix(2) == ["POST /v1/leases", "POST /v1/leases/l1/hand_back"])
        let message = try WireCoding.decode(
            HandBackRequest.self, from: Data((received.dropFirst().first?.body ?? "").utf8))
        #expect(message.reason.hasPrefix("the task needs "), "\(message.reason)")
        #expect(message.reason.hasSuffix("the host has 10 MB left; a host with more may take it"))
    }

    @Test func `a task that fits is trained and completed`() async throws {
        let received = try await Self.run(
            [.answer(status: 200, body: Self.lease()), Self.accepted], idleExit: nil,
            until: "/complete", available: 1 << 40)
        #expect(received.first?.line == "POST /v1/leases")
        let request = try WireCoding.decode(
            LeaseRequest.self, from: Data((received.first?.body ?? "").utf8))
        #expect(request.slots == 1)
        #expect(received.contains { $0.line.hasSuffix("/metrics") })
    }

    /// As those of a checkpoint that the coordinator does not believe: it must not be used again.
    @Test func `an attempt whose rows are refused fails, and discards the task's checkpoint`()
        async throws
    {
        let body = try WireCoding.encode(ErrorMessage(.badRequest, "no such epoch"))
        let refusal = ScriptedServer.Act.answer(
            status: 422, body: String(decoding: body, as: UTF8.self))
        let received = try await Self.run(
            [.answer(status: 200, body: Self.lease()), Self.accepted], idleExit: nil,
            until: "/fail", available: 1 << 40, metrics: refusal)
        let call = try #require(received.first { $0.line.hasSuffix("/fail") })
        let failure = try WireCoding.decode(FailRequest.self, from: Data(call.body.utf8))
        #expect(failure.discardsCheckpoint && !failure.isPermanent)
        #expect(failure.error.contains("no such epoch"))
    }

    @Test func `a worker whose self-test is refused ends at once, and says why`() async throws {
        let folder = try TemporaryDirectory()
        let server = try ScriptedServer([try Self.refusal(.selfTestFailed)])
        defer { server.stop() }
        var loop = try Self.loop(server, StopSignal(), idleExit: nil, folder: folder)
        #expect(loop.run() == .refused(reason: "no"))
        #expect(server.received.count == 1)

        // One that knows itself asks for nothing, and lets the coordinator know.
        var answers = KnownAnswers.byCase
        answers["adam"] = "x"
        loop = try Self.loop(
            server, StopSignal(), selfTest: SelfTestReport(kernels: "k", answers: answers),
            idleExit: nil, folder: TemporaryDirectory())
        #expect(loop.tellOfFailedSelfTest() == "no")
        let told = try WireCoding.decode(
            LeaseRequest.self, from: Data((server.received.last?.body ?? "").utf8))
        #expect(told.selfTest.wrongCases == ["adam"] && told.waitSeconds == 0)
    }

    @Test func `a worker whose host is set aside waits, and trains once it is let back`()
        async throws
    {
        let start = ContinuousClock.now
        let received = try await Self.run(
            [
                try Self.refusal(.setAside), .answer(status: 200, body: Self.lease()),
                Self.accepted,
            ], idleExit: nil, until: "/complete", available: 1 << 40)
        #expect(received.prefix(2).allSatisfy { $0.line == "POST /v1/leases" })
        #expect(ContinuousClock.now - start >= .seconds(Limits.refusedPauseSeconds))
    }

    @Test func `the longer a host is set aside, the less often it asks`() {
        var patience = Patience()
        let setAside = ClientError.refused(status: 403, .init(code: .setAside, message: ""))
        #expect(
            (0..<6).map { _ in patience.seconds(after: setAside) } == [5, 10, 20, 40, 60, 60])
        let other = ClientError.refused(status: 403, .init(code: .forbidden, message: ""))
        #expect(patience.seconds(after: other) == Limits.refusedPauseSeconds)
    }

    @Test func `what a dead worker has finished is told before anything is asked for`()
        async throws
    {
        let received = try await Self.run(
            [.hangUp, Self.accepted, .answer(status: 204)], idleExit: .milliseconds(300),
            available: nil, prepare: Self.leaveFailure)
        #expect(
            received.prefix(3).map(\.line) == [
                "POST /v1/leases/l7/fail", "POST /v1/leases/l7/fail", "POST /v1/leases",
            ])
    }

    @Test func `what the coordinator cannot take keeps nobody from work for ever`() async throws {
        let received = try await Self.run(
            [.answer(status: 500)], idleExit: nil, until: "/v1/leases", available: nil,
            waitForTheDead: .milliseconds(300), prepare: Self.leaveFailure)
        #expect(received.first?.line == "POST /v1/leases/l7/fail")
    }

    /// As a worker that died.
    private static func leaveFailure(_ spool: String) throws {
        let dead = try Spool(directory: spool, owner: WorkerName(unchecked: "dead"))
        try dead.journal(of: SpoolTests.lease("l7")).append(
            .failed(FailRequest(error: "diverged", isPermanent: false)))
    }

    @Test func `a worker with nothing to do ends when it was told to`() async throws {
        let received = try await Self.run(
            [.answer(status: 204)], idleExit: .milliseconds(300), available: nil)
        #expect(received.allSatisfy { $0.line == "POST /v1/leases" } && !received.isEmpty)
    }
}
