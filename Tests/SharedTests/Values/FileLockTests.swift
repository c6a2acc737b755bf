import Glibc
import Synchronization
import TestSupport
import Testing

@testable import Shared

/// The one kind of lock that everything here uses.
@Suite struct FileLockTests {
    private let directory: TemporaryDirectory
    private var path: String { directory.path + "/lock" }

    init() throws { directory = try TemporaryDirectory() }

    /// Counts how often each descriptor is closed between two opens.
    private final class Closes: Sendable {
        private let state = Mutex([Int32: Int]())

        func note(_ descriptor: Int32) { state.withLock { $0[descriptor, default: 0] += 1 } }
        var counts: [Int] { state.withLock { $0.values.sorted() } }
    }

    /// What `flock` answers, call by call; the last answer stands for all later ones.
    private final class Script: Sendable {
        private let answers: Mutex<[Int32]>

        init(_ answers: [Int32]) { self.answers = Mutex(answers) }

        func next() -> Int32 {
            answers.withLock { $0.count > 1 ? $0.removeFirst() : $0.first ?? 0 }
        }
    }

    private func lock(_ answers: [Int32], _ closes: Closes) throws(FileLock.Failure) -> FileLock {
        let script = Script(answers)
        return try FileLock(
            path,
            calls: FileLock.Calls(
                lock: { _ in script.next() },
                close: { descriptor in
                    closes.note(descriptor)
                    Glibc.close(descriptor)
                }))
    }

    @Test func `one holds it, and when it is released another may`() throws {
        var first: FileLock? = try FileLock(path)
        #expect(throws: FileLock.Failure.held(path: path)) { try FileLock(path) }
        withExtendedLifetime(first) {}
        first = nil
        _ = try FileLock(path)
    }

    @Test(arguments: [
        ([ENOSYS], "flock: Function not implemented"), ([ENOLCK], "flock: No locks available"),
        ([EINTR, EOPNOTSUPP], "flock: Operation not supported"),
        ([0], "flock grants one lock twice"), ([0, ENOLCK], "flock: No locks available"),
    ])
    func `a file system whose locks do not work is not somebody else's lock`(
        answers: [Int32], reason: String
    ) {
        let closes = Closes()
        #expect(throws: FileLock.Failure.notWorking(path: path, reason: reason)) {
            try lock(answers, closes)
        }
    }

    /// A descriptor that is closed twice may be another thread's file by then.
    @Test(arguments: [[ENOSYS], [EWOULDBLOCK], [0], [0, ENOLCK], [0, EWOULDBLOCK]])
    func `each descriptor is closed once`(answers: [Int32]) {
        let closes = Closes()
        let opened = Opened(below: directory.path)
        do {
            let lock = try lock(answers, closes)
            #expect(answers == [0, EWOULDBLOCK])
            withExtendedLifetime(lock) { #expect(closes.counts == [1]) }
        } catch {
            #expect(answers != [0, EWOULDBLOCK])
        }
        // One descriptor, and the second of a lock that is granted.
        #expect(closes.counts == (answers.first == 0 ? [1, 1] : [1]))
        #expect(Opened(below: directory.path) == opened)
    }

    /// This process's descriptors of a folder's files.
    private struct Opened: Equatable {
        var paths: [String] = []

        init(below folder: String) {
            for number in 0..<256 {
                var buffer = [CChar](repeating: 0, count: 512)
                guard readlink("/proc/self/fd/\(number)", &buffer, buffer.count - 1) > 0 else {
                    continue
                }
                let path = String(
                    decoding: buffer.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
                if path.hasPrefix(folder) { paths.append(path) }
            }
        }
    }

    @Test func `a file that cannot be opened is said to be one`() {
        #expect(
            throws: FileLock.Failure.file(description: "/nowhere/lock: No such file or directory")
        ) {
            try FileLock("/nowhere/lock")
        }
    }
}
