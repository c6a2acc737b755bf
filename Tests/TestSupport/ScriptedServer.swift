public import Foundation
import Glibc
import Synchronization

/// A server of a few lines that does to its clients what real ones do on bad days: for each request
/// that it has read whole it does an act.
public final class ScriptedServer: Sendable {
    public enum Act: Sendable {
        /// A whole answer; the connection is kept.
        case answer(status: Int, headers: [String] = [], body: String = "")
        /// The same with bytes that are no text.
        case answerData(status: Int, headers: [String], Data)
        /// The connection is closed after the request was read, without a byte.
        case hangUp
        /// Nothing, for as long as the client waits.
        case silence
        /// These bytes, and the connection is closed.
        case raw(String)
    }

    public struct Received: Sendable {
        /// Method and path.
        public let line: String
        public let headers: [String: String]
        public let bytes: Data
        public var body: String { String(decoding: bytes, as: UTF8.self) }
    }

    private struct State {
        var received: [Received] = []
        /// Those that are open.
        var connections: [Int32] = []
        var connectionCount = 0
    }

    private let state = Mutex(State())
    /// Asked on the connection's own thread, and may take its time.
    private let act: @Sendable (Received) -> Act
    private let listener: Int32
    public let address: String

    public struct Failure: Error {}

    /// Each request takes the next act of the script, the last one for ever.
    public convenience init(_ script: [Act]) throws {
        let left = Mutex(script)
        try self.init { _ in
            left.withLock { $0.count > 1 ? $0.removeFirst() : $0.first ?? .hangUp }
        }
    }

    public init(_ act: @escaping @Sendable (Received) -> Act) throws {
        self.act = act
        listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var name = sockaddr_in()
        name.sin_family = sa_family_t(AF_INET)
        name.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let file = listener
        let isBound = withUnsafeMutablePointer(to: &name) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(file, $0, length) == 0 && listen(file, 16) == 0
                    && getsockname(file, $0, &length) == 0
            }
        }
        guard isBound else { throw Failure() }
        address = "http://127.0.0.1:\(UInt16(bigEndian: name.sin_port))"
        Thread.detachNewThread { [self] in
            // Each thread closes its own socket, and nobody else does: a number that was closed
            // elsewhere may by then be a neighbour's.
            defer { close(file) }
            while true {
                let connection = accept(file, nil, nil)
                guard connection >= 0 else { return }
                state.withLock {
                    $0.connections.append(connection)
                    $0.connectionCount += 1
                }
                Thread.detachNewThread { [self] in serve(connection) }
            }
        }
    }

    /// Ends all connections. To be called at the end of a test, or the threads stay.
    public func stop() {
        shutdown(listener, Int32(SHUT_RDWR))
        state.withLock { state in
            for connection in state.connections { shutdown(connection, Int32(SHUT_RDWR)) }
        }
    }

    public var received: [Received] { state.withLock { $0.received } }
    /// How often a client has connected.
    public var connectionCount: Int { state.withLock { $0.connectionCount } }

    private func serve(_ connection: Int32) {
        defer {
            state.withLock { state in
                state.connections.removeAll { $0 == connection }
                close(connection)
            }
        }
        while let request = read(connection) {
            state.withLock { $0.received.append(request) }
            switch act(request) {
            case .answer(let status, let headers, let body):
                answer(status, headers, Data(body.utf8), connection)
            case .answerData(let status, let headers, let body):
                answer(status, headers, body, connection)
            case .raw(let text):
                send(text, connection)
                return
            case .silence:
                var byte: UInt8 = 0
                _ = recv(connection, &byte, 1, 0)
                return
            case .hangUp: return
            }
        }
    }

    private func answer(_ status: Int, _ headers: [String], _ body: Data, _ connection: Int32) {
        // An answer of 204 has no body, and says nothing of its length.
        let length = status == 204 ? [] : ["Content-Length: \(body.count)"]
        let head = (["HTTP/1.1 \(status) X"] + length + headers).joined(separator: "\r\n")
        send(Array("\(head)\r\n\r\n".utf8) + body, connection)
    }

    private func send(_ text: String, _ connection: Int32) { send(Array(text.utf8), connection) }

    private func send(_ bytes: [UInt8], _ connection: Int32) {
        var offset = 0
        while offset < bytes.count {
            let count = bytes[offset...].withUnsafeBytes {
                Glibc.send(connection, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return }
            offset += count
        }
    }

    /// One request with its body, or nil where the client is gone.
    private func read(_ connection: Int32) -> Received? {
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 65_536)
        while true {
            if let request = Self.parse(bytes) { return request }
            let count = recv(connection, &piece, piece.count, 0)
            guard count > 0 else { return nil }
            bytes += piece[..<count]
        }
    }

    private static func parse(_ bytes: [UInt8]) -> Received? {
        guard let end = bytes.firstRange(of: Array("\r\n\r\n".utf8)) else { return nil }
        let lines = String(decoding: bytes[..<end.lowerBound], as: UTF8.self)
            .components(separatedBy: "\r\n")
        let fields = lines.dropFirst().map { line in
            let parts = line.split(separator: ":", maxSplits: 1).map(String.init)
            return (parts[0].lowercased(), parts.count > 1 ? String(parts[1].dropFirst()) : "")
        }
        let headers = Dictionary(fields) { $1 }
        let body = Data(bytes[end.upperBound...])
        guard body.count >= Int(headers["content-length"] ?? "0") ?? 0 else { return nil }
        let line = lines[0].split(separator: " ").prefix(2).joined(separator: " ")
        return Received(line: line, headers: headers, bytes: body)
    }
}
