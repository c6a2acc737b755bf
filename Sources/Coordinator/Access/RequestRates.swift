import Shared
import Synchronization

/// How often a token may call: a bucket each, which fills steadily and from which every call takes
/// one. A program of a person's that asks in a tight loop is slowed down; workers are not, short of
/// what no coordinator could serve, since a whole cluster may share one token.
final class RequestRates: Sendable {
    struct Rate: Sendable {
        var perSecond: Double
        /// How many calls may come at once.
        var burst: Double

        static func of(_ role: Role) -> Rate {
            switch role {
            case .read, .submit:
                Rate(
                    perSecond: Limits.personRequestsPerSecond, burst: Limits.personRequestBurst)
            case .worker, .admin:
                Rate(
                    perSecond: Limits.workerRequestsPerSecond, burst: Limits.workerRequestBurst)
            }
        }
    }

    private struct Bucket {
        var level: Double
        var filledAt: ContinuousClock.Instant
    }

    private let buckets = Mutex<[Digest: Bucket]>([:])

    /// Nil where the call may go on, else the seconds after which one may come again.
    func secondsToWait(
        _ token: Digest, _ rate: Rate, now: ContinuousClock.Instant
    ) -> Double? {
        buckets.withLock { buckets in
            // No more than there are tokens, but for those that were revoked.
            if buckets.count > 2 * Limits.tokensMax { buckets.removeAll() }
            var bucket = buckets[token] ?? Bucket(level: rate.burst, filledAt: now)
            let filled = bucket.level + (now - bucket.filledAt).seconds * rate.perSecond
            bucket = Bucket(level: min(rate.burst, filled), filledAt: now)
            defer { buckets[token] = bucket }
            guard bucket.level < 1 else {
                bucket.level -= 1
                return nil
            }
            return (1 - bucket.level) / rate.perSecond
        }
    }
}
