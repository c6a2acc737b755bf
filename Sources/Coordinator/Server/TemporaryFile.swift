import Foundation
import Glibc
import Hummingbird
import NIOCore
import Shared

/// A file without a name, for what is too large for memory or must not hold up the store: it is
/// gone when the last user is, also after a kill. Written first, then read; not at the same time.
final class TemporaryFile: Sendable {
    private let descriptor: Int32
    private let companion: (any AnyObject & Sendable)?

    /// - Parameter companion: lives as long as the file.
    init(in directory: String, keeping companion: (any AnyObject & Sendable)? = nil) throws {
        self.companion = companion
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

    /// Its bytes where they lie: no copy of them is made.
    func contents() throws -> Data {
        let count = count
        guard count > 0 else { return Data() }
        guard let start = mmap(nil, count, PROT_READ, MAP_PRIVATE, descriptor, 0),
            start != MAP_FAILED
        else { throw POSIXFileError("a temporary file") }
        return Data(
            bytesNoCopy: start, count: count,
            deallocator: .custom { start, count in munmap(start, count) })
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
