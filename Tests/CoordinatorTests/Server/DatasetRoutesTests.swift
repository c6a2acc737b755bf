import Foundation
import HTTPTypes
import HummingbirdTesting
import NIOCore
import Shared
import TestSupport
import Testing

@testable import Coordinator

@Suite struct DatasetRoutesTests {
    static func put(
        _ client: any TestClientProtocol, _ name: String, _ file: Data, id: String? = "put"
    ) async throws -> Answer {
        var headers = HTTPFields()
        if let field = HTTPField.Name("Request-Id") { headers[field] = id }
        return try await client.execute(
            uri: "/v1/datasets/\(name)", method: .put, headers: headers,
            body: ByteBuffer(bytes: file)
        ) {
            Answer(
                status: $0.status.code, body: String(buffer: $0.body), headers: $0.headers)
        }
    }

    @Test func `a data set goes in by name and comes out by digest, byte for byte`() async throws {
        let file = try ServerWorld.tiny.serialized()
        try await ServerWorld().test { client in
            let answer = try await Self.put(client, "mine", file)
            let status = try answer.decoded(DatasetStatus.self)
            #expect(answer.status == 200 && status.digest == Digest(of: file))
            #expect(status.name == "mine" && status.features == 2 && status.trainExamples == 2)
            #expect(try await Self.put(client, "mine", file).body == answer.body)
            let list = try await client.get("/v1/datasets").decoded(DatasetList.self)
            #expect(list.datasets.map(\.name) == ["mine", "tiny"])
            let bytes = try await client.execute(
                uri: "/v1/datasets/\(status.digest)", method: .get
            ) { Data($0.body.readableBytesView) }
            #expect(bytes == file)
        }
    }

    @Test func `what is no data set is refused, and nothing is kept`() async throws {
        try await ServerWorld().test { client in
            for file in [Data(), Data("junk".utf8), try ServerWorld.tiny.serialized().dropLast()] {
                let answer = try await Self.put(client, "mine", file)
                #expect(answer.status == 422 && answer.code == .invalidDataset)
            }
            let list = try await client.get("/v1/datasets").decoded(DatasetList.self)
            #expect(list.datasets.map(\.name) == ["tiny"])
        }
    }

    @Test(arguments: [".hidden", "a%20b", "..%2Fx", "%00"])
    func `a name that is no plain name is refused`(name: String) async throws {
        try await ServerWorld().test { client in
            let answer = try await Self.put(client, name, try ServerWorld.tiny.serialized())
            #expect(answer.status == 400 && answer.code == .badRequest)
        }
    }

    @Test func `an upload needs a request id, and one of its own`() async throws {
        let file = try ServerWorld.tiny.serialized()
        try await ServerWorld().test { client in
            #expect(try await Self.put(client, "mine", file, id: nil).status == 400)
            #expect(try await Self.put(client, "mine", file, id: "x").status == 200)
            let other = try await Self.put(client, "other", file, id: "x")
            #expect(other.status == 422 && other.code == .requestIDReused)
        }
    }

    @Test(arguments: [
        ("x", 400), ("..%2F..%2Fsecret", 400), (String(repeating: "0", count: 64), 404),
        (String(repeating: "A", count: 64), 400),
    ])
    func `a digest that is none, or that nobody knows`(digest: String, status: Int) async throws {
        try await ServerWorld().test { client in
            let answer = try await client.get("/v1/datasets/\(digest)")
            #expect(answer.status == status)
        }
    }

    // MARK: Ways out

    /// A thousand spellings of paths that lead out of a folder.
    private static var waysOut: [String] {
        let dots = [
            "..", "%2e%2e", "%2E.", ".%2e", "%252e%252e", "...", "..;", "%e2%80%a5",
            "%ef%bc%8e%ef%bc%8e",
        ]
        let slashes = [
            "/", "%2f", "%2F", "%5c", "%5C", "%252f", "%c0%af", "%ef%bc%8f", "%00%2f",
        ]
        let targets = ["secret", "tokens.json", "join-admin", "lock", "etc%2Fpasswd"]
        return dots.flatMap { dots in
            slashes.flatMap { slash in
                targets.flatMap { target in
                    ["", "\(dots)\(slash)", "a\(slash)"].map {
                        "\($0)\(dots)\(slash)\(target)"
                    }
                }
            }
        }
    }

    /// Every file below a folder, and what stands in those that nobody may change.
    private static func tree(_ folder: String) throws -> [String: Data] {
        let names = FileManager.default.enumerator(atPath: folder)?.allObjects as? [String] ?? []
        return Dictionary(
            uniqueKeysWithValues: names.map { name in
                let isStore = name.contains("sqlite")
                let path = "\(folder)/\(name)"
                return (
                    name, isStore ? Data() : FileManager.default.contents(atPath: path) ?? Data()
                )
            })
    }

    @Test func `no spelling of a way out reads or writes anything`() async throws {
        let world = try await ServerWorld()
        let secret = try String(
            contentsOfFile: world.server.directory.joinPath(.admin), encoding: .utf8)
        let file = try ServerWorld.tiny.serialized()
        let before = try Self.tree(world.directory.path)
        #expect(before.count > 5 && Self.waysOut.count > 1_000)
        try await world.test { client in
            for (number, way) in Self.waysOut.enumerated() {
                let answers = [
                    try await Self.put(client, way, file, id: "way-\(number)"),
                    try await client.get("/v1/datasets/\(way)"),
                    try await client.get("/v1/sweeps/\(way)/report.csv"),
                ]
                for answer in answers {
                    #expect((400..<500).contains(answer.status), "\(way): \(answer.status)")
                    #expect(!answer.body.contains(secret.prefix(40)))
                }
            }
        }
        #expect(try Self.tree(world.directory.path) == before)
    }
}
