internal import Glibc

/// An exclusive lock on a file. It is held for as long as the value lives, and ends with the
/// process, however that ends.
///
/// Some file systems have no locks, and some grant every request: either would let two processes
/// own one folder. Each lock therefore tests itself: a second open of its file must be refused.
public final class FileLock: Sendable {
    private let descriptor: Int32
    private let calls: Calls

    /// Why there is no lock.
    public enum Failure: Error, Hashable, CustomStringConvertible {
        /// Another process, or this one, holds it.
        case held(path: String)
        /// The file system has no locks, or they have no effect.
        case notWorking(path: String, reason: String)
        /// The file cannot be opened.
        case file(description: String)

        public var description: String {
            switch self {
            case .held(let path): "another process holds the lock '\(path)'"
            case .notWorking(let path, let reason):
                "the file system of '\(path)' has no working file locks (\(reason))"
            case .file(let description): description
            }
        }
    }

    /// The system calls, which tests replace.
    struct Calls: Sendable {
        /// 0, or the number of the error.
        var lock: @Sendable (_ descriptor: Int32) -> Int32
        var close: @Sendable (_ descriptor: Int32) -> Void

        static let system = Calls(
            lock: { flock($0, LOCK_EX | LOCK_NB) == 0 ? 0 : errno }, close: { _ = Glibc.close($0) })
    }

    /// Makes the file if it is missing, and locks it.
    public convenience init(_ path: String) throws(Failure) { try self.init(path, calls: .system) }

    init(_ path: String, calls: Calls) throws(Failure) {
        let opened = try Self.open(path)
        do throws(Failure) {
            try Self.lock(opened, path, calls)
            try Self.test(path, calls)
        } catch {
            calls.close(opened)
            throw error
        }
        // Last: an initializer that throws after it would close the descriptor a second time, by
        // `deinit`, when it may be another thread's already.
        (descriptor, self.calls) = (opened, calls)
    }

    deinit { calls.close(descriptor) }

    private static func open(_ path: String) throws(Failure) -> Int32 {
        let opened = Glibc.open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, mode_t(0o600))
        guard opened >= 0 else { throw .file(description: POSIXFileError(path).description) }
        return opened
    }

    private static func lock(_ descriptor: Int32, _ path: String, _ calls: Calls) throws(Failure) {
        while true {
            switch calls.lock(descriptor) {
            case 0: return
            case EINTR: continue
            case EWOULDBLOCK: throw .held(path: path)
            case let number:
                throw .notWorking(path: path, reason: "flock: \(String(cString: strerror(number)))")
            }
        }
    }

    /// The locks belong to the open file, not to the process: another open of it must be refused.
    private static func test(_ path: String, _ calls: Calls) throws(Failure) {
        let second = try open(path)
        defer { calls.close(second) }
        do throws(Failure) {
            try lock(second, path, calls)
        } catch .held {
            return
        }
        throw .notWorking(path: path, reason: "flock grants one lock twice")
    }
}
