import Foundation
import Glibc
import Shared
import TestSupport
import Testing

/// That a log never holds up whoever writes it.
@Suite(.timeLimit(.minutes(10))) struct LineWriterTests {
    /// A pipe that nobody reads, filled to the last byte.
    private static func fullPipe() throws -> (reader: Int32, writer: Int32) {
        var ends: [Int32] = [0, 0]
        guard pipe(&ends) == 0 else { throw TestFailure("no pipe") }
        let flags = fcntl(ends[1], F_GETFL)
        _ = fcntl(ends[1], F_SETFL, flags | O_NONBLOCK)
        let bytes = [UInt8](repeating: 0x2E, count: 4_096)
        while Glibc.write(ends[1], bytes, bytes.count) > 0 {}
        while Glibc.write(ends[1], bytes, 1) > 0 {}
        _ = fcntl(ends[1], F_SETFL, flags)
        return (ends[0], ends[1])
    }

    @Test func `a reader that does not read holds nobody up, and misses only what found no room`()
        async throws
    {
        let (reader, writer) = try Self.fullPipe()
        let lines = LineWriter(descriptor: writer, bytesWaitingMax: 1_000)
        // Each has 10 bytes; each comes back at once.
        for number in 0..<300 { lines.write("line \(1_000 + number)\n") }
        lines.flush(within: .milliseconds(1))
        let text = try await onThread {
            var (text, piece) = ("", [UInt8](repeating: 0, count: 65_536))
            // The first that has room tells how many had none.
            while !text.contains("line 9999") {
                let count = Glibc.read(reader, &piece, piece.count)
                guard count > 0 else { throw TestFailure("the pipe has ended") }
                text += String(decoding: piece.prefix(count), as: UTF8.self)
                if text.contains("line 1099\n") { lines.write("line 9999\n") }
            }
            return text.drop { $0 == "." }
        }
        let kept = (0..<100).map { "line \(1_000 + $0)\n" }.joined()
        #expect(text == kept + "(200 log lines were dropped)\nline 9999\n")
        close(reader)
        close(writer)
    }

    @Test func `a descriptor that takes nothing loses lines, and nothing else`() throws {
        for path in ["/dev/full", "/dev/null"] {
            let file = open(path, path == "/dev/full" ? O_WRONLY : O_RDONLY)
            try #require(file >= 0)
            let lines = LineWriter(descriptor: file)
            for _ in 0..<10 { lines.write("x\n") }
            lines.flush(within: .stuck)
            close(file)
        }
    }
}
