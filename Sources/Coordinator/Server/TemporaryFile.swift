import Foundation
import Glibc
import Hummingbird
import NIOCore
import Shared

/// A file without a name, for what is too large for memory or must not hold up the store: it is
/// gone when the last user is, also after a kill. Written first, then read; not at the same time.
final class TemporaryFile: Sendable {
    private let descriptor: Int32

    init(in directory: String) throws {
        var template = Array("\(directory)/XXXXXX".utf8CString)
        descriptor = mkstemp(&template)
        guard descriptor >= 0 else { throw POSIXFileError(directory) }
        unlink(template)
        // No child of ours is to inherit it.
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
    }

    deinit { close(descriptor) }

    /// Bytes written so far.
    var count: Int { Int(lseek(descriptor, 0, SEEK_END)) }

    func append(_ bytes: some Collection<UInt8>) throws {
        let data = Array(bytes)
        var offset = 0
        while offset < data.count {
            let written = data.withUnsafeBytes {
                write(descriptor, $0.baseAddress.map { $0 + offset }, data.count - offset)
            }
            guard written > 0 else { throw POSIXFileError("a temporary file") }
            offset += written
        }
    }

    func contents() throws -> Data {
        lseek(descriptor, 0, SEEK_SET)
        return try FileHandle(fileDescriptor: descriptor, closeOnDealloc: false).readToEnd()
            ?? Data()
    }

    /// Its bytes as an answer, in pieces, at the pace of the client.
    func body() -> ResponseBody {
        fileBody(descriptor, count: count, keeping: self)
    }
}

/// A file that is only read.
final class ReadOnlyFile: Sendable {
    private let descriptor: Int32

    init(_ path: String) throws {
        descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        guard descriptor >= 0 else { throw POSIXFileError(path) }
    }

    deinit { close(descriptor) }

    var count: Int { Int(lseek(descriptor, 0, SEEK_END)) }

    func body() -> ResponseBody {
        fileBody(descriptor, count: count, keeping: self)
    }
}

/// - Parameter owner: closes the descriptor when it goes, so it must live until the end.
private func fileBody(_ descriptor: Int32, count: Int, keeping owner: any AnyObject & Sendable)
    -> ResponseBody
{
    ResponseBody(contentLength: count) { writer in
        var offset = 0
        while offset < count {
            var piece = [UInt8](repeating: 0, count: min(256 << 10, count - offset))
            let length = pread(descriptor, &piece, piece.count, off_t(offset))
            guard length > 0 else { throw POSIXFileError("a file that was being sent") }
            try await writer.write(ByteBuffer(bytes: piece.prefix(length)))
            offset += length
        }
        try await writer.finish(nil)
        withExtendedLifetime(owner) {}
    }
}
