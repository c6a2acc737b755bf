import Foundation
import Glibc

/// A connection to a server on this host that sends bytes as they are, and reads one answer of HTTP
/// to each.
public final class RequestConnection {
    private let file: Int32
    public private(set) var isOpen = true
    public private(set) var lastBody: [UInt8] = []

    /// Waits at most a second for each part of an answer.
    public init(port: UInt16) throws {
        file = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var patience = timeval(tv_sec: 1, tv_usec: 0)
        setsockopt(
            file, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        setsockopt(
            file, SOL_SOCKET, SO_SNDTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        var name = sockaddr_in()
        name.sin_family = sa_family_t(AF_INET)
        name.sin_port = port.bigEndian
        name.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        let isConnected = withUnsafePointer(to: &name) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(file, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
        guard isConnected else {
            throw TestFailure(
                "port \(port) takes no connection: \(String(cString: strerror(errno)))")
        }
    }

    deinit { close(file) }

    /// The status of the answer; nil where there was none. What cannot be told from the next answer
    /// is not kept: the connection then counts as closed.
    /// - Parameter isCut: this side is closed after the bytes.
    public func exchange(_ bytes: [UInt8], isCut: Bool = false) -> Int? {
        lastBody = []
        isOpen = send(bytes) && !isCut
        if isCut { shutdown(file, Int32(SHUT_WR)) }
        var answer: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 65_536)
        while true {
            if let (status, length) = read(answer, &lastBody) {
                // More than one answer: the change made several requests of one.
                if length != answer.count { isOpen = false }
                return status
            }
            let count = recv(file, &piece, piece.count, 0)
            guard count > 0 else {
                isOpen = false
                return nil
            }
            answer += piece[..<count]
        }
    }

    private func send(_ bytes: [UInt8]) -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes {
                Glibc.send(file, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return false }
            rest = rest.dropFirst(count)
        }
        return true
    }

    /// Status and length of a whole answer, nil where it is not whole yet.
    private func read(_ answer: [UInt8], _ body: inout [UInt8]) -> (Int, Int)? {
        let text = String(decoding: answer, as: Unicode.ASCII.self)
        guard let end = text.range(of: "\r\n\r\n") else { return nil }
        let head = text[..<end.lowerBound]
        let start = text.distance(from: text.startIndex, to: end.upperBound)
        guard let status = head.split(separator: " ").dropFirst().first.flatMap({ Int($0) }) else {
            return nil
        }
        if head.lowercased().contains("connection: close") { isOpen = false }
        let length = head.lowercased().firstMatch(of: /content-length: (\d+)/).flatMap { Int($0.1) }
        guard answer.count >= start + (length ?? 0) else { return nil }
        if length == nil, status != 204 { isOpen = false }
        body = Array(answer[start...].prefix(length ?? 0))
        return (status, start + (length ?? 0))
    }
}
