import Foundation
import Shared
import Synchronization
import Testing

@testable import Coordinator

@Suite(.timeLimit(.minutes(10))) struct SubmissionsTests {
    private func key(_ body: String) -> RequestKey {
        RequestKey(id: RequestID(unchecked: "r"), fingerprint: Digest(of: Data(body.utf8)))
    }

    private static let created = SweepCreated(id: SweepID(unchecked: "s"), name: "s", taskCount: 1)

    @Test func `calls of one id that fall together are planned once`() async throws {
        let (submissions, count) = (Submissions(), Count())
        let first = Gate()
        let answers = try await withThrowingTaskGroup(of: SweepCreated.self) { group in
            for _ in 0..<20 {
                group.addTask {
                    try await submissions.join(key("a")) {
                        count.value.withLock { $0 += 1 }
                        await first.wait()
                        return Self.created
                    }
                }
            }
            // Another body under the same id while the first is under way.
            while count.value.withLock({ $0 }) == 0 { await Task.yield() }
            await #expect(throws: StoreError.requestIDReused) {
                try await submissions.join(key("b")) { Self.created }
            }
            await first.open()
            return try await group.reduce(into: [SweepCreated]()) { $0.append($1) }
        }
        #expect(answers == Array(repeating: Self.created, count: 20))
        #expect(count.value.withLock { $0 } < 20)
    }

    @Test func `work that nobody waits for any more is cancelled`() async throws {
        let submissions = Submissions(patience: .zero)
        let (begun, ended) = (Count(), Count())
        let work = { @Sendable () async throws -> SweepCreated in
            begun.value.withLock { $0 += 1 }
            defer { ended.value.withLock { $0 += 1 } }
            while true {
                try Task.checkCancellation()
                await Task.yield()
            }
        }
        let callers = (0..<2).map { _ in
            Task { try await submissions.join(key("a"), work) }
        }
        while await submissions.listenerCount < 2 { await Task.yield() }
        callers[0].cancel()
        while await submissions.listenerCount > 1 { await Task.yield() }
        #expect(ended.value.withLock { $0 } == 0)
        callers[1].cancel()
        for caller in callers {
            await #expect(throws: CancellationError.self) { try await caller.value }
        }
        #expect(begun.value.withLock { $0 } == 1 && ended.value.withLock { $0 } == 1)
    }

    @Test func `the work goes on when its first caller has gone`() async throws {
        let (submissions, count) = (Submissions(), Count())
        let gate = Gate()
        let first = Task {
            try await submissions.join(key("a")) {
                await gate.wait()
                try Task.checkCancellation()
                count.value.withLock { $0 += 1 }
                return Self.created
            }
        }
        first.cancel()
        await gate.open()
        _ = try? await first.value
        #expect(count.value.withLock { $0 } == 1)
    }
}

private final class Count: Sendable {
    let value = Mutex(0)
}

private actor Gate {
    private var isOpen = false
    private var waiting: [CheckedContinuation<Void, Never>] = []

    func wait() async {
        guard !isOpen else { return }
        await withCheckedContinuation { waiting.append($0) }
    }

    func open() {
        isOpen = true
        for continuation in waiting { continuation.resume() }
        waiting = []
    }
}
