import FoundationEssentials
import Logging
import Shared
import TestSupport
import Testing

@testable import Worker

/// A training is kept beside the training: whatever disk and network do, it goes on.
@Suite struct CheckpointKeeperTests {
    private static let taken = ScriptedServer.Act.answer(
        status: 200, body: #"{"state":"leased","expires_in_seconds":30}"#)
    private static let full = ScriptedServer.Act.answer(
        status: 503, headers: ["Retry-After: 1"], body: "")

    private let directory: TemporaryDirectory
    private let shelf: CheckpointShelf
    private let lease = SpoolTests.lease()

    init() throws {
        directory = try TemporaryDirectory()
        shelf = CheckpointShelf(
            directory: directory.path + "/shelf", owner: WorkerName(unchecked: "w"))
    }

    private func keeper(_ server: ScriptedServer, _ stop: StopSignal = StopSignal())
        -> CheckpointKeeper
    {
        CheckpointKeeper(
            lease, shelf: shelf, access: CoordinatorAccess(address: server.address, stop: stop),
            logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }))
    }

    private static func file(_ epochs: Int) -> Safetensors {
        var file = Safetensors()
        file.set("epochs", [Float(epochs)], shape: [1])
        return file
    }

    private var kept: [Int] { shelf.entries(of: lease.task).map(\.reference.epochsCompleted) }

    private static func sent(_ server: ScriptedServer) -> [String] {
        server.received.map { $0.headers["checkpoint-epochs"] ?? "none" }
    }

    @Test func `it is on disk, then sent under its digest and the lease's token`() throws {
        let server = try ScriptedServer([Self.taken])
        defer { server.stop() }
        let keeper = keeper(server)
        #expect(keeper.keep(Self.file(5), epochs: 5))
        keeper.settle(within: .stuck)
        let entry = try #require(shelf.entries(of: lease.task).first)
        let call = try #require(server.received.first)
        #expect(call.line == "PUT /v1/leases/l1/checkpoint")
        #expect(call.headers["checkpoint-digest"] == entry.reference.digest.hexadecimal)
        #expect(call.headers["checkpoint-epochs"] == "5")
        #expect(call.headers["lease-token"] == "t1")
        #expect(call.headers["content-length"] == "\(entry.reference.bytes)")
        keeper.endAndRemove()
        #expect(kept == [])
    }

    @Test func `a coordinator without room, or away, does not keep the training`() throws {
        let server = try ScriptedServer([Self.full])
        defer { server.stop() }
        let keeper = keeper(server)
        let start = ContinuousClock.now
        var epochs = 0
        // The disk may be busy; then it is the next epoch's turn.
        while kept != [20, 19], ContinuousClock.now - start < .stuck {
            if keeper.keep(Self.file(epochs + 1), epochs: epochs + 1) { epochs += 1 }
            if epochs == 20 { break }
        }
        // The last one is written beside the training.
        while kept != [20, 19], ContinuousClock.now - start < .stuck {}
        #expect(kept == [20, 19])
        keeper.end()
    }

    @Test func `what could not be sent is sent when it can be, the newest first`() throws {
        let server = try ScriptedServer([Self.full, Self.full, Self.taken])
        defer { server.stop() }
        let keeper = keeper(server)
        #expect(keeper.keep(Self.file(1), epochs: 1))
        let end = ContinuousClock.now + .stuck
        while !keeper.keep(Self.file(2), epochs: 2), ContinuousClock.now < end {}
        keeper.settle(within: .stuck)
        #expect(Self.sent(server).last == "2")
        #expect(Self.sent(server).filter { $0 == "2" }.count >= 1)
        keeper.end()
    }

    @Test func `a refusal is not repeated`() throws {
        let refusal = ErrorMessage(.digestMismatch, "The checkpoint arrived as other bytes.")
        let body = String(decoding: try WireCoding.encode(refusal), as: UTF8.self)
        let server = try ScriptedServer([.answer(status: 422, body: body)])
        defer { server.stop() }
        let keeper = keeper(server)
        #expect(keeper.keep(Self.file(1), epochs: 1))
        keeper.settle(within: .stuck)
        #expect(server.received.count == 1)
        #expect(kept == [1])
    }

    /// As with a full disk.
    @Test func `a disk that cannot be written costs the checkpoint alone`() throws {
        let server = try ScriptedServer([Self.taken])
        defer { server.stop() }
        try Data().write(to: URL(filePath: shelf.directory))
        let keeper = keeper(server)
        for epochs in 1...3 {
            #expect(keeper.keep(Self.file(epochs), epochs: epochs))
            keeper.settle(within: .stuck)
        }
        #expect(server.received.isEmpty)
    }

    @Test func `once the grace is over nothing is waited for`() throws {
        let server = try ScriptedServer([.silence])
        defer { server.stop() }
        let stop = StopSignal(grace: .zero)
        let keeper = keeper(server, stop)
        stop.set("SIGTERM")
        #expect(keeper.keep(Self.file(1), epochs: 1))
        keeper.settle(within: .stuck)
        #expect(kept == [1])
    }
}
