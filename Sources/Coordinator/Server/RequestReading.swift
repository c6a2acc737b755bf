import Crypto
import Foundation
import HTTPTypes
import Hummingbird
import NIOCore
import Shared

extension HTTPField.Name {
    // All are plain tokens, so the names exist.
    static let requestID = HTTPField.Name("Request-Id")
    static let host = HTTPField.Name("Host")
    static let leaseToken = HTTPField.Name("Lease-Token")
}

/// A call that changes something, read whole: what was asked, and the key by which a repeat of it
/// is recognized.
struct MutatingCall<Message> {
    let message: Message
    private let id: Shared.RequestID
    private let request: Request
    private let body: Data

    /// Not made before it is asked for: some calls are long, and need none.
    var key: RequestKey { RequestKey(id: id, fingerprint: request.fingerprint(over: body)) }

    /// - Parameter bytesMax: of the body; more is refused.
    init(
        _ request: Request, as type: Message.Type, bytesMax: Int = Limits.messageBytesMax
    ) async throws where Message: Decodable {
        try await self.init(request, bytesMax) { try WireCoding.decode(type, from: $0) }
    }

    fileprivate init(
        _ request: Request, _ bytesMax: Int, reading: (Data) throws -> Message
    ) async throws {
        id = try request.requestID()
        body = try await request.wholeBody(bytesMax)
        message = try reading(body)
        self.request = request
    }
}

extension MutatingCall: Sendable where Message: Sendable {}

extension MutatingCall where Message: PlainMessage {
    init(_ request: Request) async throws {
        try await self.init(request, Limits.messageBytesMax) { body in
            if let json = try? JSONValue(parsing: body), let message = Message(plain: json) {
                return message
            }
            return try WireCoding.decode(Message.self, from: body)
        }
    }
}

extension MutatingCall<PackedMetrics> {
    init(_ request: Request) async throws {
        try await self.init(request, Limits.requestBodyBytesMax) { body in
            let packed = body.withUnsafeBytes { bytes in
                bytes.withMemoryRebound(to: UInt8.self) { PackedMetrics(reading: $0) }
            }
            if let packed { return packed }
            let message = try WireCoding.decode(MetricsRequest.self, from: body)
            try checkNames(message.rows)
            return PackedMetrics(message)
        }
    }
}

extension MutatingCall<PackedCompletion> {
    init(_ request: Request) async throws {
        try await self.init(request, Limits.requestBodyBytesMax) { body in
            let packed = body.withUnsafeBytes { bytes in
                bytes.withMemoryRebound(to: UInt8.self) { PackedCompletion(reading: $0) }
            }
            if let packed { return packed }
            let message = try WireCoding.decode(CompleteRequest.self, from: body)
            try checkNames(message.rows ?? [])
            return PackedCompletion(message)
        }
    }
}

/// A zero byte ends a name where rows are stored.
private func checkNames(_ rows: [MetricRow]) throws {
    guard rows.allSatisfy({ $0.values.keys.allSatisfy { !$0.utf8.contains(0) } }) else {
        throw APIError(
            .badRequest, .badRequest, "The name of a metric must have no control characters.")
    }
    // Not changed here: the trajectory is the digest over the names' bytes.
    guard rows.allSatisfy({ $0.values.keys.allSatisfy(\.isInNormalFormC) }) else {
        throw APIError(
            .badRequest, .badRequest,
            "The name of a metric must be in Unicode's normal form C (NFC).")
    }
}

extension MutatingCall<JSONValue> {
    /// Any JSON, for a reader of its own.
    init(_ request: Request, bytesMax: Int = Limits.messageBytesMax) async throws {
        try await self.init(request, bytesMax) { try JSONValue(parsing: $0) }
    }
}

extension Request {
    func wholeBody(_ bytesMax: Int) async throws -> Data {
        do {
            return Data(try await body.collect(upTo: bytesMax).readableBytesView)
        } catch let error as any HTTPResponseError where error.status == .contentTooLarge {
            throw APIError(
                .contentTooLarge, .tooLarge, "The body is longer than \(bytesMax) bytes.")
        } catch {
            throw APIError.brokenBody
        }
    }

    /// Hands on the body piece by piece, as it arrives.
    func readBody(_ use: (ByteBuffer) throws -> Void) async throws {
        var pieces = body.makeAsyncIterator()
        while true {
            let piece: ByteBuffer?
            do {
                piece = try await pieces.next()
            } catch {
                throw APIError.brokenBody
            }
            guard let piece else { return }
            try use(piece)
        }
    }

    /// Every call that changes something carries an id of the caller's making.
    func requestID() throws -> Shared.RequestID {
        guard let name = HTTPField.Name.requestID, let text = headers[name] else {
            throw APIError(
                .badRequest, .badRequest,
                "The header Request-Id is missing: every call that changes something needs one.")
        }
        guard let id = Shared.RequestID(rawValue: text) else {
            throw APIError(
                .badRequest, .badRequest,
                "The header Request-Id must be 1 to \(Limits.nameBytesMax) letters, digits, "
                    + "'-', '_' or '.'.")
        }
        return id
    }

    func fingerprint(over body: Data) -> Shared.Digest {
        var hash = SHA256()
        hash.update(data: Data("\(method.rawValue) \(uri.path)\n".utf8))
        hash.update(data: body)
        return Shared.Digest(hash.finalize())
    }

    /// The lease that the path names, if the call's token proves it.
    func lease(_ parameters: Parameters, _ tokens: LeaseTokens) throws -> LeaseID {
        guard let lease = LeaseID(rawValue: parameters.get("lease") ?? "") else {
            throw APIError(.badRequest, .badRequest, "The path does not name a lease.")
        }
        guard let name = HTTPField.Name.leaseToken, let token = headers[name],
            tokens.isValid(token, for: lease)
        else {
            throw APIError(
                .forbidden, .forbidden,
                "The header Lease-Token is missing, or not this lease's token.")
        }
        return lease
    }
}
