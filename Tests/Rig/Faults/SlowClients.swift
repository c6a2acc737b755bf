import Foundation
import Glibc
import Synchronization
import TestSupport

/// Clients that hold a server up: idle ones, one that waits for a task, those that send their body
/// a byte a second, and those that never read their answer.
final class SlowClients: Sendable {
    private let sockets = Mutex<[Int32]>([])
    private let isStopped = Mutex(false)

    init(
        address: String, headers: [(name: String, value: String)], sweep: String,
        recorder: Recorder
    ) throws {
        let extra = headers.map { "\($0.name): \($0.value)\r\n" }.joined()
        let head = "Host: 127.0.0.1\r\nContent-Type: application/json\r\n" + extra
        for _ in 0..<5 { try connect(address) }
        let poll = #"{"host":"x","slots":1,"wait_seconds":60,"worker":"idle"}"#
        let call = "slow-poll-\(recorder.now)"
        // Nobody reads its answer: it stays unknown.
        _ = recorder.begin(
            .lease, by: "idle", path: "/v1/leases", request: call, token: nil, body: poll)
        try send(
            "POST /v1/leases HTTP/1.1\r\n\(head)Request-Id: \(call)\r\n"
                + "Content-Length: \(poll.utf8.count)\r\n\r\n\(poll)", to: connect(address))
        for number in 0..<3 {
            let body = try connect(address)
            try send(
                "POST /v1/leases HTTP/1.1\r\n\(head)Request-Id: slow-body-\(number)\r\n"
                    + "Content-Length: 1000\r\n\r\n{", to: body)
            Thread.detachNewThread { [self] in
                while !isStopped.withLock({ $0 }) {
                    Thread.sleep(forTimeInterval: 1)
                    _ = " ".withCString { Glibc.send(body, $0, 1, Int32(MSG_NOSIGNAL)) }
                }
            }
            // Many answers, of which not a byte is read.
            let reader = try connect(address)
            let request = "GET /v1/sweeps/\(sweep)/manifest.json HTTP/1.1\r\n\(head)\r\n"
            try send(String(repeating: request, count: 40), to: reader)
        }
    }

    @discardableResult
    private func connect(_ address: String) throws -> Int32 {
        guard let port = address.split(separator: ":").last.flatMap({ UInt16($0) }) else {
            throw TestFailure("\(address) has no port")
        }
        let file = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var small: Int32 = 4_096
        setsockopt(file, SOL_SOCKET, SO_RCVBUF, &small, socklen_t(MemoryLayout<Int32>.size))
        var name = sockaddr_in()
        name.sin_family = sa_family_t(AF_INET)
        name.sin_port = port.bigEndian
        name.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        let length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isConnected = withUnsafePointer(to: &name) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(file, $0, length) == 0
            }
        }
        guard isConnected else { throw TestFailure("nobody listens on \(address)") }
        sockets.withLock { $0.append(file) }
        return file
    }

    private func send(_ text: String, to file: Int32) throws {
        let bytes = Array(text.utf8)
        guard Glibc.send(file, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count else {
            throw TestFailure("a slow client could not send")
        }
    }

    func stop() {
        isStopped.withLock { $0 = true }
        for file in sockets.withLock({ $0 }) { shutdown(file, Int32(SHUT_RDWR)) }
    }
}
