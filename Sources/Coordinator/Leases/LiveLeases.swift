import Shared
import Synchronization

/// When each lease that is held now expires, and how far its training is.
///
/// Kept in memory alone, on purpose: a heartbeat then costs no disk, a jump of the wall clock
/// expires nothing, and a coordinator that comes back gives every lease its full length again, so
/// that an absence shorter than a lease trains nothing twice. What is durable is that a task is
/// leased, and by which attempt: the store's.
final class LiveLeases: Sendable {
    let leaseDuration: Duration
    private let entries = Mutex<[LeaseID: Entry]>([:])

    struct Entry: Equatable {
        var sweep: SweepID
        var worker: WorkerName
        var expiresAt: ContinuousClock.Instant
        /// How much longer the expiry may be put off without a call from the worker, beyond the
        /// time that the coordinator was stopped. Each call restores it.
        var graceLeft: Duration
        var epochsCompleted: Int
        /// False until the worker reports epochs: what the lease's checkpoint claims may be more
        /// than the worker can resume from.
        var isReported: Bool
        var work: HostRecords.Work?
    }

    /// A worker with some of its leases.
    struct Holder {
        struct Held {
            var lease: LeaseID
            var work: HostRecords.Work
        }
        var worker: WorkerName
        var held: [Held]
    }

    init(leaseDuration: Duration) {
        self.leaseDuration = leaseDuration
    }

    /// Begins a lease, or puts its expiry off.
    func hold(
        _ lease: LeaseID, sweep: SweepID, worker: WorkerName, epochsCompleted: Int = 0,
        isReported: Bool = true, work: HostRecords.Work? = nil, now: ContinuousClock.Instant
    ) {
        entries.withLock {
            $0[lease] = Entry(
                sweep: sweep, worker: worker, expiresAt: now + leaseDuration,
                graceLeft: leaseDuration,
                epochsCompleted: epochsCompleted, isReported: isReported, work: work)
        }
    }

    /// Puts the expiry off. Returns how many epochs more are completed than was known, or nil where
    /// the lease is not held, or its time was up: the store then knows how it stands.
    func extend(_ lease: LeaseID, epochsCompleted: Int, now: ContinuousClock.Instant) -> Int? {
        entries.withLock {
            guard var entry = $0[lease], entry.expiresAt > now else { return nil }
            let gained = max(0, epochsCompleted - entry.epochsCompleted)
            if epochsCompleted > 0, !entry.isReported {
                entry.epochsCompleted = min(entry.epochsCompleted, epochsCompleted)
                entry.isReported = true
            }
            entry.expiresAt = now + leaseDuration
            entry.graceLeft = leaseDuration
            entry.epochsCompleted += gained
            $0[lease] = entry
            return gained
        }
    }

    /// Puts the expiry off where the store has found, in a transaction, that the lease holds:
    /// whoever would expire it in the next one finds it so.
    /// - Returns: whether the lease is held.
    @discardableResult
    func renew(_ lease: LeaseID, now: ContinuousClock.Instant) -> Bool {
        entries.withLock {
            guard var entry = $0[lease] else { return false }
            entry.expiresAt = max(entry.expiresAt, now + leaseDuration)
            entry.graceLeft = leaseDuration
            $0[lease] = entry
            return true
        }
    }

    /// Gives back the time in which no call could be read, to each lease that had not expired when
    /// that time began: workers tried to report, and will try again.
    ///
    /// A lease then has a whole lease duration left, but all that is added beyond `stopped` is at
    /// most one lease duration between two calls of its worker. So a dead worker's lease ends
    /// after at most two lease durations in which the process ran.
    /// - Parameters:
    ///   - stopped: how long the process did not run; zero if it ran, but was held up.
    ///   - since: when the reaper last looked.
    func giveBack(
        stopped: Duration, since: ContinuousClock.Instant, now: ContinuousClock.Instant
    ) {
        entries.withLock { entries in
            for (lease, entry) in entries where entry.expiresAt > since {
                var entry = entry
                entry.expiresAt =
                    stopped > .zero ? entry.expiresAt + stopped : max(entry.expiresAt, now)
                let missing = max(.zero, now + leaseDuration - entry.expiresAt)
                let added = min(missing, entry.graceLeft)
                entry.expiresAt += added
                entry.graceLeft -= added
                entries[lease] = entry
            }
        }
    }

    func end(_ leases: some Sequence<LeaseID>) {
        entries.withLock { for lease in leases { $0[lease] = nil } }
    }

    /// The leases whose time is up, oldest first.
    func expired(now: ContinuousClock.Instant) -> [LeaseID] {
        entries.withLock {
            $0.filter { $0.value.expiresAt <= now }
                .sorted { $0.value.expiresAt < $1.value.expiresAt }.map(\.key)
        }
    }

    /// Asked again inside the transaction that expires a lease: a heartbeat may have come between.
    func isExpired(_ lease: LeaseID, now: ContinuousClock.Instant) -> Bool {
        entries.withLock { $0[lease].map { $0.expiresAt <= now } ?? true }
    }

    /// Who holds which of these leases, by name; but for those of which that is not known.
    func holders(of leases: [LeaseID]) -> [Holder] {
        let held = entries.withLock { entries in
            leases.reduce(into: [WorkerName: [Holder.Held]]()) { held, lease in
                guard let entry = entries[lease], let work = entry.work else { return }
                held[entry.worker, default: []].append(.init(lease: lease, work: work))
            }
        }
        return held.map(Holder.init).sorted { $0.worker.rawValue < $1.worker.rawValue }
    }

    func entry(_ lease: LeaseID) -> Entry? { entries.withLock { $0[lease] } }
}
