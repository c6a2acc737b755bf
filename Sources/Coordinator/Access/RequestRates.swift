import Shared
import Synchronization

/// How often a token may call: a bucket each, which fills steadily and from which every call takes
/// one. A program of a person's that asks in a tight loop is slowed down; workers are not, short of
/// what no coordinator could serve, since a whole cluster may share one token. The tokens of people
/// have a bucket together, too; an admin token does not, so that others cannot lock it out.
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
            case .admin:
                Rate(perSecond: Limits.adminRequestsPerSecond, burst: Limits.adminRequestBurst)
            case .worker:
                Rate(
                    perSecond: Limits.workerRequestsPerSecond, burst: Limits.workerRequestBurst)
            }
        }

        /// What the tokens of that role may do together; nil: as much as they all may.
        static func ofAll(_ role: Role) -> Rate? {
            switch role {
            case .read, .submit:
                Rate(
                    perSecond: Limits.peopleRequestsPerSecond, burst: Limits.peopleRequestBurst)
            case .worker, .admin: nil
            }
        }
    }

    private struct Bucket {
        var level: Double
        var filledAt: ContinuousClock.Instant
    }

    private struct State {
        var tokens: [Digest: Bucket] = [:]
        var people: Bucket?
    }

    private let state = Mutex(State())

    /// - Parameter total: of the bucket that this token shares with others; nil: it shares none.
    /// - Returns: nil if the call may go on, else the seconds after which one may come again.
    func secondsToWait(
        _ token: Digest, _ rate: Rate, ofAll total: Rate? = nil, now: ContinuousClock.Instant
    ) -> Double? {
        state.withLock { state in
            // No more than there are tokens, but for those that were revoked.
            if state.tokens.count > 2 * Limits.tokensMax { state.tokens.removeAll() }
            let wait = Self.take(from: &state.tokens[token], rate, now: now)
            guard wait == nil, let total else { return wait }
            return Self.take(from: &state.people, total, now: now)
        }
    }

    private static func take(
        from bucket: inout Bucket?, _ rate: Rate, now: ContinuousClock.Instant
    ) -> Double? {
        let known = bucket ?? Bucket(level: rate.burst, filledAt: now)
        let filled = known.level + (now - known.filledAt).seconds * rate.perSecond
        let level = min(rate.burst, filled)
        let mayGoOn = level >= 1
        bucket = Bucket(level: mayGoOn ? level - 1 : level, filledAt: now)
        return mayGoOn ? nil : (1 - level) / rate.perSecond
    }
}
