public import Foundation
import Synchronization

/// A child process of a test: what it writes goes to files, so that no full pipe can stop it, and a
/// wait for it always has a deadline.
///
/// Whoever starts one must see that `kill` is called at the end, also when the test fails:
/// `Deployment` does.
public final class TestProcess {
    private let process = Process()
    private let outputFile: URL
    private let errorFile: URL
    private let name: String
    private let end = End()

    /// When it was seen to end. By the process's own watcher: who waits for it may wake up late.
    private final class End: Sendable {
        let instant = Mutex<ContinuousClock.Instant?>(nil)
    }

    public enum Exit: Equatable, Sendable {
        case code(Int32)
        case signal(Int32)
    }

    /// Starts it.
    /// - Parameters:
    ///   - name: names its two files in `folder`: `name.out` and `name.err`.
    ///   - environment: all of its environment.
    public init(
        _ executable: URL, _ arguments: [String], name: String, folder: URL,
        environment: [String: String]
    ) throws {
        self.name = name
        outputFile = folder.appending(path: name + ".out")
        errorFile = folder.appending(path: name + ".err")
        process.executableURL = executable
        process.arguments = arguments
        process.environment = environment
        process.currentDirectoryURL = folder
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = try Self.emptyFile(outputFile)
        process.standardError = try Self.emptyFile(errorFile)
        process.terminationHandler = { [end] _ in
            end.instant.withLock { $0 = ContinuousClock.now }
        }
        try process.run()
    }

    private static func emptyFile(_ url: URL) throws -> FileHandle {
        try Data().write(to: url)
        return try FileHandle(forWritingTo: url)
    }

    public var processID: Int32 { process.processIdentifier }
    public var isRunning: Bool { process.isRunning }
    /// Nil where it has not.
    public var ended: ContinuousClock.Instant? { end.instant.withLock { $0 } }
    public var output: String { Self.text(outputFile) }
    public var errors: String { Self.text(errorFile) }

    private static func text(_ url: URL) -> String {
        String(decoding: (try? Data(contentsOf: url)) ?? Data(), as: UTF8.self)
    }

    /// Does nothing to a process that has ended.
    public func send(_ signal: Int32) {
        if process.isRunning { Foundation.kill(processID, signal) }
    }

    /// Stops it as it is, until it gets SIGCONT: returns once none of its threads runs. A signal
    /// sent meanwhile reaches it as soon as it continues; `kill` works at once.
    public func pause() throws { try Self.pause(processID) }

    /// As `pause`, by the process's id, for a thread of its own.
    public static func pause(_ processID: Int32) throws {
        Foundation.kill(processID, SIGSTOP)
        let end = ContinuousClock.now + .stuck
        while try !isPaused(processID) {
            guard ContinuousClock.now < end else {
                throw TestFailure("process \(processID) does not stop")
            }
            Thread.sleep(forTimeInterval: 0.001)
        }
    }

    /// Whether all threads are in the state T of proc(5).
    private static func isPaused(_ processID: Int32) throws -> Bool {
        let folder = "/proc/\(processID)/task"
        return try FileManager.default.contentsOfDirectory(atPath: folder).allSatisfy { thread in
            // A thread that has just ended has no file any more.
            guard let data = FileManager.default.contents(atPath: "\(folder)/\(thread)/stat")
            else { return true }
            // The name, in parentheses, may have any characters.
            let fields = String(decoding: data, as: UTF8.self).split(separator: ")").last ?? ""
            return fields.hasPrefix(" T")
        }
    }

    /// Ends it at once, whatever it is doing.
    public func kill() {
        send(SIGKILL)
        process.waitUntilExit()
    }

    /// How it ended. Throws where it has not by then.
    @discardableResult
    public func exit(within limit: Duration = .stuck) async throws -> Exit {
        try await eventually("\(name) ends", within: limit, log: { self.log }) {
            self.ended != nil
        }
        return process.terminationReason == .exit
            ? .code(process.terminationStatus) : .signal(process.terminationStatus)
    }

    /// The first line of its output that begins with `prefix`, without it.
    public func line(after prefix: String, within limit: Duration = .stuck) async throws -> String {
        func found() -> String? {
            // The last line may not be whole yet.
            let lines = output.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
            return lines.first { $0.hasPrefix(prefix) }.map { String($0.dropFirst(prefix.count)) }
        }
        try await eventually("\(name) prints '\(prefix)'", within: limit, log: { self.log }) {
            found() != nil || !self.process.isRunning
        }
        guard let line = found() else {
            throw TestFailure("\(name) ended before it printed '\(prefix)'\n\(log)")
        }
        return line
    }

    /// What it has written, for a failure's message.
    public var log: String { "\(name) wrote:\n\(output)\(errors)" }
}

/// Why a test cannot go on.
public struct TestFailure: Error, CustomStringConvertible {
    public let description: String

    public init(_ description: String) { self.description = description }
}

extension Duration {
    /// After which a test takes what it waits for to be stuck. A busy machine needs much less: the
    /// limit never decides whether something is fast enough.
    public static var stuck: Duration { .seconds(300) }
}

/// Asks until it is so, twenty times a second. Throws where it is not within the limit.
public func eventually(
    _ what: String, within limit: Duration = .stuck, log: () -> String = { "" },
    isolation: isolated (any Actor)? = #isolation, _ isSo: () async throws -> Bool
) async throws {
    let end = ContinuousClock.now + limit
    while try await !isSo() {
        guard ContinuousClock.now < end else {
            throw TestFailure("waited \(limit) in vain: \(what)\n\(log())")
        }
        try await Task.sleep(for: .milliseconds(50))
    }
}
