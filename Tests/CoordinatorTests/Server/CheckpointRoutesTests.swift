import Foundation
import HTTPTypes
import HummingbirdTesting
import NIOCore
import Shared
import Testing

@testable import Coordinator

/// Checkpoints as they travel: whole, to whom they belong, and on disk before they are named.
@Suite struct CheckpointRoutesTests {
    private static let bytes = String(repeating: "checkpoint ", count: 50_000)
    private static let digest = Digest(of: Data(bytes.utf8)).hexadecimal

    private let world: ServerWorld

    init() async throws { world = try await ServerWorld() }

    private var files: [String] {
        get throws {
            try FileManager.default.contentsOfDirectory(
                atPath: world.server.directory.checkpointsPath)
        }
    }

    private var temporaryFiles: [String] {
        get throws {
            try FileManager.default.contentsOfDirectory(
                atPath: world.server.directory.temporaryPath)
        }
    }

    private func file(_ name: String) -> URL {
        URL(filePath: world.server.directory.checkpointsPath + "/" + name)
    }

    @Test func `the next worker gets what the last one handed over, bit by bit`() async throws {
        try await world.test { client in
            let lease = try await Self.begin(client)
            #expect(lease.checkpoint == nil)
            let kept = try await client.keep(lease, Self.bytes, Self.digest, epochs: "1")
            #expect(kept.status == 200)
            #expect(try kept.decoded(LeaseAnswer.self).state == .leased)
            _ = try await client.tell(lease, "hand_back", HandBackRequest(reason: "drain"))

            let next = try #require(try await client.lease("other").first)
            #expect(next.task == lease.task)
            #expect(next.checkpoint?.epochsCompleted == 1)
            #expect(next.checkpoint?.digest.hexadecimal == Self.digest)
            #expect(next.checkpoint?.bytes == Self.bytes.utf8.count)
            let fetched = try await client.checkpoint(next)
            #expect(fetched.status == 200)
            #expect(fetched.body == Self.bytes)
            #expect(fetched.headers[.contentDisposition] == "attachment")
            // The one before has no say any more.
            #expect(try await client.checkpoint(lease).code == .leaseLost)
            let late = try await client.keep(lease, Self.bytes, Self.digest, epochs: "2")
            #expect(late.code == .leaseLost)
        }
        #expect(try files.count == 1)
        #expect(try temporaryFiles == [])
    }

    @Test(arguments: [
        (digest as String?, "1" as String?, "changed", 422, ErrorCode.digestMismatch),
        (nil, "1", bytes, 400, .badRequest), ("x", "1", bytes, 400, .badRequest),
        (digest, nil, bytes, 400, .badRequest), (digest, "-1", bytes, 400, .badRequest),
        (digest, "1.5", bytes, 400, .badRequest), (digest, "3", bytes, 422, .badRequest),
    ])
    func `what is not what was announced is not kept`(
        digest: String?, epochs: String?, bytes: String, status: Int, code: ErrorCode
    ) async throws {
        try await world.test { client in
            let lease = try await Self.begin(client)
            let answer = try await client.keep(lease, bytes, digest, epochs: epochs)
            #expect(answer.status == status && answer.code == code)
        }
        #expect(try await world.server.store.checkpointFiles() == [])
        await sweeper.sweepOnce()
        #expect(try files == [])
        #expect(try temporaryFiles == [])
    }

    @Test func `only the lease's own token opens it`() async throws {
        try await world.test { client in
            let lease = try await Self.begin(client)
            var stranger = lease
            for token in ["", "x"] {
                stranger.token = LeaseToken(unchecked: token)
                let kept = try await client.keep(stranger, Self.bytes, Self.digest, epochs: "1")
                #expect(kept.code == .forbidden)
                #expect(try await client.checkpoint(stranger).code == .forbidden)
            }
            #expect(try await client.checkpoint(lease).code == .notFound)
        }
    }

    @Test func `one that was cut short on disk is as good as none`() async throws {
        try await world.test { client in
            let lease = try await Self.begin(client)
            _ = try await client.keep(lease, Self.bytes, Self.digest, epochs: "1")
            let name = try #require(try files.first)
            try Data(Self.bytes.utf8.dropLast()).write(to: file(name))
            #expect(try await client.checkpoint(lease).status == 404)
            try FileManager.default.removeItem(at: file(name))
            #expect(try await client.checkpoint(lease).status == 404)
        }
    }

    @Test func `files that no row names are removed, and no others`() async throws {
        try await world.test { client in
            let lease = try await Self.begin(client)
            _ = try await client.keep(lease, Self.bytes, Self.digest, epochs: "1")
            let kept = try files
            _ = try await client.keep(lease, "newer", Self.sha256("newer"), epochs: "2")
            let newer = try files
            // The one before goes at once.
            #expect(kept.count == 1 && newer.count == 1 && kept != newer)
            try Data("half".utf8).write(to: file("forgotten"))
            await sweeper.sweepOnce()
            #expect(try files == newer)
            _ = try await client.post("/v1/sweeps/study/cancel")
            await sweeper.sweepOnce()
            #expect(try files == [])
        }
    }

    @Test func `a file whose row is still on its way is not taken for forgotten`() async throws {
        let checkpoints = world.server.checkpoints
        let upload = try checkpoints.begin("arriving")
        try await checkpoints.finish(upload, as: "arriving")
        await sweeper.sweepOnce()
        #expect(try files == ["arriving"])
        checkpoints.settle("arriving")
        await sweeper.sweepOnce()
        #expect(try files == [])
    }

    private var sweeper: CheckpointSweeper {
        CheckpointSweeper(
            store: world.server.store, files: world.server.checkpoints, logger: world.server.logger)
    }

    private static func begin(_ client: any TestClientProtocol) async throws -> Lease {
        _ = try await client.post("/v1/sweeps", ServerWorld.sweep())
        return try #require(try await client.lease().first)
    }

    private static func sha256(_ text: String) -> String {
        Digest(of: Data(text.utf8)).hexadecimal
    }
}

extension TestClientProtocol {
    fileprivate func keep(_ lease: Lease, _ bytes: String, _ digest: String?, epochs: String?)
        async throws -> Answer
    {
        try await checkpoint(
            .put, lease,
            [
                "Request-Id": UUID().uuidString, "Checkpoint-Digest": digest,
                "Checkpoint-Epochs": epochs,
            ], bytes)
    }

    fileprivate func checkpoint(_ lease: Lease) async throws -> Answer {
        try await checkpoint(.get, lease, [:], nil)
    }

    private func checkpoint(
        _ method: HTTPTypes.HTTPRequest.Method, _ lease: Lease, _ headers: [String: String?],
        _ body: String?
    ) async throws -> Answer {
        var fields = HTTPFields()
        for (name, value) in headers.merging(
            ["Lease-Token": lease.token.rawValue], uniquingKeysWith: { $1 })
        {
            if let name = HTTPField.Name(name) { fields[name] = value }
        }
        return try await execute(
            uri: "/v1/leases/\(lease.id)/checkpoint", method: method, headers: fields,
            body: body.map { ByteBuffer(string: $0) }
        ) { response in
            Answer(
                status: response.status.code, body: String(buffer: response.body),
                headers: response.headers)
        }
    }
}
