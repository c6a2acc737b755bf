internal import Crypto
public import FoundationEssentials
internal import Glibc
internal import Synchronization

/// Files that are there whole or not at all, also after a power cut.
public enum DurableFile {
    /// Of the name that a file has until it is whole.
    public static let partialEnding = ".partial"

    /// Writes beside the destination, has the bytes put on disk, then renames. Its owner alone may
    /// read the file.
    public static func write(_ data: Data, to path: String) throws {
        let file = try FileInTheMaking(path + partialEnding)
        try file.append(data)
        try file.sync()
        try file.rename(to: path)
    }

    /// What was made, renamed or removed in a directory is on disk only once the directory is.
    public static func syncDirectory(of path: String) throws {
        let end = path.lastIndex(of: "/")
        let directory = end.map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
        let descriptor = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw POSIXFileError(directory) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw POSIXFileError(directory) }
    }
}

/// A file that is written piece by piece under a passing name, and counted and hashed on the way.
/// It is gone unless it was given its lasting name.
public final class FileInTheMaking: Sendable {
    private let path: String
    private let descriptor: Int32
    private let state = Mutex(State())

    private struct State {
        var byteCount = 0
        var hash = SHA256()
        var isRenamed = false
    }

    /// - Parameter path: on the file system of the lasting name. What is there already is lost.
    public init(_ path: String) throws {
        let opened = open(
            path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, mode_t(0o600))
        guard opened >= 0 else { throw POSIXFileError(path) }
        // Last: `deinit` must not remove a file that could not be opened.
        (self.path, descriptor) = (path, opened)
    }

    deinit {
        close(descriptor)
        if !state.withLock({ $0.isRenamed }) { unlink(path) }
    }

    public var byteCount: Int { state.withLock { $0.byteCount } }
    /// Of all that was written so far.
    public var digest: Digest { state.withLock { Digest($0.hash.finalize()) } }

    public func append(_ data: Data) throws {
        try data.withUnsafeBytes { bytes in
            var rest = bytes[...]
            while !rest.isEmpty {
                let piece = UnsafeRawBufferPointer(rebasing: rest)
                let written = Glibc.write(descriptor, piece.baseAddress, piece.count)
                if written < 0, errno == EINTR { continue }
                guard written > 0 else { throw POSIXFileError(path) }
                rest = rest.dropFirst(written)
            }
        }
        state.withLock {
            $0.byteCount += data.count
            $0.hash.update(data: data)
        }
    }

    /// Has the bytes put on disk.
    public func sync() throws {
        guard fsync(descriptor) == 0 else { throw POSIXFileError(path) }
    }

    /// Gives the file its lasting name, for good: also the directory is put on disk.
    public func rename(to lasting: String) throws {
        guard Glibc.rename(path, lasting) == 0 else { throw POSIXFileError(lasting) }
        state.withLock { $0.isRenamed = true }
        try DurableFile.syncDirectory(of: lasting)
    }
}

/// What the operating system said of a file.
public struct POSIXFileError: Error, CustomStringConvertible {
    public let description: String

    /// To be made right after the call that failed.
    public init(_ path: String) { description = "\(path): \(String(cString: strerror(errno)))" }
}
