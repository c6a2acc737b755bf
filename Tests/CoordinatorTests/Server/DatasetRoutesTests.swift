import Foundation
import HTTPTypes
import HummingbirdTesting
import NIOCore
import Shared
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
}
