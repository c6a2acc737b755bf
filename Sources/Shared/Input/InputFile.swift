public import FoundationEssentials
internal import Glibc

/// Reads the files that a person, a sweep file or an environment names: regular files, pipes, and
/// `-` for the standard input.
///
/// A file is read once and up to a limit: one that is larger is refused before its bytes are read.
/// A pipe that gives no byte for `Limits.inputSilenceSecondsMax` is an error, and so is everything
/// else that a path can lead to: a folder, a device, a socket.
public enum InputFile {
    /// The file's bytes.
    /// - Parameters:
    ///   - path: `-` is the standard input.
    ///   - bytesMax: the size limit of this kind of input.
    ///   - silenceSecondsMax: how long a pipe may give no byte.
    public static func read(
        _ path: String, bytesMax: Int,
        silenceSecondsMax: Double = Limits.inputSilenceSecondsMax
    ) throws(FileError) -> Data {
        let name = name(path)
        let (descriptor, isOwned) = try open(path, name)
        defer { if isOwned { close(descriptor) } }
        return try read(
            descriptor: descriptor, name: name, bytesMax: bytesMax,
            silenceSecondsMax: silenceSecondsMax)
    }

    /// What messages call the file at a path.
    public static func name(_ path: String) -> String {
        path == "-" ? "the standard input" : "'\(path)'"
    }

    /// A descriptor to read from, and whether the caller must close it.
    private static func open(
        _ path: String, _ name: String
    ) throws(FileError) -> (descriptor: Int32, isOwned: Bool) {
        if path == "-" {
            guard !StandardStreams.wasClosed(STDIN_FILENO) else {
                throw FileError("cannot read \(name): it is closed")
            }
            return (STDIN_FILENO, false)
        }
        // A pipe that is opened a second time does not say that its writers have gone.
        if case .descriptor(let descriptor)? = try? FilePlace.resolve(path) {
            return (descriptor, false)
        }
        // Before it is opened: that alone can rewind or reset a device.
        var status = stat()
        guard stat(path, &status) == 0 else { throw FileError(errno, "cannot read \(name)") }
        try checkKind(status, name)
        // No wait here for a program that writes to the pipe.
        let descriptor = Glibc.open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
        guard descriptor >= 0 else { throw FileError(errno, "cannot read \(name)") }
        return (descriptor, true)
    }

    private static func checkKind(_ status: stat, _ name: String) throws(FileError) {
        let found: String
        switch status.st_mode & S_IFMT {
        case S_IFREG, S_IFIFO: return
        case S_IFDIR: found = "a folder"
        case S_IFSOCK: found = "a socket"
        default: found = "a device"
        }
        throw FileError("cannot read \(name): it is \(found), wanted a file or a pipe")
    }

    /// Reads an open file to its end.
    static func read(
        descriptor: Int32, name: String, bytesMax: Int,
        silenceSecondsMax: Double = Limits.inputSilenceSecondsMax
    ) throws(FileError) -> Data {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw FileError(errno, "cannot read \(name)") }
        let isRegular = status.st_mode & S_IFMT == S_IFREG
        let isStandard = descriptor == STDIN_FILENO
        // A person may type the standard input, and a service may hand it over as a socket.
        let isOpenEnded =
            isStandard && (isatty(descriptor) == 1 || status.st_mode & S_IFMT == S_IFSOCK)
        if !isOpenEnded { try checkKind(status, name) }
        guard !isRegular || Int(status.st_size) <= bytesMax else {
            throw FileError(
                "cannot read \(name): it has \(status.st_size) bytes, over the limit of "
                    + "\(bytesMax)")
        }
        var data = Data()
        if isRegular { data.reserveCapacity(Int(status.st_size)) }
        let chunk = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 18, alignment: 16)
        defer { chunk.deallocate() }
        // Before the first byte, the end of a pipe may only mean that its writer has not come yet.
        let isBlocking = fcntl(descriptor, F_GETFL) & O_NONBLOCK == 0
        while true {
            if !isRegular, isBlocking || data.isEmpty {
                try waitForByte(descriptor, name, silenceSecondsMax)
            }
            let count = Glibc.read(descriptor, chunk.baseAddress, chunk.count)
            if count == 0 { return data }
            guard count > 0 else {
                if errno == EINTR { continue }
                if errno == EAGAIN {
                    try waitForByte(descriptor, name, silenceSecondsMax)
                    continue
                }
                throw FileError(errno, "cannot read \(name)")
            }
            guard data.count + count <= bytesMax else {
                throw FileError(
                    "cannot read \(name): it has more than \(bytesMax) bytes, the limit")
            }
            data.append(contentsOf: UnsafeRawBufferPointer(rebasing: chunk[..<count]))
        }
    }

    /// Waits until there is a byte or the end. A pipe without a writer has its end only after there
    /// has been one.
    private static func waitForByte(
        _ descriptor: Int32, _ name: String, _ secondsMax: Double
    ) throws(FileError) {
        let end = ContinuousClock.now + .seconds(secondsMax)
        while true {
            let left = max(0, (end - ContinuousClock.now).seconds)
            var poller = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            let count = poll(&poller, 1, Int32((left * 1_000).rounded(.up)))
            if count > 0 { return }
            if count < 0 {
                guard errno == EINTR else { throw FileError(errno, "cannot read \(name)") }
            } else if ContinuousClock.now >= end {
                throw FileError(
                    "cannot read \(name): it gave no byte for \(numberText(secondsMax)) seconds")
            }
        }
    }
}
