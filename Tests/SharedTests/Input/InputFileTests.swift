import Foundation
import Glibc
import TestSupport
import Testing

@testable import Shared

/// Everything that a path can lead to, where a file to read was wanted.
@Suite struct InputFileTests {
    private let folder: TemporaryDirectory

    init() throws { folder = try TemporaryDirectory() }

    private func failure(_ path: String, bytesMax: Int = 100) -> String {
        let error = #expect(throws: FileError.self) {
            try InputFile.read(path, bytesMax: bytesMax, silenceSecondsMax: 0.2)
        }
        return error?.description ?? ""
    }

    @Test func `a file is read up to the limit, and no larger one`() throws {
        let path = folder.path + "/a"
        try Data("hello".utf8).write(to: URL(filePath: path))
        #expect(try InputFile.read(path, bytesMax: 5) == Data("hello".utf8))
        #expect(failure(path, bytesMax: 4).hasSuffix("it has 5 bytes, over the limit of 4"))
        // A file of the process file system states no size.
        #expect(try InputFile.read("/proc/self/stat", bytesMax: 4_096).count > 50)
        #expect(
            failure("/proc/self/stat", bytesMax: 10).hasSuffix(
                "it has more than 10 bytes, the limit"))
    }

    @Test func `a pipe is read to its end, up to the limit`() async throws {
        let path = folder.path + "/pipe"
        try #require(mkfifo(path, 0o600) == 0)
        func write(_ text: String) async throws {
            try await onThread {
                let file = try FileHandle(forWritingTo: URL(filePath: path))
                for byte in text.utf8 { try file.write(contentsOf: Data([byte])) }
                try file.close()
            }
        }
        async let written: Void = write("hello")
        let read = try await onThread {
            try InputFile.read(path, bytesMax: 5, silenceSecondsMax: Duration.stuck.seconds)
        }
        #expect(read == Data("hello".utf8))
        try await written
        // Open for both, so that the writer need not wait for its reader.
        let reader = open(path, O_RDWR | O_NONBLOCK)
        defer { close(reader) }
        try await write("hello!")
        #expect(failure(path, bytesMax: 5).hasSuffix("it has more than 5 bytes, the limit"))
    }

    /// As a shell's `<(command)` is: its writer may have gone before the reader begins.
    @Test func `an open pipe is read to its end after its writers have gone`() throws {
        var ends: [Int32] = [0, 0]
        try #require(pipe(&ends) == 0)
        defer { close(ends[0]) }
        _ = write(ends[1], "hello", 5)
        close(ends[1])
        #expect(try InputFile.read("/dev/fd/\(ends[0])", bytesMax: 5) == Data("hello".utf8))
        #expect(try InputFile.read("/proc/self/fd/\(ends[0])", bytesMax: 5).isEmpty)
    }

    @Test func `a pipe without a byte ends by itself, whether it has a writer or not`() throws {
        let path = folder.path + "/pipe"
        try #require(mkfifo(path, 0o600) == 0)
        let sentence = "cannot read '\(path)': it gave no byte for 0.2 seconds"
        #expect(failure(path) == sentence)
        let writer = open(path, O_RDWR)
        defer { close(writer) }
        #expect(failure(path) == sentence)
    }

    @Test func `a folder, a device, a socket and nothing at all are refused by name`() throws {
        #expect(
            failure(folder.path)
                == "cannot read '\(folder.path)': it is a folder, wanted a file or a pipe")
        for device in ["/dev/null", "/dev/zero", "/dev/full"] {
            #expect(failure(device).contains("it is a device, wanted"))
        }
        #expect(failure(folder.path + "/none").hasSuffix("/none': No such file or directory"))
        let server = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(server) }
        var name = sockaddr_un()
        name.sun_family = sa_family_t(AF_UNIX)
        // A short name: the folder's is longer than a socket's may be.
        let path = "/tmp/gdln-\(getpid()).sock"
        defer { unlink(path) }
        withUnsafeMutableBytes(of: &name.sun_path) { $0.copyBytes(from: path.utf8) }
        let isBound = withUnsafePointer(to: &name) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(server, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) == 0
            }
        }
        try #require(isBound)
        #expect(failure(path).contains("it is a socket, wanted"))
    }

    @Test func `a secret comes through a pipe, also when it is asked for again`() async throws {
        let path = folder.path + "/join"
        try #require(mkfifo(path, 0o600) == 0)
        let writer = open(path, O_RDWR)
        _ = write(writer, "secret", 6)
        let reading = Task { try await onThread { try PrivateFile.read(path) } }
        // The reader has the pipe open before its last writer leaves it.
        try await eventually("the pipe is empty") {
            var count: Int32 = 0
            return ioctl(writer, UInt(FIONREAD), &count) == 0 && count == 0
        }
        close(writer)
        #expect(try await reading.value == "secret")
        #expect(try PrivateFile.read(path) == "secret")
    }
}
