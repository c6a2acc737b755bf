import FoundationEssentials
import Logging
import Shared
import TestSupport
import Testing

@testable import Worker

/// What one attempt measured reaches the coordinator in order and once, whatever the network does.
@Suite struct AttemptReporterTests {
    private static let accepted = ScriptedServer.Act.answer(
        status: 200, body: #"{"state":"leased","expires_in_seconds":30}"#)

    private static func row(_ epoch: Int) -> MetricRow {
        MetricRow(epoch: epoch, split: .test, values: ["loss_trained_paths": MetricValue(0.5)])
    }

    private static func lease(expiresInSeconds: Double = 600) throws -> Lease {
        Lease(
            id: LeaseID(unchecked: "l1"), token: LeaseToken(unchecked: "t1"),
            task: SweepTaskID(unchecked: "a1"), sweep: "s", attempt: 1,
            configuration: .object([:]), dataDigest: Digest(of: Data()),
            expiresInSeconds: expiresInSeconds)
    }

    private let directory: TemporaryDirectory
    private let journal: AttemptJournal

    init() throws {
        directory = try TemporaryDirectory()
        journal = try AttemptJournal(of: Self.lease(), at: directory.path + "/l1.journal")
    }

    private func reporter(_ server: ScriptedServer, _ lease: Lease) throws -> AttemptReporter {
        let reporter = AttemptReporter(
            lease: lease, journal: journal, logger: Logger(label: "test"))
        try reporter.start(CoordinatorAccess(address: server.address, stop: StopSignal()))
        return reporter
    }

    private static func sent(_ server: ScriptedServer) throws -> [MetricsRequest] {
        try server.received.map {
            try WireCoding.decode(MetricsRequest.self, from: Data($0.body.utf8))
        }
    }

    @Test func `rows go out in order, under the lease's token, each once`() throws {
        let server = try ScriptedServer([Self.accepted])
        defer { server.stop() }
        let reporter = try self.reporter(server, Self.lease())
        for epoch in 1...5 { reporter.add([Self.row(epoch)], epochsCompleted: epoch) }
        reporter.finish()

        #expect(reporter.isDelivered)
        #expect(reporter.lostReason == nil)
        let calls = try Self.sent(server)
        #expect(calls.flatMap(\.rows).map(\.epoch) == [1, 2, 3, 4, 5])
        var next = 0
        for call in calls {
            #expect(call.firstSequence == next)
            next += call.rows.count
        }
        #expect(server.received.allSatisfy { $0.line.contains("/v1/leases/l1/metrics") })
    }

    @Test func `rows that a coordinator in trouble refused are sent again, under one request id`()
        throws
    {
        let trouble = ScriptedServer.Act.answer(status: 503, body: "")
        let server = try ScriptedServer([trouble, .hangUp, Self.accepted])
        defer { server.stop() }
        let reporter = try self.reporter(server, Self.lease())
        reporter.add([Self.row(1)], epochsCompleted: 1)
        reporter.finish()

        #expect(reporter.isDelivered)
        let ids = Set(server.received.prefix(3).map { $0.headers["request-id"] })
        #expect(ids.count == 1)
        #expect(try Self.sent(server).prefix(3).allSatisfy { $0.rows.map(\.epoch) == [1] })
    }

    @Test func `a lease that is lost is told to the training, and nothing more is sent`() throws {
        let refusal = ErrorMessage(.leaseLost, "The lease is lost: attempt 2 has followed.")
        let body = String(decoding: try WireCoding.encode(refusal), as: UTF8.self)
        let server = try ScriptedServer([.answer(status: 409, body: body)])
        defer { server.stop() }
        let reporter = try self.reporter(server, Self.lease())
        reporter.add([Self.row(1)], epochsCompleted: 1)
        reporter.finish()

        #expect(reporter.lostReason == "The lease is lost: attempt 2 has followed.")
        #expect(!reporter.isDelivered)
        #expect(server.received.count == 1)
    }

    /// A coordinator on a wrong folder, or a token of another role, is somebody's mistake.
    @Test(arguments: [401, 403, 404])
    func `a refusal that somebody may mend loses nothing`(status: Int) throws {
        let body = try WireCoding.encode(ErrorMessage(.notFound, "There is no such lease."))
        let server = try ScriptedServer([
            .answer(status: status, body: String(decoding: body, as: UTF8.self))
        ])
        defer { server.stop() }
        let reporter = try self.reporter(server, Self.lease())
        reporter.add([Self.row(1)], epochsCompleted: 1)
        reporter.finish()

        #expect(reporter.lostReason == nil)
        #expect(!reporter.isDelivered)
    }

    @Test func `a worker that trains long without measuring sends heartbeats`() throws {
        let server = try ScriptedServer([Self.accepted])
        defer { server.stop() }
        let reporter = try self.reporter(server, Self.lease(expiresInSeconds: 0.03))
        reporter.add([], epochsCompleted: 7)
        let end = ContinuousClock.now + .stuck
        while server.received.count < 3, ContinuousClock.now < end {}
        reporter.finish()

        let calls = try Self.sent(server)
        #expect(calls.count >= 3)
        #expect(calls.allSatisfy { $0.rows.isEmpty && $0.firstSequence == 0 })
        #expect(calls.last?.epochsCompleted == 7)
    }
}
