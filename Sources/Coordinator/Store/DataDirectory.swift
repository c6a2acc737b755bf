import Crypto
import Foundation
import Glibc
import Shared

/// The one folder in which a coordinator keeps everything, owned by one process at a time:
///
///     coordinator.sqlite   sweeps, tasks, attempts, metrics
///     datasets/            data sets, by digest
///     secret               what lease tokens are made with; readable by its owner alone
///     lock                 held for as long as the process lives
///     temporary/           emptied at start
struct DataDirectory: Sendable {
    let path: String
    /// 256 random bits that only this directory's owner knows.
    let secret: SymmetricKey
    /// Held open: the lock ends with the process, however that ends.
    private let lock: Int32

    var databasePath: String { path + "/coordinator.sqlite" }
    var datasetsPath: String { path + "/datasets" }
    var temporaryPath: String { path + "/temporary" }

    /// Makes what is missing and takes the lock.
    init(path: String) throws {
        self.path = path
        let files = FileManager.default
        let ownerOnly: [FileAttributeKey: Any] = [.posixPermissions: 0o700]
        try files.createDirectory(
            atPath: path, withIntermediateDirectories: true, attributes: ownerOnly)
        lock = try Self.takeLock(path + "/lock", directory: path)
        try? files.removeItem(atPath: path + "/temporary")
        for folder in ["datasets", "temporary"] {
            try files.createDirectory(
                atPath: "\(path)/\(folder)", withIntermediateDirectories: true,
                attributes: ownerOnly)
        }
        secret = try Self.readOrMakeSecret(path + "/secret")
    }

    private static func takeLock(_ file: String, directory: String) throws -> Int32 {
        let descriptor = open(file, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else {
            throw DataDirectoryError.unusable(directory, reason: String(cString: strerror(errno)))
        }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            close(descriptor)
            throw DataDirectoryError.inUse(directory)
        }
        return descriptor
    }

    private static func readOrMakeSecret(_ file: String) throws -> SymmetricKey {
        if let data = FileManager.default.contents(atPath: file), data.count == 32 {
            return SymmetricKey(data: data)
        }
        let key = SymmetricKey(size: .bits256)
        let bytes = key.withUnsafeBytes { Data($0) }
        try DurableFile.write(bytes, to: file)
        return key
    }
}

enum DataDirectoryError: Error, CustomStringConvertible {
    case inUse(String)
    case unusable(String, reason: String)

    var description: String {
        switch self {
        case .inUse(let path):
            "Another coordinator is using the data directory '\(path)': stop it, or name another "
                + "directory with --data-dir."
        case .unusable(let path, let reason):
            "The data directory '\(path)' cannot be used: \(reason)."
        }
    }
}

/// Files that are there whole or not at all, also after a power cut.
enum DurableFile {
    /// Writes beside the destination, has the bytes put on disk, then renames. Its owner alone may
    /// read the file.
    static func write(_ data: Data, to path: String) throws {
        let temporary = path + ".partial"
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw POSIXFileError(path) }
        defer { close(descriptor) }
        try data.withUnsafeBytes { bytes in
            var rest = bytes[...]
            while !rest.isEmpty {
                let written = Glibc.write(
                    descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
                guard written > 0 else { throw POSIXFileError(path) }
                rest = rest.dropFirst(written)
            }
        }
        guard fsync(descriptor) == 0, rename(temporary, path) == 0 else {
            throw POSIXFileError(path)
        }
        try syncDirectory(of: path)
    }

    /// A rename is on disk only once its directory is.
    private static func syncDirectory(of path: String) throws {
        let directory = URL(filePath: path).deletingLastPathComponent().path
        let descriptor = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw POSIXFileError(directory) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw POSIXFileError(directory) }
    }
}

struct POSIXFileError: Error, CustomStringConvertible {
    let description: String

    init(_ path: String) { description = "\(path): \(String(cString: strerror(errno)))" }
}
