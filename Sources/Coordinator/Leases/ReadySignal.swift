import Synchronization

/// Wakes the workers that wait for a task when there may be one.
final class ReadySignal: Sendable {
    private struct State {
        var generation = 0
        var waiting: [Int: CheckedContinuation<Void, Never>] = [:]
        var nextNumber = 0
        var isClosed = false
    }

    private let state = Mutex(State())

    /// Raised by each `notify`. Read before looking for a task, so that one that comes between the
    /// look and the wait is not slept through.
    var generation: Int { state.withLock { $0.generation } }
    var isClosed: Bool { state.withLock { $0.isClosed } }

    func notify() { wakeAll(closing: false) }

    /// Ends all waits, now and from now on: the coordinator is about to stop.
    func close() { wakeAll(closing: true) }

    private func wakeAll(closing: Bool) {
        let woken = state.withLock { state in
            state.generation += 1
            if closing { state.isClosed = true }
            defer { state.waiting = [:] }
            return state.waiting.values
        }
        for continuation in woken { continuation.resume() }
    }

    /// Returns once `notify` was called since `generation` was read, or the time is over, or the
    /// caller's task is cancelled. False once the signal is closed.
    func wait(since seen: Int, atMost duration: Duration) async -> Bool {
        let number = state.withLock { state in
            state.nextNumber += 1
            return state.nextNumber
        }
        var timer: Task<Void, Never>?
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                guard enter(number, continuation, since: seen) else {
                    return continuation.resume()
                }
                // Only now: one that is over at once must find the wait it ends.
                timer = Task {
                    try? await Task.sleep(for: duration)
                    end(number)
                }
            }
        } onCancel: {
            end(number)
        }
        timer?.cancel()
        return !isClosed
    }

    /// False where there is nothing to wait for.
    private func enter(
        _ number: Int, _ continuation: CheckedContinuation<Void, Never>, since seen: Int
    ) -> Bool {
        state.withLock { state in
            guard state.generation == seen, !state.isClosed, !Task.isCancelled else {
                return false
            }
            state.waiting[number] = continuation
            return true
        }
    }

    private func end(_ number: Int) {
        state.withLock { $0.waiting.removeValue(forKey: number) }?.resume()
    }
}
