internal import Glibc

/// Why a file cannot be read or written: a sentence without its full stop.
public struct FileError: Error, Equatable, CustomStringConvertible {
    public let description: String

    public init(_ description: String) { self.description = description }

    /// - Parameter code: `errno`, as the failed call left it.
    init(_ code: Int32, _ sentence: String) {
        self.init("\(sentence): \(String(cString: strerror(code)))")
    }
}

/// Where a path leads, with every symbolic link followed.
enum FilePlace {
    /// One of this process's own open files, such as `/dev/stdout` or `/dev/fd/3`.
    case descriptor(Int32)
    /// Anything else; the path is not a link.
    case path(String)

    private static let linksMax = 40

    /// Throws the code of the call that failed.
    static func resolve(_ path: String) throws(ErrorCode) -> FilePlace {
        var current = path
        for _ in 0..<linksMax {
            switch descriptor(at: current) {
            case .own(let descriptor): return .descriptor(descriptor)
            case .foreign: return .path(current)
            case nil: break
            }
            var status = stat()
            guard lstat(current, &status) == 0 else {
                guard errno == ENOENT else { throw ErrorCode(errno) }
                return .path(current)
            }
            guard status.st_mode & S_IFMT == S_IFLNK else { return .path(current) }
            var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
            let count = readlink(current, &buffer, buffer.count)
            guard count > 0 else { throw ErrorCode(errno) }
            let target = String(
                decoding: buffer.prefix(count).map(UInt8.init(bitPattern:)), as: UTF8.self)
            current = target.hasPrefix("/") ? target : folder(of: current) + "/" + target
        }
        throw ErrorCode(ELOOP)
    }

    /// `errno` as an error.
    struct ErrorCode: Error {
        let number: Int32

        init(_ number: Int32) { self.number = number }
    }

    /// The folder of a path, without a final slash except for the root.
    static func folder(of path: String) -> String {
        guard let end = path.lastIndex(of: "/") else { return "." }
        return end == path.startIndex ? "/" : String(path[..<end])
    }

    private enum ProcessFile {
        case own(Int32)
        case foreign
    }

    /// The open file that an entry of `/proc/ID/fd` stands for. Such an entry looks like a link to
    /// the file, but another file by the same name would not be the open one.
    private static func descriptor(at path: String) -> ProcessFile? {
        let name = path.split(separator: "/").last ?? ""
        guard let number = Int32(name), let real = realpath(folder(of: path), nil) else {
            return nil
        }
        defer { free(real) }
        let parts = String(cString: real).split(separator: "/")
        guard parts.first == "proc", parts.last == "fd", parts.count == 3 || parts.count == 5
        else { return nil }
        guard let own = realpath("/proc/self", nil) else { return .foreign }
        defer { free(own) }
        return String(cString: own) == "/proc/\(parts[1])" ? .own(number) : .foreign
    }
}
