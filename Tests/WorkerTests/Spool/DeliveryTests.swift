import FoundationEssentials
import Logging
import Shared
import TestSupport
import Testing

@testable import Worker

/// What a dead worker finished reaches the coordinator, in order, or is refused for good.
@Suite struct DeliveryTests {
    private static let taken = ScriptedServer.Act.answer(
        status: 200, body: #"{"state":"succeeded","expires_in_seconds":0}"#)

    private static func refusal(_ status: Int, _ code: ErrorCode) throws -> ScriptedServer.Act {
        let body = String(decoding: try WireCoding.encode(ErrorMessage(code, "no")), as: UTF8.self)
        return .answer(status: status, body: body)
    }

    private let directory: TemporaryDirectory
    private let checkpoints: TemporaryDirectory
    private let spool: Spool

    init() throws {
        checkpoints = try TemporaryDirectory()
        directory = try TemporaryDirectory()
        spool = try Spool(directory: directory.path, owner: WorkerName(unchecked: "alive"))
    }

    /// Leaves journals as a worker does that is killed.
    private func leave(_ leases: String..., end: AttemptEnd? = SpoolTests.end) throws {
        let dead = try Spool(directory: directory.path, owner: WorkerName(unchecked: "dead"))
        for lease in leases {
            let journal = try dead.journal(of: SpoolTests.lease(lease))
            try journal.append(SpoolTests.rows)
            if let end { try journal.append(end) }
        }
    }

    /// - Returns: what waits.
    @discardableResult private func deliver(
        to server: ScriptedServer, waiting: Set<String> = [], afterDays days: Double = 0
    ) -> Set<String> {
        ForsakenDelivery(
            spool: spool, access: CoordinatorAccess(address: server.address, stop: StopSignal()),
            shelf: CheckpointShelf(
                directory: checkpoints.path, owner: WorkerName(unchecked: "alive")),
            logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }),
            now: { Timestamp(Date(timeIntervalSinceNow: days * 86_400)) }
        ).deliverAll(waiting)
    }

    private var left: [String] { spool.forsaken().flatMap(\.journals) }

    private static func verbs(_ server: ScriptedServer) -> [String] {
        server.received.map {
            String($0.line.split(separator: "/").suffix(2).joined(separator: " "))
        }
    }

    @Test func `what was finished is told in its order, and gone once it is taken`() throws {
        try leave("l1", "l2", "l3")
        let server = try ScriptedServer([Self.taken])
        defer { server.stop() }
        deliver(to: server)
        #expect(Self.verbs(server) == ["l1 complete", "l2 complete", "l3 complete"])
        #expect(server.received.allSatisfy { $0.headers["lease-token"] == "t1" })
        #expect(left == [])
        #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path).count == 2)
    }

    @Test func `rows that the coordinator lacks are sent first`() throws {
        try leave("l1")
        let server = try ScriptedServer([
            try Self.refusal(409, .metricsGap),
            .answer(status: 200, body: #"{"state":"leased","expires_in_seconds":30}"#), Self.taken,
        ])
        defer { server.stop() }
        deliver(to: server)
        #expect(Self.verbs(server) == ["l1 complete", "l1 metrics", "l1 complete"])
        let sent = try WireCoding.decode(
            MetricsRequest.self, from: Data(server.received[1].body.utf8))
        #expect(sent.rows == SpoolTests.rows && sent.firstSequence == 0)
        #expect(left == [])
    }

    @Test func `a failure is told as one`() throws {
        try leave("l1", end: .failed(FailRequest(error: "diverged", isPermanent: false)))
        let server = try ScriptedServer([Self.taken])
        defer { server.stop() }
        deliver(to: server)
        #expect(Self.verbs(server) == ["l1 fail"])
        #expect(left == [])
    }

    /// What a call is left with when the worker's grace ends while it is being repeated.
    @Test(arguments: [408, 425, 429, 500, 503])
    func `what passes by itself is no last word`(status: Int) {
        let error = ClientError.refused(
            status: status, ErrorMessage(.tooManyRequests, "Later.").error)
        #expect(!error.isFinal)
    }

    @Test(arguments: [
        (409, ErrorCode.leaseLost, false), (422, .trajectoryMismatch, false),
        (409, .metricsConflict, false), (422, .badRequest, false),
        (410, .leaseLost, false), (401, .forbidden, true), (403, .forbidden, true),
        (404, .notFound, true),
    ])
    func `a refusal ends it, but not one that somebody may mend`(
        status: Int, code: ErrorCode, isKept: Bool
    ) throws {
        try leave("l1")
        let checkpoint = try leaveCheckpoint()
        let server = try ScriptedServer([try Self.refusal(status, code)])
        defer { server.stop() }
        let waiting = deliver(to: server)
        // A result that is refused, while the attempt may still speak, may have come of a
        // checkpoint that leads nowhere.
        let isDiscarded = !isKept && code != .leaseLost
        #expect(Self.verbs(server) == (isDiscarded ? ["l1 complete", "l1 fail"] : ["l1 complete"]))
        if isDiscarded {
            let failure = try WireCoding.decode(
                FailRequest.self, from: Data((server.received.last?.body ?? "").utf8))
            #expect(failure.discardsCheckpoint && !failure.isPermanent)
            #expect(failure.error.contains("no"))
        }
        #expect(left.count == (isKept ? 1 : 0))
        #expect(waiting == Set(left))
        // The same checkpoint must not lead there again.
        #expect(FileManager.default.fileExists(atPath: checkpoint) == !isDiscarded)
        // It is asked again, by and by.
        let count = server.received.count
        deliver(to: server, waiting: waiting)
        #expect(server.received.count == (isKept ? 2 : count))
    }

    @Test func `an end of its own that nobody would hear is told again`() throws {
        let journal = try spool.journal(of: SpoolTests.lease("l1"))
        try journal.append(.failed(FailRequest(error: "diverged", isPermanent: false)))
        let server = try ScriptedServer([try Self.refusal(404, .notFound), Self.taken])
        defer { server.stop() }
        // Not before the attempt's own thread has done with it.
        deliver(to: server)
        #expect(server.received.isEmpty)
        spool.leave(journal)
        #expect(deliver(to: server) == [journal.path])
        #expect(deliver(to: server).isEmpty)
        #expect(Self.verbs(server) == ["l1 fail", "l1 fail"])
        #expect(spool.unheard.isEmpty)
    }

    /// Rows that are in neither place say nothing of the checkpoint, which may stand for hours.
    @Test func `a result whose rows are lost discards no checkpoint`() throws {
        try leave("l1")
        try damage("l1", line: 1)
        let checkpoint = try leaveCheckpoint()
        let server = try ScriptedServer([try Self.refusal(409, .metricsGap)])
        defer { server.stop() }
        #expect(deliver(to: server).isEmpty)
        #expect(Self.verbs(server) == ["l1 complete"])
        #expect(FileManager.default.fileExists(atPath: checkpoint))
        #expect(left == [])
    }

    /// Of the task that the journals are of.
    private func leaveCheckpoint() throws -> String {
        let path = "\(checkpoints.path)/\(SpoolTests.lease("l1").task).1.safetensors"
        try Data([1]).write(to: URL(filePath: path))
        return path
    }

    private func damage(_ lease: String, line: Int) throws {
        let path = "\(directory.path)/dead/\(lease).journal"
        var lines = try Data(contentsOf: URL(filePath: path))
            .split(separator: 0x0A, omittingEmptySubsequences: false).map { Data($0) }
        lines[line][70] ^= 4
        try Data(lines.joined(separator: [0x0A])).write(to: URL(filePath: path))
    }

    @Test func `rows that cannot be read do not keep the end from being told`() throws {
        try leave("l1")
        try damage("l1", line: 1)
        let server = try ScriptedServer([Self.taken])
        defer { server.stop() }
        deliver(to: server)
        #expect(Self.verbs(server) == ["l1 complete"])
        #expect(left == [])
    }

    @Test func `what cannot be read is kept until it is too old`() throws {
        try leave("l1")
        try damage("l1", line: 2)
        // As a file that the disk does not give.
        try FileManager.default.createDirectory(
            atPath: directory.path + "/dead/l2.journal", withIntermediateDirectories: false)
        let server = try ScriptedServer([Self.taken])
        defer { server.stop() }
        #expect(deliver(to: server).count == 2)
        #expect(left.count == 2)
        deliver(to: server, afterDays: Limits.daysKeptMax + 1)
        #expect(left == [directory.path + "/dead/l2.journal"])
        #expect(server.received.isEmpty)
    }

    @Test func `trouble is no answer`() throws {
        try leave("l1")
        let server = try ScriptedServer([
            .answer(status: 503, body: ""), .hangUp, try Self.refusal(503, .unavailable),
            Self.taken,
        ])
        defer { server.stop() }
        deliver(to: server)
        #expect(server.received.count == 4)
        #expect(Set(server.received.map { $0.headers["request-id"] }).count == 1)
        #expect(left == [])
    }

    private func killed(_ server: ScriptedServer) throws -> [KilledRequest] {
        try server.received.map { call in
            #expect(call.line.contains("/killed"))
            return try WireCoding.decode(KilledRequest.self, from: Data(call.body.utf8))
        }
    }

    @Test func `attempts under way when the worker died are reported with their number`() throws {
        try leave("l1", "l2", end: nil)
        try leave("l3")
        let missing = try Self.refusal(404, .notFound)
        let server = try ScriptedServer { received in
            received.line.contains("/l2/killed") ? missing : Self.taken
        }
        // One cannot be reported yet: all journals that say how many they were stay.
        let waiting = deliver(to: server)
        #expect(Self.verbs(server).sorted() == ["l1 killed", "l2 killed", "l3 complete"])
        #expect(waiting.count == 2 && left.count == 2)
        server.stop()
        let next = try ScriptedServer([Self.taken])
        defer { next.stop() }
        #expect(deliver(to: next, waiting: waiting).isEmpty)
        let reports = try killed(next)
        #expect(reports.map(\.beside) == [1, 1])
        #expect(reports.allSatisfy { $0.reason.hasPrefix("killed, probably out of memory") })
        #expect(left == [])
    }

    @Test func `one that was told to stop, or went down with its machine, was not killed`() throws {
        try leave("l1", end: nil)
        try Data().write(to: URL(filePath: directory.path + "/dead/stopping"))
        let server = try ScriptedServer([Self.taken])
        defer { server.stop() }
        deliver(to: server)
        #expect(server.received.isEmpty)
        #expect(left == [])
    }
}
