import Shared
import Synchronization
import TestSupport
import Testing

@testable import Coordinator

@Suite(.timeLimit(.minutes(10))) struct ReportTurnsTests {
    private static func caller(_ name: String) -> Caller {
        Caller(id: name, label: name, role: .read)
    }

    /// What has begun, in its order; each ends when it is told to.
    private final class Log: Sendable {
        private let state = Mutex<(begun: [String], ended: Set<String>)>(([], []))
        var begun: [String] { state.withLock { $0.begun } }

        func run(_ name: String) async throws {
            state.withLock { $0.begun.append(name) }
            try await eventually("\(name) may end") { state.withLock { $0.ended.contains(name) } }
        }

        func end(_ name: String) { state.withLock { _ = $0.ended.insert(name) } }
    }

    @Test func `a token that asks often waits behind one that asks once`() async throws {
        let (turns, log) = (ReportTurns(2), Log())
        func start(_ name: String, _ caller: String) -> Task<Void, any Error> {
            Task { try await turns.run(for: Self.caller(caller)) { try await log.run(name) } }
        }
        var tasks: [Task<Void, any Error>] = []
        for number in 0..<2 { tasks.append(start("a\(number)", "a")) }
        try await eventually("two run") { log.begun.count == 2 }
        for number in 2..<6 {
            tasks.append(start("a\(number)", "a"))
            try await eventually("it waits") { turns.waitingCount == number - 1 }
        }
        tasks.append(start("b", "b"))
        try await eventually("it waits") { turns.waitingCount == 5 }
        // One that is cancelled while it waits takes no turn.
        tasks[2].cancel()
        await #expect(throws: CancellationError.self) { try await tasks[2].value }
        log.end("a0")
        try await eventually("the next begins") { log.begun.count == 3 }
        #expect(log.begun.last == "b")
        for name in ["a1", "b", "a3", "a4", "a5"] { log.end(name) }
        for task in tasks where task != tasks[2] { try await task.value }
        #expect(log.begun.count == 6 && turns.waitingCount == 0)
    }
}
