import Foundation
import HummingbirdTesting
import Shared
import TestSupport
import Testing

@testable import Coordinator

/// Clients that are slow, endless or confused, on real sockets: each is cut off, and the next is
/// served. Their times are shortened here; `ConnectionDeadlinesTests` has the real ones.
@Suite(.timeLimit(.minutes(20)), .serialized) struct SlowClientTests {
    private static let patience = Duration.stuck

    private static var bounds: ConnectionDeadlines.Bounds {
        var bounds = ConnectionDeadlines.Bounds()
        bounds.check = 0.02
        return bounds
    }

    private static func withServer(
        _ bounds: ConnectionDeadlines.Bounds,
        _ body: @escaping @Sendable (_ port: Int, _ head: String, ServerWorld) async throws -> Void
    ) async throws {
        let world = try await ServerWorld()
        let token = world.server.ownTokens.admin.text
        let head = "Host: localhost\r\nAuthorization: Bearer \(token)\r\nRequest-Id: x\r\n"
        try await world.test(.live, bounds: bounds) { client in
            let port = try #require(client.port)
            try await body(port, head, world)
            // Whatever came before: the next one is served.
            let next = try RawConnection(port: port)
            next.send("GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            #expect(next.receive(within: patience).text.hasPrefix("HTTP/1.1 200"))
        }
    }

    @Test func `a head that does not end`() async throws {
        var bounds = Self.bounds
        bounds.head = 0.3
        try await Self.withServer(bounds) { port, _, _ in
            for text in ["", "GET /healthz HT", "GET /healthz HTTP/1.1\r\nHost: localhost\r\nX: "] {
                let connection = try RawConnection(port: port)
                connection.send(text)
                #expect(connection.receive(within: Self.patience).isClosed, "\(text)")
            }
        }
    }

    @Test func `a connection that is kept and not used`() async throws {
        var bounds = Self.bounds
        bounds.idle = 0.3
        try await Self.withServer(bounds) { port, _, _ in
            let connection = try RawConnection(port: port)
            connection.send("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
            let (text, isClosed) = connection.receive(within: Self.patience)
            #expect(isClosed && text.hasPrefix("HTTP/1.1 200"))
        }
    }

    @Test func `a body that trickles`() async throws {
        var bounds = Self.bounds
        bounds.grace = 0.3
        try await Self.withServer(bounds) { port, head, _ in
            for request in ["POST /v1/sweeps", "PUT /v1/datasets/x"] {
                let connection = try RawConnection(port: port)
                connection.send("\(request) HTTP/1.1\r\n\(head)Content-Length: 100000\r\n\r\n")
                let end = ContinuousClock.now + Self.patience
                var isClosed = false
                while !isClosed, ContinuousClock.now < end {
                    connection.send("x")
                    isClosed = connection.receive(within: .milliseconds(50)).isClosed
                }
                #expect(isClosed, "\(request)")
            }
        }
    }

    @Test func `a reader that hardly reads`() async throws {
        var bounds = Self.bounds
        bounds.grace = 0.3
        // No reader of a few kilobytes at a time is so fast.
        bounds.bytesPerSecondMin = 1e9
        try await Self.withServer(bounds) { port, head, world in
            let (examples, features) = (8, 1 << 19)
            let split = Dataset.Split(
                inputs: .features(
                    [Float](repeating: 1, count: examples * features), count: features),
                labels: [UInt8](repeating: 0, count: examples))
            let file = try Dataset(train: split, test: split).serialized()
            let digest = Digest(of: file)
            try file.write(
                to: URL(
                    filePath: DatasetFiles(directory: world.server.directory.datasetsPath)
                        .path(digest)))
            let connection = try RawConnection(port: port)
            connection.send("GET /v1/datasets/\(digest) HTTP/1.1\r\n\(head)\r\n")
            // Reads some kilobytes every ten milliseconds: all of it would take the better part of
            // a minute.
            let end = ContinuousClock.now + Self.patience
            var (count, isClosed) = (0, false)
            while !isClosed, ContinuousClock.now < end {
                let piece = connection.receive(within: Self.patience) { _ in true }
                count += piece.text.utf8.count
                isClosed = piece.isClosed
                try await Task.sleep(for: .milliseconds(10))
            }
            #expect(isClosed && count < file.count)
        }
    }

    @Test func `a body that nobody wants is not read to its end`() async throws {
        var bounds = Self.bounds
        bounds.linger = 0.3
        try await Self.withServer(bounds) { port, head, _ in
            let stranger = "Host: localhost\r\n"
            for (request, status) in [
                ("PUT /v1/datasets/x HTTP/1.1\r\n\(stranger)Content-Length: 10737418240", 401),
                ("POST /v1/sweeps HTTP/1.1\r\n\(stranger)Transfer-Encoding: chunked", 401),
                ("PUT /v1/datasets/x HTTP/1.1\r\n\(head)Content-Length: 10737418240", 413),
                ("POST /v1/sweeps HTTP/1.1\r\n\(head)Content-Length: 10737418240", 413),
                ("POST /v1/sweeps HTTP/1.1\r\n\(head)Transfer-Encoding: chunked", 413),
            ] {
                let connection = try RawConnection(port: port)
                connection.send(request + "\r\n\r\n")
                let isChunked = request.contains("chunked")
                let bytes = String(repeating: "x", count: 65_536)
                let piece = isChunked ? "10000\r\n\(bytes)\r\n" : bytes
                let end = ContinuousClock.now + Self.patience
                var answer = ""
                while ContinuousClock.now < end, connection.send(piece) {
                    answer += connection.receive(within: .zero).text
                }
                answer += connection.receive(within: .milliseconds(500)).text
                // A connection that is reset can lose what was not read yet.
                #expect(answer.isEmpty || answer.hasPrefix("HTTP/1.1 \(status)"), "\(request)")
                #expect(ContinuousClock.now < end, "\(request)")
            }
        }
    }

    @Test func `what is no proper HTTP gets 400, and the connection ends`() async throws {
        var bounds = Self.bounds
        bounds.linger = 0.3
        try await Self.withServer(bounds) { port, head, _ in
            let post = "POST /v1/sweeps HTTP/1.1\r\n"
            let get = "GET /v1/sweeps HTTP/1.1\r\n"
            for request in [
                "\(post)\(head)Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                "\(post)\(head)Content-Length: 4\r\nContent-Length: 5\r\n\r\n1234",
                "\(post)\(head)Content-Length: -1\r\n\r\n",
                "\(post)\(head)Content-Length: 99999999999999999999999\r\n\r\n",
                "\(post)\(head)Transfer-Encoding: chunked\r\n\r\nzz\r\n",
                "\(post)\(head)Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n",
                "\(get)\(head)" + (0..<70_000).map { "X-\($0): 1\r\n" }.joined() + "\r\n",
                "\(get)\(head)X: " + String(repeating: "x", count: 100_000) + "\r\n\r\n",
                "\(get)\(head)X: a\u{0}b\r\n\r\n", "\(get)\(head)X : a\r\n\r\n",
                "GET /\(String(repeating: "x", count: 100_000)) HTTP/1.1\r\n\(head)\r\n",
                "\u{16}\u{3}\u{1}\u{2}\u{0}\u{1}\u{0}", "GARBAGE\r\n\r\n", "GET / HTTP/9.9\r\n\r\n",
            ] {
                let connection = try RawConnection(port: port)
                connection.send(request)
                let (text, isClosed) = connection.receive(within: Self.patience)
                #expect(isClosed, "\(request.prefix(200))")
                #expect(
                    text.isEmpty || text.hasPrefix("HTTP/1.1 400")
                        || text.hasPrefix("HTTP/1.1 414"), "\(text.prefix(200))")
                // One answer at most: what follows was not taken for another request.
                #expect(text.components(separatedBy: "HTTP/1.1 ").count <= 2)
            }
        }
    }

    @Test func `a request that does not say whom it means gets 400, a stranger's name 421`()
        async throws
    {
        try await Self.withServer(Self.bounds) { port, _, _ in
            for (field, status) in [
                ("", 400), ("Host: \r\n", 400), ("Host: localhost\r\nHost: localhost\r\n", 400),
                ("Host: evil.example\r\n", 421),
                ("Host: localhost\r\n", 200), ("Host: 127.0.0.1:\(port)\r\n", 200),
            ] {
                let connection = try RawConnection(port: port)
                connection.send("GET /healthz HTTP/1.1\r\n\(field)Connection: close\r\n\r\n")
                let (text, isClosed) = connection.receive(within: Self.patience)
                #expect(isClosed && text.hasPrefix("HTTP/1.1 \(status)"), "\(field)")
            }
        }
    }

    @Test func `ten thousand requests at once are answered one after the other`() async throws {
        try await Self.withServer(Self.bounds) { port, _, _ in
            let connection = try RawConnection(port: port)
            let count = 10_000
            let thread = Thread {
                connection.send(
                    String(
                        repeating: "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n", count: count
                    ))
            }
            thread.start()
            let answers = { (text: String) in text.components(separatedBy: "\r\n\r\nok").count - 1 }
            let end = ContinuousClock.now + Self.patience
            var text = ""
            while ContinuousClock.now < end, answers(text) < count {
                text += connection.receive(within: .milliseconds(100)).text
            }
            #expect(answers(text) == count)
        }
    }
}
