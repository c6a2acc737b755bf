import FoundationEssentials
import Glibc

/// Reads files that hold secrets, and refuses those that others could read or have written.
public enum PrivateFile {
    /// The file's text; nil where there is no such file.
    /// - Parameter isOwnerChecked: whether it must be this user's or root's. Root, who only shows
    ///   what another user wrote, need not own it.
    public static func read(_ path: String, isOwnerChecked: Bool = true) throws(JoinError)
        -> String?
    {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else {
            if errno == ENOENT { return nil }
            throw JoinError("'\(path)' cannot be read: \(String(cString: strerror(errno)))")
        }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            throw JoinError("'\(path)' is no file")
        }
        // A group may read it: systemd hands secrets to services so.
        guard status.st_mode & 0o027 == 0 else {
            throw JoinError("'\(path)' holds a secret, but others can reach it: chmod 600 it first")
        }
        guard !isOwnerChecked || status.st_uid == geteuid() || status.st_uid == 0 else {
            throw JoinError("'\(path)' holds a secret, but belongs to another user")
        }
        var bytes = [UInt8](repeating: 0, count: Limits.secretFileBytesMax)
        let count = Glibc.read(descriptor, &bytes, bytes.count)
        guard count >= 0 else {
            throw JoinError("'\(path)' cannot be read: \(String(cString: strerror(errno)))")
        }
        return String(decoding: bytes.prefix(count), as: UTF8.self)
    }
}
