import Dispatch
import Glibc
import Synchronization

/// Writes lines to a descriptor from a thread of its own, so that a reader that does not read, a
/// full disk or a broken pipe neither stops nor ends whoever writes. What cannot be written is
/// dropped.
public final class LineWriter: Sendable {
    public static let standardError = LineWriter(descriptor: STDERR_FILENO)
    public static let standardOutput = LineWriter(descriptor: STDOUT_FILENO)

    private let descriptor: Int32
    private let bytesWaitingMax: Int
    private let queue = DispatchQueue(label: "lines")
    private let state = Mutex(State())

    private struct State {
        var bytesWaiting = 0
        /// Since the last line that had room.
        var droppedCount = 0
    }

    /// - Parameter bytesWaitingMax: lines beyond it are dropped until some are written.
    public init(descriptor: Int32, bytesWaitingMax: Int = Limits.logBytesWaitingMax) {
        self.descriptor = descriptor
        self.bytesWaitingMax = bytesWaitingMax
    }

    /// Returns at once.
    /// - Parameter line: with its line feed.
    public func write(_ line: String) {
        let bytes = state.withLock { state -> [UInt8]? in
            let count = state.droppedCount
            let text = (count > 0 ? "(\(count) log lines were dropped)\n" : "") + line
            guard state.bytesWaiting + text.utf8.count <= bytesWaitingMax else {
                state.droppedCount += 1
                return nil
            }
            state.droppedCount = 0
            state.bytesWaiting += text.utf8.count
            return Array(text.utf8)
        }
        guard let bytes else { return }
        queue.async { [self] in
            put(bytes)
            state.withLock { $0.bytesWaiting -= bytes.count }
        }
    }

    /// Waits until everything is written, but not for longer than the limit.
    public func flush(within limit: Duration = .milliseconds(Limits.logFlushMilliseconds)) {
        let isDone = DispatchSemaphore(value: 0)
        queue.async { isDone.signal() }
        _ = isDone.wait(timeout: .now() + limit.seconds)
    }

    /// Waits for a reader for as long as there is one; gives the bytes up at any error.
    private func put(_ bytes: [UInt8]) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count > 0 {
                rest = rest.dropFirst(count)
            } else if count < 0, errno == EAGAIN {
                // Whoever shares the descriptor has made it non-blocking.
                var waiting = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                _ = poll(&waiting, 1, -1)
            } else if count == 0 || errno != EINTR {
                return
            }
        }
    }
}
