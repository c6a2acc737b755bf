import Shared
import Synchronization

/// When each worker last called. In memory alone: it only says who is here now.
final class WorkersSeen: Sendable {
    struct Seen {
        var host: String
        var firstSeenAt: Timestamp
        var instant: ContinuousClock.Instant
    }

    private let workers = Mutex<[WorkerName: Seen]>([:])

    /// A worker asked for tasks.
    func record(
        _ worker: WorkerName, host: String, at time: Timestamp, now: ContinuousClock.Instant
    ) {
        workers.withLock { workers in
            let firstSeenAt = workers[worker]?.firstSeenAt ?? time
            workers[worker] = Seen(host: host, firstSeenAt: firstSeenAt, instant: now)
            guard workers.count > Limits.workersSeenMax else { return }
            let oldest = workers.min { $0.value.instant < $1.value.instant }
            if let oldest { workers[oldest.key] = nil }
        }
    }

    /// A worker that is known was heard of.
    func touch(_ worker: WorkerName, now: ContinuousClock.Instant) {
        workers.withLock { $0[worker]?.instant = now }
    }

    func all() -> [WorkerName: Seen] { workers.withLock { $0 } }
}
