import FoundationEssentials
import Glibc
import Synchronization

/// Reads files that hold secrets, and refuses those that others could read or have written.
///
/// On a read-only mount, as Kubernetes and Docker have it for secrets, the mode is what the mount
/// gives and nobody here can change it: a file is refused only if others could write it elsewhere.
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
        var mount = statvfs()
        let isReadOnly = fstatvfs(descriptor, &mount) == 0 && mount.f_flag & UInt(ST_RDONLY) != 0
        let file = Access(
            mode: status.st_mode & 0o777, owner: status.st_uid, isReadOnly: isReadOnly)
        if let reason = file.objection(user: geteuid(), isOwnerChecked: isOwnerChecked) {
            throw JoinError("'\(path)' holds a secret, but \(reason)")
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

    /// Who can reach a file.
    struct Access {
        /// The lowest nine bits.
        let mode: UInt32
        let owner: UInt32
        /// Of the mount that it is on.
        let isReadOnly: Bool

        /// Why it must not be used by this user; nil if it may.
        func objection(user: UInt32, isOwnerChecked: Bool) -> String? {
            if isReadOnly {
                guard mode & 0o022 != 0 else { return nil }
                return "its mode \(octal) lets other users write it where it is not mounted "
                    + "read-only: mount it with the mode 0400 or 0444"
            }
            guard !isOwnerChecked || owner == user || owner == 0 else {
                return "belongs to the user \(owner), and this process runs as \(user): make a "
                    + "copy that this user owns, with mode 600"
            }
            // A group may read it: systemd hands secrets to services so.
            guard mode & 0o027 != 0 else { return nil }
            guard user != owner, user != 0 else {
                return "others can reach it (mode \(octal)): chmod 600 it first"
            }
            return "others can reach it (mode \(octal)), and it belongs to root: have root chmod "
                + "640 it and give it to a group of this user's, or mount it read-only"
        }

        private var octal: String { "0" + String(mode, radix: 8) }
    }
}
