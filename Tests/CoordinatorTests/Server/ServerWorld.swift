import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Logging
import NIOCore
import Shared
import TestSupport

@testable import Coordinator

/// A coordinator in a folder of its own, with one small data set named `tiny`.
final class ServerWorld: Sendable {
    let directory: TemporaryDirectory
    let server: CoordinatorServer

    /// - Parameter space: else the disk's own.
    init(space: DiskSpace? = nil, environment: Store.Environment = .system) async throws {
        directory = try TemporaryDirectory()
        server = try CoordinatorServer(
            dataDirectory: directory.path + "/data", leaseDuration: .seconds(30), space: space,
            environment: environment,
            logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }))
        let (status, hold) = try server.datasets.add(Self.tiny.serialized(), as: "tiny")
        defer { withExtendedLifetime(hold) {} }
        _ = try await server.store.nameDataset(
            status, RequestKey(id: RequestID(unchecked: "tiny"), fingerprint: status.digest))
    }

    static var tiny: Dataset {
        get throws {
            let split = Dataset.Split(inputs: .features([1, 2, 3, 4], count: 2), labels: [0, 1])
            return try Dataset(train: split, test: split)
        }
    }

    /// - Parameters:
    ///   - token: whose calls these are; else the owner's.
    ///   - bounds: of the connections' times, where they are real ones; else so long that a test
    ///     which waits for its turn on a busy machine does not lose its connection.
    func test(
        _ setup: TestingSetup = .router, as token: AccessToken? = nil,
        bounds: ConnectionDeadlines.Bounds = .patient,
        _ body: @escaping @Sendable (any TestClientProtocol) async throws -> Void
    ) async throws {
        let logger = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })
        let place = CoordinatorServer.Place(host: "127.0.0.1", port: 0, bounds: bounds)
        let application = Application(
            router: server.router(), server: try CoordinatorServer.connections(place),
            configuration: .init(address: .hostname(place.host, port: 0)), logger: logger)
        let token = token ?? server.ownTokens.admin
        try await application.test(setup) { client in
            try await body(BearerClient(base: client, token: token))
        }
    }

    /// A token of that role, which the coordinator accepts.
    /// - Parameter validForSeconds: from 1970 on; nil: without an end.
    func token(_ role: Role, validForSeconds: Int64? = nil) throws -> AccessToken {
        let token = AccessToken(role: role) { UInt64.random(in: .min ... .max) }
        _ = try server.tokens.add(
            TokenRequest(
                role: role, label: "test", digest: token.digest, validForSeconds: validForSeconds),
            at: Timestamp(milliseconds: 0))
        return token
    }

    /// Six tasks of two epochs.
    static func sweep(
        name: String = "study", seeds: [Int] = [1, 2, 3], dataset: String = "tiny",
        more: String = ""
    ) -> String {
        """
        {"name":"\(name)","experiment":"k_path","base":{"dataset":"\(dataset)","domains":2,
        "classes":2,"hidden_width":4,"batch_size":1,"epochs":2,"init":{"gain":1,"bias":0},
        "optimizer":{"name":"sgd","learning_rate":0.1,"momentum":0.9}},
        "axes":[{"seeds.weights":\(seeds)},{"gate":[{"family":"plus_mod","k":[1,2]}]}]
        ,"attempts":2\(more)}
        """
    }
}

/// Calls with a token, where a test does not say otherwise.
struct BearerClient: TestClientProtocol {
    let base: any TestClientProtocol
    let token: AccessToken
    var port: Int? { base.port }

    func executeRequest(
        uri: String, method: HTTPRequest.Method, headers: HTTPFields, body: ByteBuffer?
    ) async throws -> TestResponse {
        var headers = headers
        if headers[.authorization] == nil { headers[.authorization] = "Bearer \(token.text)" }
        // Without a socket nobody else says it.
        if port == nil, let body { headers[.contentLength] = "\(body.readableBytes)" }
        return try await base.executeRequest(
            uri: uri, method: method, headers: headers, body: body)
    }
}

/// An answer, ready to compare.
struct Answer: Sendable {
    let status: Int
    let body: String
    let headers: HTTPFields

    var code: ErrorCode? { message?.error.code }
    var message: ErrorMessage? { try? decoded(ErrorMessage.self) }
    func decoded<Message: Decodable>(_ type: Message.Type) throws -> Message {
        try WireCoding.decode(type, from: Data(body.utf8))
    }
}

extension TestClientProtocol {
    func get(_ path: String) async throws -> Answer { try await call(.get, path) }

    func post(
        _ path: String, _ body: String = "{}", id: String? = UUID().uuidString,
        token: String? = nil
    ) async throws -> Answer { try await call(.post, path, body, id: id, token: token) }

    func call(
        _ method: HTTPRequest.Method, _ path: String, _ body: String? = nil, id: String? = nil,
        token: String? = nil
    ) async throws -> Answer {
        var headers = HTTPFields()
        if let name = HTTPField.Name("Request-Id") { headers[name] = id }
        if let name = HTTPField.Name("Lease-Token") { headers[name] = token }
        return try await execute(
            uri: path, method: method, headers: headers, body: body.map { ByteBuffer(string: $0) }
        ) { response in
            Answer(
                status: response.status.code, body: String(buffer: response.body),
                headers: response.headers)
        }
    }

    /// What a worker does.
    func lease(
        _ worker: String = "w", slots: Int = 1, wait: Int = 0, id: String = UUID().uuidString
    )
        async throws -> [Lease]
    {
        let answer = try await askForTask(worker, slots: slots, wait: wait, id: id)
        return [204, 503].contains(answer.status)
            ? [] : try answer.decoded(LeaseResponse.self).leases
    }

    func askForTask(
        _ worker: String = "w", host: String = "h", slots: Int = 1, wait: Int = 0,
        selfTest: SelfTestReport = .right, id: String = UUID().uuidString
    ) async throws -> Answer {
        let request = LeaseRequest(
            worker: WorkerName(unchecked: worker), host: host, slots: slots, waitSeconds: wait,
            selfTest: selfTest)
        return try await post(
            "/v1/leases", String(decoding: try WireCoding.encode(request), as: UTF8.self), id: id)
    }

    func tell(_ lease: Lease, _ verb: String, _ message: some Encodable, id: String? = nil)
        async throws -> Answer
    {
        try await post(
            "/v1/leases/\(lease.id)/\(verb)",
            String(decoding: try WireCoding.encode(message), as: UTF8.self),
            id: id ?? UUID().uuidString, token: lease.token.rawValue)
    }
}

extension ConnectionDeadlines.Bounds {
    /// Of a server whose deadlines are not what is tested.
    static var patient: Self {
        var bounds = Self()
        (bounds.head, bounds.idle, bounds.body, bounds.answer) = (600, 600, 600, 600)
        return bounds
    }
}
