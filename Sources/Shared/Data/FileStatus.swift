import Glibc

/// What the system says of a path itself: of a symbolic link, not of what it leads to.
///
/// Here rather than where it is asked for: in a module that imports all of Foundation it depends on
/// the order of compilation which module C's `stat` seems to come from.
public struct FileStatus: Sendable {
    public let kind: Kind
    /// Who may read, write and execute it: the lowest nine bits.
    public let permissions: UInt32
    public let owner: UInt32
    public let byteCount: Int

    public enum Kind: Sendable {
        case file, folder, link, other
    }

    /// Nil where it cannot be asked for; `errno` says why.
    /// - Parameter followsLink: whether to ask for what a symbolic link leads to.
    public init?(of path: String, followsLink: Bool = false) {
        var status = stat()
        guard (followsLink ? stat(path, &status) : lstat(path, &status)) == 0 else { return nil }
        kind =
            switch status.st_mode & S_IFMT {
            case S_IFREG: .file
            case S_IFDIR: .folder
            case S_IFLNK: .link
            default: .other
            }
        permissions = status.st_mode & 0o777
        owner = status.st_uid
        byteCount = Int(status.st_size)
    }
}
