import FoundationEssentials
import Glibc
import Synchronization

/// Reads files that hold secrets, and refuses those that others could read or have written.
public enum PrivateFile {
    /// What pipes have given, by their paths: a pipe can be read once, and a join string is asked
    /// for again when a token is refused.
    private static let piped = Mutex<[String: String]>([:])

    /// The file's text; nil where there is no such file.
    /// - Parameter isOwnerChecked: whether it must be this user's or root's. Root, who only shows
    ///   what another user wrote, need not own it.
    public static func read(_ path: String, isOwnerChecked: Bool = true) throws(JoinError)
        -> String?
    {
        if let text = piped.withLock({ $0[path] }) { return text }
        if path == "-" { return try text(of: STDIN_FILENO, path, isPiped: true) }
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
        guard descriptor >= 0 else {
            if errno == ENOENT { return nil }
            throw JoinError("'\(path)' cannot be read: \(String(cString: strerror(errno)))")
        }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0,
            [S_IFREG, S_IFIFO].contains(status.st_mode & S_IFMT)
        else {
            throw JoinError("'\(path)' is neither a file nor a pipe")
        }
        // A group may read it: systemd hands secrets to services so.
        guard status.st_mode & 0o027 == 0 else {
            throw JoinError("'\(path)' holds a secret, but others can reach it: chmod 600 it first")
        }
        guard !isOwnerChecked || status.st_uid == geteuid() || status.st_uid == 0 else {
            throw JoinError("'\(path)' holds a secret, but belongs to another user")
        }
        return try text(of: descriptor, path, isPiped: status.st_mode & S_IFMT == S_IFIFO)
    }

    private static func text(of descriptor: Int32, _ path: String, isPiped: Bool)
        throws(JoinError) -> String
    {
        do throws(FileError) {
            let bytes = try InputFile.read(
                descriptor: descriptor, name: InputFile.name(path),
                bytesMax: Limits.secretFileBytesMax)
            let text = String(decoding: bytes, as: UTF8.self)
            if isPiped { piped.withLock { $0[path] = text } }
            return text
        } catch {
            throw JoinError(error.description)
        }
    }
}
