import Dispatch
import Shared

/// Computations of more than a few milliseconds, one at a time and on a thread of their own: the
/// threads that answer calls are as few as the processors, and while they expand a large sweep no
/// heartbeat would be heard.
enum LongWork {
    private static let queue = DispatchQueue(label: "long-work")

    static func run<Value: Sendable>(_ work: @escaping @Sendable () throws -> Value) async throws
        -> Value
    {
        try await withCheckedThrowingContinuation { continuation in
            queue.async {
                FloatEnvironment.setDefault()
                continuation.resume(with: Result(catching: work))
            }
        }
    }
}
