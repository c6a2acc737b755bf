import Foundation
import Logging
import Shared
import Synchronization
import TestSupport
import Testing

@testable import Worker

/// A data set is fetched once a host, and never used unless its digest is right.
@Suite struct DatasetCacheTests {
    private static let dataset = {
        let split = Dataset.Split(
            inputs: .images(pixels: Data([0, 255, 7, 9]), rows: 1, columns: 2), labels: [0, 1])
        return Result { try Dataset(train: split, test: split).serialized() }
    }()

    /// A folder of its own that is gone afterwards.
    private static func withFolder(_ body: (String) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        defer { try? FileManager.default.removeItem(at: folder) }
        try body(folder.path)
    }

    private static func cache(_ folder: String) -> DatasetCache {
        DatasetCache(
            directory: folder,
            logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }))
    }

    private static func client(_ server: ScriptedServer) throws -> CoordinatorClient {
        try CoordinatorAccess(address: server.address, stop: StopSignal()).client()
    }

    @Test func `what arrives under a wrong digest is refused and not kept`() throws {
        try Self.withFolder { folder in
            let server = try ScriptedServer([.answer(status: 200, body: "not it")])
            defer { server.stop() }
            let digest = Digest(of: try Self.dataset.get())
            let error = try #require(throws: FetchError.self) {
                try Self.cache(folder).dataset(digest, from: Self.client(server))
            }
            #expect(error.description.contains("arrived as"))
            let kept = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
            #expect(kept.isEmpty)
        }
    }

    @Test func `what is kept is used without a call`() throws {
        try Self.withFolder { folder in
            let file = try Self.dataset.get()
            let digest = Digest(of: file)
            try FileManager.default.createDirectory(
                atPath: folder, withIntermediateDirectories: true)
            try file.write(to: URL(filePath: "\(folder)/\(digest).safetensors"))
            let server = try ScriptedServer([.silence])
            defer { server.stop() }
            let dataset = try Self.cache(folder).dataset(
                digest, from: Self.client(server))
            #expect(dataset.train.labels == [0, 1])
            #expect(server.received.isEmpty)
        }
    }

    @Test func `a kept file that was damaged is fetched again`() throws {
        try Self.withFolder { folder in
            let digest = Digest(of: try Self.dataset.get())
            try FileManager.default.createDirectory(
                atPath: folder, withIntermediateDirectories: true)
            try Data("damaged".utf8).write(
                to: URL(filePath: "\(folder)/\(digest).safetensors"))
            let server = try ScriptedServer([.answer(status: 404, body: "")])
            defer { server.stop() }
            #expect(throws: FetchError.self) {
                try Self.cache(folder).dataset(digest, from: Self.client(server))
            }
            #expect(server.received.count == 1)
        }
    }

    @Test func `a disk that is full costs no data set`() throws {
        try Self.withFolder { folder in
            let file = try Self.dataset.get()
            // Nothing can be made in what is no folder.
            try Data().write(to: URL(filePath: folder))
            let server = try ScriptedServer([.answerData(status: 200, headers: [], file)])
            defer { server.stop() }
            let dataset = try Self.cache(folder).dataset(
                Digest(of: file), from: Self.client(server))
            #expect(dataset.train.labels == [0, 1])
        }
    }

    @Test func `nobody waits for another data set's transfer`() async throws {
        let (file, folder) = (try Self.dataset.get(), try TemporaryDirectory())
        try file.write(to: URL(filePath: "\(folder.path)/\(Digest(of: file)).safetensors"))
        let server = try ScriptedServer([.silence])
        defer { server.stop() }
        let (cache, other) = (Self.cache(folder.path), Digest(of: Data("other".utf8)))
        let isOver = Atomic<Bool>(false)
        let transfer = Task {
            try await onThread {
                let client = try CoordinatorAccess(address: server.address, stop: StopSignal())
                    .client(
                        givingUpWhen: { isOver.load(ordering: .acquiring) },
                        cancelledWhen: { isOver.load(ordering: .acquiring) })
                _ = try cache.dataset(other, from: client)
            }
        }
        try await eventually("the transfer is under way") {
            server.received.count == 1
        }
        let patience = ContinuousClock.now + .stuck
        _ = try cache.dataset(
            Digest(of: file), from: Self.client(server),
            waitingUntil: { ContinuousClock.now > patience })
        // Who wants the same waits for that one, for as long as it may.
        let end = ContinuousClock.now + .milliseconds(200)
        #expect(throws: FetchError.self) {
            try cache.dataset(
                other, from: Self.client(server), waitingUntil: { ContinuousClock.now > end })
        }
        #expect(server.received.count == 1)
        isOver.store(true, ordering: .releasing)
        await #expect(throws: FetchError.self) { try await transfer.value }
    }

    @Test(arguments: [
        (["XDG_CACHE_HOME": "/c", "HOME": "/h"], "/c/gdln-worker"),
        (["HOME": "/h"], "/h/.cache/gdln-worker"), ([:], "/tmp/gdln-worker"),
        (["TMPDIR": "/t"], "/t/gdln-worker"),
        (["XDG_CACHE_HOME": "", "HOME": "", "TMPDIR": ""], "/tmp/gdln-worker"),
        (["XDG_CACHE_HOME": "c", "HOME": "/h"], "/h/.cache/gdln-worker"),
    ])
    func `data sets are kept where other programs keep what they can fetch again`(
        variables: [String: String], directory: String
    ) {
        let environment = EnvironmentVariables(variables)
        #expect(DatasetCache.defaultDirectory(environment: environment) == directory)
    }
}
