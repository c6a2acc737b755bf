import Glibc
import Shared

/// Refuses a data directory that is not its user's alone: whoever else could write there could put
/// his own files in the place of ours, and whoever could read the secrets could call as anybody.
enum Ownership {
    static func checkDirectory(_ path: String) throws {
        guard let status = FileStatus(of: path) else { throw POSIXFileError(path) }
        guard status.kind != .link else {
            throw DataDirectoryError.unusable(
                path, reason: "it is a symbolic link; name the folder that it leads to")
        }
        guard status.kind == .folder else {
            throw DataDirectoryError.unusable(path, reason: "it is no folder")
        }
        try checkOwner(status, of: path)
        guard status.permissions & 0o022 == 0 else {
            throw DataDirectoryError.unusable(
                path, reason: "other users can write in it; chmod 700 would mend that")
        }
    }

    /// Those of the files that are there.
    static func checkSecrets(_ paths: [String]) throws {
        for path in paths {
            guard let status = FileStatus(of: path) else { continue }
            guard status.kind == .file else {
                throw DataDirectoryError.unusable(path, reason: "it is no plain file")
            }
            try checkOwner(status, of: path)
            guard status.permissions & 0o077 == 0 else {
                throw DataDirectoryError.unusable(
                    path,
                    reason: "it holds a secret, and other users can reach it; chmod 600 would mend "
                        + "that, but what they have read they know")
            }
        }
    }

    private static func checkOwner(_ status: FileStatus, of path: String) throws {
        guard status.owner == geteuid() else {
            throw DataDirectoryError.unusable(
                path,
                reason: "it belongs to the user \(status.owner), and this process runs as "
                    + "\(geteuid())")
        }
    }
}
