import Dispatch
import Shared
import Synchronization

/// Computations of more than a few milliseconds, and waits for the disk, on threads of their own:
/// the threads that answer calls are as few as the processors, and while they expand a large sweep
/// no heartbeat would be heard.
enum LongWork {
    /// Plans of sweeps, one at a time.
    static let plans = DispatchQueue(label: "plans")
    /// Data sets that are read and put on disk, one at a time.
    static let uploads = DispatchQueue(label: "uploads")
    /// Changes of tokens, which are put on disk one at a time.
    static let tokens = DispatchQueue(label: "tokens")

    /// Tells work that nobody waits for it any more.
    final class Cancellation: Sendable {
        private let state = Mutex(false)
        var isCancelled: Bool { state.withLock { $0 } }

        fileprivate func cancel() { state.withLock { $0 = true } }

        /// - Throws: `CancellationError` once the task that runs the work was cancelled.
        func check() throws { if isCancelled { throw CancellationError() } }
    }

    /// - Parameter work: asks the cancellation every few milliseconds.
    static func run<Value: Sendable>(
        on queue: DispatchQueue = plans, _ work: @escaping @Sendable (Cancellation) throws -> Value
    ) async throws -> Value {
        let cancellation = Cancellation()
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                queue.async {
                    FloatEnvironment.setDefault()
                    continuation.resume(
                        with: Result {
                            try cancellation.check()
                            return try work(cancellation)
                        })
                }
            }
        } onCancel: {
            cancellation.cancel()
        }
    }
}
