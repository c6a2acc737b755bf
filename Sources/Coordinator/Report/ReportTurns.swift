import Synchronization

/// Lets a few reports be read from the store at one time, the others wait: the readers that answer
/// all other calls are never taken. The next to begin is one of the token that has the fewest under
/// way, and of these the one that waits longest.
final class ReportTurns: Sendable {
    private struct Waiting {
        let number: Int
        let caller: Caller?
        let continuation: CheckedContinuation<Void, any Error>
    }

    private struct State {
        var running: [Caller?: Int] = [:]
        var waiting: [Waiting] = []
        var nextNumber = 0
        /// Cancelled before they began to wait.
        var cancelled: Set<Int> = []
    }

    private let atOnceMax: Int
    private let state = Mutex(State())

    init(_ atOnceMax: Int) { self.atOnceMax = atOnceMax }

    var waitingCount: Int { state.withLock { $0.waiting.count } }

    /// Runs `body` when it is the caller's turn.
    /// - Throws: `CancellationError` if the task is cancelled while it waits.
    func run<Value>(for caller: Caller?, _ body: () async throws -> Value) async throws -> Value {
        try await begin(for: caller)
        defer { end(for: caller) }
        return try await body()
    }

    private func begin(for caller: Caller?) async throws {
        let number = state.withLock { state in
            state.nextNumber += 1
            return state.nextNumber
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let begins = state.withLock { state -> Result<Bool, any Error> in
                    guard state.cancelled.remove(number) == nil else {
                        return .failure(CancellationError())
                    }
                    guard state.running.values.reduce(0, +) < atOnceMax else {
                        state.waiting.append(
                            Waiting(number: number, caller: caller, continuation: continuation))
                        return .success(false)
                    }
                    state.running[caller, default: 0] += 1
                    return .success(true)
                }
                switch begins {
                case .success(true): continuation.resume()
                case .success(false): break
                case .failure(let error): continuation.resume(throwing: error)
                }
            }
        } onCancel: {
            cancel(number)
        }
        // One that began was cancelled too late to be noted.
        _ = state.withLock { $0.cancelled.remove(number) }
    }

    private func cancel(_ number: Int) {
        let waiting = state.withLock { state -> Waiting? in
            guard let index = state.waiting.firstIndex(where: { $0.number == number }) else {
                state.cancelled.insert(number)
                return nil
            }
            return state.waiting.remove(at: index)
        }
        waiting?.continuation.resume(throwing: CancellationError())
    }

    private func end(for caller: Caller?) {
        let next = state.withLock { state -> Waiting? in
            let rest = state.running[caller, default: 1] - 1
            state.running[caller] = rest > 0 ? rest : nil
            let index = state.waiting.indices.min { left, right in
                let (first, second) = (state.waiting[left], state.waiting[right])
                let (mine, others) = (
                    state.running[first.caller, default: 0],
                    state.running[second.caller, default: 0]
                )
                return (mine, first.number) < (others, second.number)
            }
            guard let index else { return nil }
            let next = state.waiting.remove(at: index)
            state.running[next.caller, default: 0] += 1
            return next
        }
        next?.continuation.resume()
    }
}
