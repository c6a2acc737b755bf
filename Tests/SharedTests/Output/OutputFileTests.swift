import Foundation
import Glibc
import TestSupport
import Testing

@testable import Shared

/// Everything that a path can lead to, where a file is to be written.
@Suite struct OutputFileTests {
    private let folder: TemporaryDirectory
    private let data = Data("new".utf8)

    init() throws { folder = try TemporaryDirectory() }

    private func path(_ name: String) -> String { folder.path + "/" + name }

    private func text(_ name: String) throws -> String {
        try String(contentsOfFile: path(name), encoding: .utf8)
    }

    private func status(_ name: String) throws -> stat {
        var status = stat()
        try #require(lstat(path(name), &status) == 0)
        return status
    }

    /// Nothing but these may be in the folder: no file under a passing name.
    private func expectFiles(_ names: String...) throws {
        let found = try FileManager.default.contentsOfDirectory(atPath: folder.path)
        #expect(found.sorted() == names.sorted())
    }

    private func failure(_ path: String) -> String {
        let error = #expect(throws: FileError.self) { try OutputFile.write(data, to: path) }
        return error?.description ?? ""
    }

    @Test(arguments: [0o600, 0o664, 0o755, 0o620] as [mode_t])
    func `a file is replaced as a whole and keeps its mode`(mode: mode_t) throws {
        try Data("old and longer".utf8).write(to: URL(filePath: path("a")))
        try #require(chmod(path("a"), mode) == 0)
        let before = try status("a")
        let reader = try FileHandle(forReadingFrom: URL(filePath: path("a")))
        try OutputFile.write(data, to: path("a"))
        let after = try status("a")
        #expect(after.st_mode == before.st_mode && after.st_ino != before.st_ino)
        #expect(after.st_uid == before.st_uid && after.st_gid == before.st_gid)
        // Whoever has the old file open reads it to its end.
        #expect(try reader.readToEnd() == Data("old and longer".utf8))
        #expect(FileManager.default.contents(atPath: path("a")) == data)
        try expectFiles("a")
    }

    @Test func `a new file has the mode that the umask allows`() throws {
        try OutputFile.write(data, to: path("a"))
        try #require(FileManager.default.createFile(atPath: path("b"), contents: nil))
        #expect(try status("a").st_mode == status("b").st_mode)
        try expectFiles("a", "b")
    }

    @Test func `a link stays, and its target is written, also a new one`() throws {
        try FileManager.default.createDirectory(
            atPath: path("far"), withIntermediateDirectories: false)
        try Data("old".utf8).write(to: URL(filePath: path("far/a")))
        try #require(chmod(path("far/a"), 0o640) == 0)
        try #require(symlink("far/a", path("first")) == 0 && symlink("first", path("chain")) == 0)
        try #require(symlink(path("far/new"), path("dangling")) == 0)
        try #require(symlink("loop", path("loop")) == 0)
        for link in ["chain", "dangling"] {
            try OutputFile.write(data, to: path(link))
            #expect(try status(link).st_mode & S_IFMT == S_IFLNK)
        }
        #expect(try text("far/a") == "new" && text("far/new") == "new")
        #expect(try status("far/a").st_mode & 0o777 == 0o640)
        #expect(try status("first").st_mode & S_IFMT == S_IFLNK)
        #expect(failure(path("loop")).contains("Too many levels of symbolic links"))
        try expectFiles("far", "first", "chain", "dangling", "loop")
    }

    @Test func `a pipe is written to and stays a pipe`() async throws {
        try #require(mkfifo(path("pipe"), 0o600) == 0)
        let pipe = URL(filePath: path("pipe"))
        // However late the reader's thread is, the writer finds one.
        let early = open(path("pipe"), O_RDONLY | O_NONBLOCK)
        defer { close(early) }
        async let read = onThread { try FileHandle(forReadingFrom: pipe).readToEnd() }
        // More than a pipe holds.
        let long = Data(repeating: 7, count: 1 << 20)
        try await onThread { [path = path("pipe")] in try OutputFile.write(long, to: path) }
        #expect(try await read == long)
        #expect(try status("pipe").st_mode & S_IFMT == S_IFIFO)
    }

    @Test func `a device is written to and stays what it is`() throws {
        guard let null = device("null", minor: 3), let full = device("full", minor: 7) else {
            return
        }
        try OutputFile.write(data, to: null)
        #expect(failure(full) == "cannot write to '\(full)': No space left on device")
        for place in [null, full] {
            var status = stat()
            #expect(lstat(place, &status) == 0 && status.st_mode & S_IFMT == S_IFCHR)
        }
    }

    /// The path of a device. Root gets one of its own, because a fault that this test looks for
    /// would replace the system's; nil where there can be none.
    private func device(_ name: String, minor: dev_t) -> String? {
        guard geteuid() == 0 else { return "/dev/" + name }
        let number: dev_t = 1 << 8 | minor
        guard mknod(path(name), S_IFCHR | 0o666, number) == 0 else { return nil }
        let descriptor = open(path(name), O_WRONLY)
        close(descriptor)
        return descriptor < 0 ? nil : path(name)
    }

    /// As `/dev/stdout` is: what the process writes there before and after stands around it.
    @Test func `an open file of this process is written through its descriptor`() throws {
        let descriptor = open(path("log"), O_WRONLY | O_CREAT, 0o600)
        defer { close(descriptor) }
        _ = write(descriptor, "before ", 7)
        let inode = try status("log").st_ino
        try #require(symlink("/dev/fd/\(descriptor)", path("link")) == 0)
        for place in [
            "/dev/fd/\(descriptor)", "/proc/self/fd/\(descriptor)",
            "/proc/\(getpid())/fd/\(descriptor)", path("link"),
        ] {
            try OutputFile.write(data, to: place)
        }
        _ = write(descriptor, " after", 6)
        #expect(try text("log") == "before newnewnewnew after")
        #expect(try status("log").st_ino == inode)
        #expect(failure("/dev/fd/9999").contains("cannot write to '/dev/fd/9999'"))
    }

    @Test func `what cannot be written is one sentence and changes nothing`() throws {
        #expect(failure(path("no/such/a")).hasSuffix("/no/such/a': No such file or directory"))
        #expect(failure(folder.path) == "cannot write to '\(folder.path)': it is a folder")
        #expect(failure(path("new/")).contains("cannot write to"))
        #expect(failure("") == "cannot write to '': No such file or directory")
        #expect(throws: FileError.self) { try OutputFile.check(path("no/such/a")) }
        try OutputFile.check(path("a"))
        try expectFiles()
    }
}
