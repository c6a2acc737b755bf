/// How long to wait before a call is sent again: exponential backoff with full jitter, so that a
/// thousand workers that lost the same coordinator do not come back in step.
public struct RetryPolicy: Sendable {
    public var delaySecondsFirst: Double
    public var delaySecondsMax: Double

    public init(
        delaySecondsFirst: Double = 0.25, delaySecondsMax: Double = Limits.retryDelaySecondsMax
    ) {
        self.delaySecondsFirst = delaySecondsFirst
        self.delaySecondsMax = delaySecondsMax
    }

    /// The wait before try `attempt` + 1.
    /// - Parameters:
    ///   - attempt: tries so far, from 1.
    ///   - retryAfterSeconds: what the server asked for: waited at least.
    ///   - uniform: a random number in [0, 1).
    public func delaySeconds(
        afterAttempt attempt: Int, retryAfterSeconds: Double?, uniform: Double
    ) -> Double {
        let ceiling = min(delaySecondsMax, delaySecondsFirst * Double(1 << min(attempt - 1, 16)))
        return (retryAfterSeconds ?? 0) + uniform * ceiling
    }

    /// Only what may pass by itself: a caller's mistake stays one.
    public static func isWorthRetrying(status: Int) -> Bool {
        status == 408 || status == 425 || status == 429 || status >= 500
    }
}
