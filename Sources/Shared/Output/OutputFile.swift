public import FoundationEssentials
internal import Glibc

/// Writes the files that a person names on a command line.
///
/// - A regular file, or one that does not exist yet, is replaced as a whole or not at all. Its mode
///   is kept, and its owner if the process may set it. A symbolic link stays; its target is
///   replaced.
/// - A pipe, a character device, `-` (the standard output) and an open file of this process
///   (`/dev/stdout`, `/dev/fd/3`) get the bytes as they are.
/// - A folder, a block device and a socket are errors.
public enum OutputFile {
    /// Throws `FileError` if not everything was written.
    public static func write(_ data: Data, to path: String) throws {
        switch try destination(path) {
        case .descriptor(let descriptor):
            if descriptor == STDOUT_FILENO { return try StandardOutput.write(data) }
            try Descriptor.write(data, to: descriptor, name: "'\(path)'")
        case .stream(let place):
            let descriptor = try openStream(place, named: path)
            defer { close(descriptor) }
            try Descriptor.write(data, to: descriptor, name: "'\(path)'")
        case .file(let place, let replaced):
            try replace(place, replaced, with: data, named: path)
        }
    }

    /// Throws `FileError` if it is known already that `write` would: for a command that computes
    /// for long before it writes.
    public static func check(_ path: String) throws {
        guard case .file(let place, _) = try destination(path) else { return }
        let folder = FilePlace.folder(of: place)
        guard access(folder, W_OK | X_OK) == 0 else {
            throw FileError(errno, "cannot write to '\(path)'")
        }
    }

    /// What is kept of a file that is replaced.
    private struct Replaced {
        var mode: mode_t
        var owner: uid_t
        var group: gid_t
    }

    private enum Destination {
        case descriptor(Int32)
        case stream(String)
        /// Without `Replaced`: it does not exist yet.
        case file(String, Replaced?)
    }

    private static func destination(_ path: String) throws -> Destination {
        if path == "-" { return .descriptor(STDOUT_FILENO) }
        let place: String
        do throws(FilePlace.ErrorCode) {
            switch try FilePlace.resolve(path) {
            case .descriptor(let descriptor): return .descriptor(descriptor)
            case .path(let path): place = path
            }
        } catch {
            throw FileError(error.number, "cannot write to '\(path)'")
        }
        var status = stat()
        guard stat(place, &status) == 0 else {
            guard errno == ENOENT, !place.isEmpty, !place.hasSuffix("/") else {
                throw FileError(errno, "cannot write to '\(path)'")
            }
            return .file(place, nil)
        }
        switch status.st_mode & S_IFMT {
        case S_IFREG: break
        case S_IFIFO, S_IFCHR: return .stream(place)
        case S_IFDIR: throw FileError("cannot write to '\(path)': it is a folder")
        case S_IFBLK: throw FileError("cannot write to '\(path)': it is a block device")
        default: throw FileError("cannot write to '\(path)': it is a socket")
        }
        guard access(place, W_OK) == 0 else {
            throw FileError(errno, "cannot write to '\(path)'")
        }
        return .file(
            place,
            Replaced(mode: status.st_mode & 0o777, owner: status.st_uid, group: status.st_gid))
    }

    /// A pipe is opened for writing only once a program reads it.
    private static func openStream(_ place: String, named path: String) throws -> Int32 {
        let end = ContinuousClock.now + .seconds(Limits.inputSilenceSecondsMax)
        while true {
            let descriptor = open(place, O_WRONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK)
            if descriptor >= 0 { return descriptor }
            guard errno == ENXIO || errno == EINTR else {
                throw FileError(errno, "cannot write to '\(path)'")
            }
            guard ContinuousClock.now < end else {
                throw FileError("cannot write to '\(path)': no program reads it")
            }
            usleep(20_000)
        }
    }

    private static func replace(
        _ place: String, _ replaced: Replaced?, with data: Data, named path: String
    ) throws {
        let (temporary, descriptor) = try makeTemporary(
            in: FilePlace.folder(of: place), mode: replaced == nil ? 0o666 : 0o600, named: path)
        var isOpen = true
        func failure() -> FileError { FileError(errno, "cannot write to '\(path)'") }
        do {
            if let replaced {
                // The owner first: a change of it can take bits of the mode away.
                _ = fchown(descriptor, replaced.owner, replaced.group)
                guard fchmod(descriptor, replaced.mode) == 0 else { throw failure() }
            }
            try Descriptor.write(data, to: descriptor, name: "'\(path)'")
            // Some file systems have no such call.
            guard fsync(descriptor) == 0 || errno == EINVAL else { throw failure() }
            isOpen = false
            // A network file system may report here that the disk is full.
            guard close(descriptor) == 0 else { throw failure() }
            guard rename(temporary, place) == 0 else { throw failure() }
        } catch {
            if isOpen { close(descriptor) }
            unlink(temporary)
            throw error
        }
        // The folder may not be readable; the file is complete all the same.
        try? DurableFile.syncDirectory(of: place)
    }

    private static func makeTemporary(
        in folder: String, mode: mode_t, named path: String
    ) throws -> (path: String, descriptor: Int32) {
        for number in 0..<1_000 {
            let temporary = "\(folder)/.gdln-\(getpid())-\(number).partial"
            let descriptor = open(
                temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode)
            if descriptor >= 0 { return (temporary, descriptor) }
            guard errno == EEXIST else { break }
        }
        throw FileError(errno, "cannot write to '\(path)'")
    }
}
