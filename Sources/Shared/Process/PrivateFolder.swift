import Glibc

/// Folders whose place follows from the environment, such as a cache in `/tmp`: anybody may have
/// made one there before.
public enum PrivateFolder {
    /// Makes the folder, for its owner alone, if it is missing. Throws if it belongs to another
    /// user, if others can write in it, or if it cannot be made.
    /// - Parameter remedy: how to name another folder, for the error.
    public static func prepare(_ path: String, remedy: String) throws(PrivateFolderError) {
        var part = path.hasPrefix("/") ? "" : "."
        for name in path.split(separator: "/") {
            part += "/\(name)"
            guard FileStatus(of: part) == nil, mkdir(part, 0o700) != 0, errno != EEXIST else {
                continue
            }
            let reason = String(cString: strerror(errno))
            throw PrivateFolderError("the folder '\(part)' cannot be made: \(reason); \(remedy)")
        }
        let (itself, folder) = (FileStatus(of: path), FileStatus(of: path, followsLink: true))
        if let reason = objection(itself: itself, folder: folder, user: geteuid()) {
            throw PrivateFolderError("the folder '\(path)' cannot be used: \(reason); \(remedy)")
        }
    }

    /// Why the folder cannot be used; nil if it can.
    /// - Parameters:
    ///   - itself: what is at the path, perhaps a symbolic link.
    ///   - folder: what the link leads to, else the same.
    static func objection(itself: FileStatus?, folder: FileStatus?, user: UInt32) -> String? {
        // The link's owner comes first: where another user's link leads is of no interest.
        for status in [itself, folder].compactMap(\.self) where status.owner != user {
            return "it belongs to the user \(status.owner), and this process runs as \(user)"
        }
        guard let folder, folder.kind == .folder else { return "it is no folder" }
        guard folder.permissions & 0o022 == 0 else {
            return "other users can write in it, chmod 700 it"
        }
        return nil
    }
}

/// Why a folder is refused.
public struct PrivateFolderError: Error, CustomStringConvertible {
    public let description: String

    init(_ description: String) { self.description = description }
}
