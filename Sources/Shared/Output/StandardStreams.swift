public import FoundationEssentials
internal import Glibc
internal import Synchronization

/// The process's standard input, output and error.
public enum StandardStreams {
    private static let closed = Mutex<Set<Int32>>([])

    /// Opens `/dev/null` in place of each stream that is closed, so that no other file gets its
    /// number, and remembers which they were. To be called before the process opens anything.
    public static func prepare() {
        for descriptor in Int32(0)...2 where fcntl(descriptor, F_GETFD) == -1 {
            closed.withLock { _ = $0.insert(descriptor) }
            // The lowest free number: the lower ones are open by now.
            _ = open("/dev/null", descriptor == 0 ? O_RDONLY : O_WRONLY)
        }
    }

    /// Whether the stream was closed when the process started.
    static func wasClosed(_ descriptor: Int32) -> Bool {
        closed.withLock { $0.contains(descriptor) }
    }
}

/// What a command answers. Each function throws `FileError` if not every byte was accepted; if the
/// reader has closed its end, the process ends as by SIGPIPE, without a message.
public enum StandardOutput {
    /// Writes a text for people and a line end, the text as `plainText`.
    public static func print(_ text: String) throws {
        try write(Data((text.plainText + "\n").utf8))
    }

    /// Writes one JSON document and a line end, the document as `plainJSON`.
    public static func print(json: Data) throws {
        try write(Data((String(decoding: json, as: UTF8.self).plainJSON + "\n").utf8))
    }

    /// Writes bytes as they are, past any buffer.
    public static func write(_ data: Data) throws {
        try requireOpen()
        try Descriptor.write(data, to: STDOUT_FILENO, name: name)
    }

    /// Writes a line of a process that runs on without a reader. Errors are ignored.
    public static func announce(_ line: String) {
        Descriptor.tryWriting(line.plainLine + "\n", to: STDOUT_FILENO)
    }

    /// For commands that change something before they print: throws `FileError` if the standard
    /// output was closed when the process started.
    public static func requireOpen() throws {
        guard !StandardStreams.wasClosed(STDOUT_FILENO) else {
            throw FileError("cannot write to \(name): it is closed")
        }
    }

    static let name = "the standard output"
}

/// Messages beside a command's answer. A failure to write them is ignored: there is no other place
/// to report it.
public enum StandardError {
    /// Writes a text for people and a line end, the text as `plainText`.
    public static func print(_ text: String) {
        Descriptor.tryWriting(text.plainText + "\n", to: STDERR_FILENO)
    }

    /// A destination for log lines. Each call of `write` is one line, shown as `plainLine`.
    public struct LogStream: TextOutputStream, Sendable {
        public init() {}

        public mutating func write(_ line: String) {
            let text = line.hasSuffix("\n") ? String(line.dropLast()) : line
            Descriptor.tryWriting(text.plainLine + "\n", to: STDERR_FILENO)
        }
    }
}

/// The end of a command: its message and its exit code.
public enum CommandEnd {
    /// Prints the message, on the standard output if the code is 0, and exits. The code is 1 if
    /// that cannot be printed.
    public static func exit(message: String, code: Int32) -> Never {
        guard code == 0 else {
            if !message.isEmpty { StandardError.print(message) }
            Glibc.exit(code)
        }
        do {
            if !message.isEmpty { try StandardOutput.print(message) }
        } catch {
            StandardError.print("Error: \(error)")
            Glibc.exit(1)
        }
        Glibc.exit(0)
    }
}

/// Writes to open descriptors.
enum Descriptor {
    /// Writes all of the data, also to a descriptor that does not block.
    /// - Parameter name: what errors call the destination.
    static func write(_ data: Data, to descriptor: Int32, name: String) throws {
        try data.withUnsafeBytes { bytes in
            var rest = bytes[...]
            while !rest.isEmpty {
                let piece = UnsafeRawBufferPointer(rebasing: rest)
                let count = Glibc.write(descriptor, piece.baseAddress, piece.count)
                if count >= 0 {
                    rest = rest.dropFirst(count)
                } else if errno == EAGAIN {
                    var poller = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                    poll(&poller, 1, -1)
                } else if errno == EPIPE {
                    endByBrokenPipe()
                } else if errno != EINTR {
                    throw FileError(errno, "cannot write to \(name)")
                }
            }
        }
    }

    /// Writes what the descriptor accepts, without a wait for one that does not block.
    static func tryWriting(_ text: String, to descriptor: Int32) {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return }
            rest = rest.dropFirst(count)
        }
    }

    /// Ends the process as the signal does where it is not ignored.
    private static func endByBrokenPipe() -> Never {
        signal(SIGPIPE, SIG_DFL)
        var signals = sigset_t()
        sigemptyset(&signals)
        sigaddset(&signals, SIGPIPE)
        pthread_sigmask(SIG_UNBLOCK, &signals, nil)
        raise(SIGPIPE)
        _exit(128 + SIGPIPE)
    }
}
