import Foundation
import Hummingbird
import HummingbirdTesting
import Logging
import Shared
import Synchronization
import TestSupport
import Testing

@testable import Coordinator

/// Requests that another server in between might read otherwise, on real sockets.
@Suite(.timeLimit(.minutes(10)), .serialized) struct RequestFormTests {
    private static func answers(
        _ requests: [String], _ check: @escaping @Sendable (String, String) -> Void
    ) async throws {
        let world = try await ServerWorld()
        let token = world.server.ownTokens.admin.text
        try await world.test(.live) { client in
            let port = try #require(client.port)
            for request in requests {
                let connection = try RawConnection(port: port)
                connection.send(
                    request.replacing("TOKEN", with: token).replacing("PORT", with: "\(port)"))
                check(request, connection.receive(within: .stuck).text)
            }
        }
    }

    private static let own = "Host: localhost:PORT\r\nConnection: close\r\n"
    private static let post =
        "POST /v1/sweeps/none/cancel HTTP/1.1\r\nRequest-Id: x\r\n"
        + "Authorization: Bearer TOKEN\r\n" + own

    @Test func `a target that names another host than the header is refused`() async throws {
        try await Self.answers([
            "GET http://evil.example/healthz HTTP/1.1\r\n\(Self.own)\r\n",
            "GET http://127.0.0.1:PORT/healthz HTTP/1.1\r\n\(Self.own)\r\n",
            "GET http://localhost:PORT@evil.example/healthz HTTP/1.1\r\n\(Self.own)\r\n",
            "GET ftp://localhost:PORT/healthz HTTP/1.1\r\n\(Self.own)\r\n",
        ]) { request, answer in
            #expect(
                answer.hasPrefix("HTTP/1.1 421") || answer.hasPrefix("HTTP/1.1 400"),
                "\(request): \(answer)")
        }
        try await Self.answers([
            "GET http://LOCALHOST:PORT/healthz HTTP/1.1\r\n\(Self.own)\r\n"
        ]) { #expect($1.hasPrefix("HTTP/1.1 200"), "\($0): \($1)") }
    }

    @Test func `a body in another transfer coding than chunked is refused`() async throws {
        let body = "\r\n\r\n2\r\n{}\r\n0\r\n\r\n"
        try await Self.answers(
            ["gzip, chunked", "identity, chunked"].map {
                Self.post + "Transfer-Encoding: \($0)" + body
            }
        ) { #expect($1.hasPrefix("HTTP/1.1 400"), "\($0): \($1)") }
        try await Self.answers([Self.post + "Transfer-Encoding: chunked" + body]) {
            #expect($1.hasPrefix("HTTP/1.1 404"), "\($0): \($1)")
        }
    }

    @Test func `a client that waits for 100 Continue gets it, and then its answer`() async throws {
        try await Self.answers([
            Self.post + "Expect: 100-Continue\r\nContent-Length: 2\r\n\r\n{}"
        ]) { _, answer in
            #expect(answer.hasPrefix("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 404"), "\(answer)")
        }
        try await Self.answers([
            Self.post + "Expect: more\r\nContent-Length: 2\r\n\r\n{}"
        ]) { #expect($1.hasPrefix("HTTP/1.1 417"), "\($0): \($1)") }
    }

    @Test func `work ends when the client has closed its connection`() async throws {
        let (begun, cancelled) = (Count(), Count())
        let router = Router(context: CallContext.self)
        router.get("/wait") { _, context in
            try await context.untilClientLeaves {
                begun.value.withLock { $0 += 1 }
                do {
                    try await Task.sleep(for: .seconds(3_600))
                } catch {
                    cancelled.value.withLock { $0 += 1 }
                    throw error
                }
            }
            return "never"
        }
        let place = CoordinatorServer.Place(host: "127.0.0.1", port: 0, bounds: .patient)
        let application = Application(
            router: router, server: try CoordinatorServer.connections(place),
            configuration: .init(address: .hostname(place.host, port: 0)),
            logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }))
        try await application.test(.live) { client in
            let port = try #require(client.port)
            var connection: RawConnection? = try RawConnection(port: port)
            connection?.send("GET /wait HTTP/1.1\r\nHost: localhost\r\n\r\n")
            try await eventually("it has begun") { begun.value.withLock { $0 } == 1 }
            connection = nil
            try await eventually("it is cancelled") { cancelled.value.withLock { $0 } == 1 }
        }
    }
}

private final class Count: Sendable {
    let value = Mutex(0)
}
