import Foundation
import Glibc

/// A socket to a server on this host, for what no client library would send.
public final class RawConnection: Sendable {
    private let descriptor: Int32

    public init(port: Int) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        // So small that a server soon notices a reader that does not read.
        var size: Int32 = 4_096
        setsockopt(
            descriptor, SOL_SOCKET, SO_RCVBUF, &size, socklen_t(MemoryLayout<Int32>.size))
        var name = sockaddr_in()
        name.sin_family = sa_family_t(AF_INET)
        name.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        name.sin_port = UInt16(truncatingIfNeeded: port).bigEndian
        let isConnected = withUnsafePointer(to: &name) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
        guard isConnected else { throw TestFailure("port \(port): \(errno)") }
    }

    deinit { close(descriptor) }

    /// Sends what the server takes; false once it has closed the connection.
    @discardableResult
    public func send(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        var offset = 0
        while offset < bytes.count {
            let count = bytes[offset...].withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return false }
            offset += count
        }
        return true
    }

    /// What arrives within the time; ends earlier when the server closes the connection.
    /// - Parameter isEnough: looks at what is there so far.
    public func receive(
        within limit: Duration, until isEnough: ((String) -> Bool)? = nil
    ) -> (text: String, isClosed: Bool) {
        let end = ContinuousClock.now + limit
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 65_536)
        while ContinuousClock.now < end {
            var wanted = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            guard poll(&wanted, 1, 50) > 0 else { continue }
            let count = recv(descriptor, &piece, piece.count, 0)
            guard count > 0 else { return (String(decoding: bytes, as: UTF8.self), true) }
            bytes += piece[..<count]
            if let isEnough, isEnough(String(decoding: bytes, as: UTF8.self)) { break }
        }
        return (String(decoding: bytes, as: UTF8.self), false)
    }
}
