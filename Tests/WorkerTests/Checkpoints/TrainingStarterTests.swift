import Foundation
import Logging
import Shared
import TestSupport
import Testing
import Trainer

@testable import Worker

/// An attempt begins from the furthest checkpoint that can be used, and anew where none can.
@Suite struct TrainingStarterTests {
    private let directory: TemporaryDirectory
    private let shelf: CheckpointShelf
    private static let task = SweepTaskID(unchecked: "a1")

    init() throws {
        directory = try TemporaryDirectory()
        shelf = CheckpointShelf(
            directory: directory.path, owner: WorkerName(unchecked: "w"))
    }

    /// A checkpoint of so many epochs; all that these tests need to know is in its metadata.
    private static func file(_ epochs: Int, task: SweepTaskID = task) -> Safetensors {
        var file = Safetensors(metadata: ["task": task.rawValue, "epochs_completed": "\(epochs)"])
        MetricTable().export(to: &file)
        return file
    }

    /// From which epoch an attempt begins.
    private func begin(
        _ server: ScriptedServer? = nil, checkpoint: CheckpointReference? = nil,
        unusable: Set<Int> = [], isOver: Bool = false
    ) throws -> Int {
        var lease = SpoolTests.lease()
        lease.checkpoint = checkpoint
        let starter = TrainingStarter(
            lease: lease, shelf: shelf,
            client: {
                // What is broken off or given up is so at once.
                try CoordinatorAccess(
                    address: server?.address ?? "http://127.0.0.1:9", stop: StopSignal()
                ).client(givingUpWhen: { true })
            }, isOver: { isOver },
            logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }))
        let start = try starter.start { file in
            let epochs = file.flatMap { Int($0.state.metadata["epochs_completed"] ?? "") } ?? 0
            if unusable.contains(epochs) { throw TrainingError("does not fit") }
            return BegunTraining(epochsCompleted: epochs)
        }
        return start.training.epochsCompleted
    }

    /// A training that only knows where it began.
    private final class BegunTraining: Training {
        let epochsCompleted: Int
        let isFinished = false
        let divergedEpoch: Int? = nil
        var threads = 1

        init(epochsCompleted: Int) { self.epochsCompleted = epochsCompleted }
        func trainEpoch(shouldStop: () -> Bool) -> [MetricRow]? { nil }
        func checkpoint() -> Safetensors { Safetensors() }
    }

    private static func served(_ file: Safetensors) throws
        -> (ScriptedServer, CheckpointReference)
    {
        let text = try text(of: file)
        let epochs = Int(file.metadata["epochs_completed"] ?? "") ?? 0
        return (
            try ScriptedServer([.answer(status: 200, body: text)]),
            CheckpointReference(
                epochsCompleted: epochs, digest: Digest(of: Data(text.utf8)),
                bytes: text.utf8.count)
        )
    }

    /// The server answers with texts. The file is one where the bytes of its header's length are
    /// below 128: from 256 to 383.
    private static func text(of original: Safetensors, note: Character = "-") throws -> String {
        var file = original
        file.metadata["note"] = String(repeating: note, count: 100)
        let data = try file.serialized()
        let text = String(decoding: data, as: UTF8.self)
        try #require(Data(text.utf8) == data)
        return text
    }

    @Test func `the furthest on this disk is used, without a call`() throws {
        #expect(try begin() == 0)
        _ = try shelf.keep(Self.file(5), of: Self.task, epochs: 5)
        _ = try shelf.keep(Self.file(10), of: Self.task, epochs: 10)
        #expect(try begin() == 10)
        #expect(try begin(unusable: [10]) == 5)
        // What was found unusable is gone.
        #expect(shelf.entries(of: Self.task).map(\.reference.epochsCompleted) == [5])
        #expect(try begin(unusable: [5]) == 0)
    }

    @Test func `a checkpoint of another task is not used`() throws {
        let other = SweepTaskID(unchecked: "other")
        _ = try shelf.keep(Self.file(5, task: other), of: Self.task, epochs: 5)
        #expect(try begin() == 0)
    }

    /// The name is no part of the bytes that its digest is of.
    @Test func `one of other epochs than its name says is not used`() throws {
        _ = try shelf.keep(Self.file(5), of: Self.task, epochs: 5)
        _ = try shelf.keep(Self.file(6), of: Self.task, epochs: 10)
        #expect(try begin() == 5)
        #expect(shelf.entries(of: Self.task).map(\.reference.epochsCompleted) == [5])
        let (server, _) = try Self.served(Self.file(7))
        defer { server.stop() }
        let reference = CheckpointReference(
            epochsCompleted: 8,
            digest: Digest(of: Data(try Self.text(of: Self.file(7)).utf8)), bytes: 1_000)
        #expect(try begin(server, checkpoint: reference) == 5)
        #expect(server.received.count == 1)
    }

    @Test func `one with a flipped bit is passed over for the one before`() throws {
        _ = try shelf.keep(Self.file(5), of: Self.task, epochs: 5)
        let last = try shelf.keep(Self.file(10), of: Self.task, epochs: 10)
        var data = try Data(contentsOf: URL(filePath: last.path))
        data[20] ^= 1
        try data.write(to: URL(filePath: last.path))
        #expect(try begin() == 5)
    }

    @Test func `the coordinator's is fetched where it is further`() throws {
        let (server, reference) = try Self.served(Self.file(7))
        defer { server.stop() }
        #expect(try begin(server, checkpoint: reference) == 7)
        #expect(server.received.map(\.line) == ["GET /v1/leases/l1/checkpoint"])
        #expect(server.received.first?.headers["lease-token"] == "t1")
        _ = try shelf.keep(Self.file(9), of: Self.task, epochs: 9)
        #expect(try begin(server, checkpoint: reference) == 9)
        _ = try shelf.keep(Self.file(7), of: Self.task, epochs: 7)
        #expect(try begin(server, checkpoint: reference, unusable: [9]) == 7)
        #expect(server.received.count == 1)
    }

    @Test func `what arrives as other bytes, or not at all, is passed over`() throws {
        let (server, reference) = try Self.served(Self.file(7))
        server.stop()
        let missing = try WireCoding.encode(ErrorMessage(.notFound, "There is none."))
        for act in [
            ScriptedServer.Act.answer(status: 200, body: "other"),
            // As good a checkpoint to look at, but for a few bits.
            .answer(status: 200, body: try Self.text(of: Self.file(7), note: "+")),
            .answer(status: 404, body: String(decoding: missing, as: UTF8.self)),
        ] {
            let server = try ScriptedServer([act])
            defer { server.stop() }
            _ = try shelf.keep(Self.file(5), of: Self.task, epochs: 5)
            #expect(try begin(server, checkpoint: reference) == 5)
        }
    }

    @Test func `what the coordinator does not give is passed over, unless the attempt is over`()
        throws
    {
        let (whole, reference) = try Self.served(Self.file(7))
        whole.stop()
        let server = try ScriptedServer([.hangUp])
        defer { server.stop() }
        #expect(try begin(server, checkpoint: reference) == 0)
        _ = try shelf.keep(Self.file(5), of: Self.task, epochs: 5)
        #expect(try begin(server, checkpoint: reference) == 5)
        #expect(throws: ClientError.self) {
            try begin(server, checkpoint: reference, isOver: true)
        }
    }

    @Test func `a file that cannot be read now is kept`() throws {
        let entry = try shelf.keep(Self.file(5), of: Self.task, epochs: 5)
        // As root reads everything, a link in a circle is what nobody can.
        try FileManager.default.removeItem(atPath: entry.path)
        try FileManager.default.createSymbolicLink(
            atPath: entry.path, withDestinationPath: entry.path)
        #expect(try begin() == 0)
        #expect(shelf.entries(of: Self.task).count == 1)
    }

    @Test func `a task that cannot be trained at all says so`() {
        #expect(throws: TrainingError.self) { try begin(unusable: [0]) }
    }
}
