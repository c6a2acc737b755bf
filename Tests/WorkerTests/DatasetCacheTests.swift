import Foundation
import Shared
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

    private static func client(_ server: ScriptedServer) throws -> CoordinatorClient {
        try CoordinatorAccess(address: server.address, stop: StopSignal()).client()
    }

    @Test func `what arrives under a wrong digest is refused and not kept`() throws {
        try Self.withFolder { folder in
            let server = try ScriptedServer([.answer(status: 200, body: "not it")])
            defer { server.stop() }
            let digest = Digest(of: try Self.dataset.get())
            let error = try #require(throws: DatasetError.self) {
                try DatasetCache(directory: folder).dataset(digest, from: Self.client(server))
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
            let dataset = try DatasetCache(directory: folder).dataset(
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
            #expect(throws: ClientError.self) {
                try DatasetCache(directory: folder).dataset(digest, from: Self.client(server))
            }
            #expect(server.received.count == 1)
        }
    }

    @Test(arguments: [
        (["XDG_CACHE_HOME": "/c", "HOME": "/h"], "/c/gdln-worker"),
        (["HOME": "/h"], "/h/.cache/gdln-worker"), ([:], "/tmp/gdln-worker"),
    ])
    func `data sets are kept where other programs keep what they can fetch again`(
        environment: [String: String], directory: String
    ) {
        #expect(DatasetCache.defaultDirectory(environment: environment) == directory)
    }
}
