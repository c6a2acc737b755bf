import Crypto
import Foundation
import Shared

/// The one folder in which a coordinator keeps everything, owned by one process at a time:
///
///     coordinator.sqlite   sweeps, tasks, attempts, metrics; with -wal, the newest of them
///     coordinator.sqlite-mark   the number of the last acknowledged commit
///     datasets/            data sets, by digest
///     checkpoints/         of tasks under way
///     secret               what lease tokens are made with; readable by its owner alone
///     tokens.json          digests of the tokens that are accepted
///     join-*               join strings with the coordinator's own tokens
///     tls-*.pem            the certificate that it made for itself, and its key
///     lock                 held for as long as the process lives
///     temporary/           emptied at start
struct DataDirectory: Sendable {
    let path: String
    /// 256 random bits that only this directory's owner knows.
    let secret: SymmetricKey
    private let lock: FileLock

    var databasePath: String { path + "/coordinator.sqlite" }
    var datasetsPath: String { path + "/datasets" }
    var checkpointsPath: String { path + "/checkpoints" }
    var temporaryPath: String { path + "/temporary" }
    var tokensPath: String { path + "/tokens.json" }
    var certificatePath: String { path + "/tls-certificate.pem" }
    var keyPath: String { path + "/tls-key.pem" }
    func joinPath(_ role: Role) -> String { Self.joinPath(path, role) }
    static func joinPath(_ directory: String, _ role: Role) -> String {
        "\(directory)/join-\(role.rawValue)"
    }

    /// Makes what is missing and takes the lock.
    init(path: String) throws {
        self.path = path
        let files = FileManager.default
        let ownerOnly: [FileAttributeKey: Any] = [.posixPermissions: 0o700]
        try files.createDirectory(
            atPath: path, withIntermediateDirectories: true, attributes: ownerOnly)
        try Ownership.checkDirectory(path)
        lock = try Self.lock(path)
        try? files.removeItem(atPath: path + "/temporary")
        for folder in ["datasets", "checkpoints", "temporary"] {
            try files.createDirectory(
                atPath: "\(path)/\(folder)", withIntermediateDirectories: true,
                attributes: ownerOnly)
        }
        try Ownership.checkSecrets([
            path + "/secret", path + "/tokens.json", path + "/tls-key.pem",
            Self.joinPath(path, .admin), Self.joinPath(path, .worker),
        ])
        secret = try Self.readOrMakeSecret(path + "/secret")
    }

    private static func lock(_ path: String) throws(DataDirectoryError) -> FileLock {
        do throws(FileLock.Failure) {
            return try FileLock(path + "/lock")
        } catch {
            switch error {
            case .held: throw .inUse(path)
            case .notWorking(_, let reason): throw .withoutLocks(path, reason: reason)
            case .file(let description): throw .unusable(path, reason: description)
            }
        }
    }

    /// A secret that is there and cannot be read is not made anew: every lease would be lost by it.
    private static func readOrMakeSecret(_ file: String) throws -> SymmetricKey {
        if FileManager.default.fileExists(atPath: file) {
            let data = try InputFile.read(file, bytesMax: Limits.stateFileBytesMax)
            guard data.count == 32 else {
                throw DataDirectoryError.unusable(
                    file, reason: "it has \(data.count) bytes, not 32")
            }
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
    case withoutLocks(String, reason: String)
    case unusable(String, reason: String)

    var description: String {
        switch self {
        case .inUse(let path):
            "Another coordinator is using the data directory '\(path)': stop it, or name another "
                + "directory with --data-dir."
        case .withoutLocks(let path, let reason):
            "The file system of the data directory '\(path)' has no working file locks "
                + "(\(reason)), so that two coordinators could write to it: name a directory on a "
                + "local disk with --data-dir."
        case .unusable(let path, let reason):
            "'\(path)' cannot be used: \(reason)."
        }
    }
}
