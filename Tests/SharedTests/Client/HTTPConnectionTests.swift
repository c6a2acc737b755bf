import Foundation
import Shared
import Synchronization
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(10))) struct HTTPConnectionTests {
    private func exchange(
        _ script: [ScriptedServer.Act],
        _ body: (HTTPConnection, ScriptedServer) throws -> Void
    ) throws {
        let server = try ScriptedServer(script)
        defer { server.stop() }
        try body(HTTPConnection(base: server.address), server)
    }

    @Test func `a request arrives as it was meant`() throws {
        try exchange([.answer(status: 201, body: "made")]) { connection, server in
            var request = HTTPRequest(.post, "/v1/x?y=1", body: Data("{}".utf8))
            request.headers = [("Request-Id", "abc"), ("Evil", "a\r\nInjected: b")]
            let response = try connection.send(request)
            #expect(response.status == 201 && response.body == Data("made".utf8))
            let received = try #require(server.received.first)
            #expect(received.line == "POST /v1/x?y=1" && received.body == "{}")
            #expect(received.headers["request-id"] == "abc")
            #expect(received.headers["content-type"] == "application/json")
            #expect(received.headers["injected"] == nil && received.headers["expect"] == nil)
        }
    }

    @Test func `methods and empty bodies are sent as such`() throws {
        try exchange([.answer(status: 200)]) { connection, server in
            _ = try connection.send(HTTPRequest(.get, "/a"))
            _ = try connection.send(HTTPRequest(.post, "/b", body: Data()))
            _ = try connection.send(HTTPRequest(.put, "/c", body: Data("x".utf8)))
            _ = try connection.send(HTTPRequest(.get, "/d"))
            #expect(server.received.map(\.line) == ["GET /a", "POST /b", "PUT /c", "GET /d"])
            #expect(server.received.map(\.body) == ["", "", "x", ""])
            #expect(server.connectionCount == 1)
        }
    }

    @Test(arguments: [301, 302, 303, 307, 308])
    func `redirects are not followed`(status: Int) throws {
        let target = try ScriptedServer([.answer(status: 200)])
        defer { target.stop() }
        try exchange([.answer(status: status, headers: ["Location: \(target.address)/stolen"])]) {
            connection, _ in
            let response = try connection.send(HTTPRequest(.post, "/", body: Data("x".utf8)))
            #expect(response.status == status && target.received.isEmpty)
        }
    }

    /// libcurl sends it again by itself where the connection was used before: the reason why every
    /// call that changes something has a request id.
    @Test func `a POST on a reused connection that dies is sent again, with the same request id`()
        throws
    {
        try exchange([.answer(status: 200), .hangUp, .answer(status: 200, body: "done")]) {
            connection, server in
            _ = try connection.send(HTTPRequest(.get, "/warm-up"))
            var request = HTTPRequest(.post, "/claim", body: Data("{\"slots\":1}".utf8))
            request.headers = [("Request-Id", "the-same")]
            let answer1 = try connection.send(request)
            #expect(answer1.body == Data("done".utf8))
            let claims = server.received.filter { $0.line == "POST /claim" }
            #expect(claims.map { $0.headers["request-id"] } == ["the-same", "the-same"])
            #expect(claims.map(\.body) == ["{\"slots\":1}", "{\"slots\":1}"])
        }
    }

    @Test func `a server that never answers is given up when the time is over`() throws {
        try exchange([.silence]) { connection, _ in
            var request = HTTPRequest(.get, "/")
            request.timeoutSeconds = 0.2
            #expect {
                _ = try connection.send(request)
            } throws: {
                "\($0)".lowercased().contains("timeout")
                    && ($0 as? TransportError)?.isCancelled == false
            }
        }
    }

    @Test func `a call that is no longer wanted is broken off`() throws {
        let server = try ScriptedServer([.silence])
        defer { server.stop() }
        let clock = ContinuousClock()
        let start = clock.now
        let connection = try HTTPConnection(base: server.address) {
            clock.now - start > .milliseconds(10)
        }
        #expect {
            _ = try connection.send(HTTPRequest(.get, "/"))
        } throws: {
            ($0 as? TransportError)?.isCancelled == true
        }
    }

    @Test func `an answer that is too long is broken off`() throws {
        let long = String(repeating: "x", count: 200_000)
        try exchange([.answer(status: 200, body: long)]) { connection, _ in
            var request = HTTPRequest(.get, "/")
            request.responseBytesMax = 100_000
            #expect {
                _ = try connection.send(request)
            } throws: {
                "\($0)".hasSuffix("the answer is longer than 100000 bytes")
            }
            request.responseBytesMax = 200_000
            let answer2 = try connection.send(request)
            #expect(answer2.body.count == 200_000)
        }
    }

    @Test(arguments: ["garbage", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf", ""])
    func `what is no answer, or half of one, is an error`(text: String) throws {
        try exchange([.raw(text)]) { connection, _ in
            #expect(throws: TransportError.self) { try connection.send(HTTPRequest(.get, "/")) }
        }
    }

    @Test(
        arguments: [
            ("-5", nil), ("0", nil), ("junk", nil), ("5", 5), ("1000000000", 300),
        ] as [(String, Double?)])
    func `a wait that the server asks for stays within limits`(text: String, wanted: Double?) throws
    {
        try exchange([.answer(status: 503, headers: ["Retry-After: \(text)"])]) { connection, _ in
            let answer3 = try connection.send(HTTPRequest(.get, "/"))
            #expect(answer3.retryAfterSeconds == wanted)
        }
    }

    @Test(arguments: ["127.0.0.1:1", "ftp://127.0.0.1", "file:///etc/passwd", ""])
    func `only http and https are addresses`(address: String) {
        #expect(throws: TransportError.self) { try HTTPConnection(base: address) }
    }

    @Test func `nobody there is an error that names the address`() throws {
        let connection = try HTTPConnection(base: "http://127.0.0.1:1/")
        #expect {
            _ = try connection.send(HTTPRequest(.get, "/"))
        } throws: {
            "\($0)".hasPrefix("http://127.0.0.1:1: ")
        }
    }
}
