import Shared
import Synchronization

/// When each worker last called. In memory alone: it only says who is here now.
final class WorkersSeen: Sendable {
    struct Seen {
        var machine: Machine
        var firstSeenAt: Timestamp
        var instant: ContinuousClock.Instant
        /// Whether the store has the worker on this machine.
        var isStored = false
    }

    private let workers = Mutex<[WorkerName: Seen]>([:])

    /// A worker asked for tasks.
    func record(
        _ worker: WorkerName, on machine: Machine, at time: Timestamp, now: ContinuousClock.Instant
    ) {
        workers.withLock { workers in
            let known = workers[worker]
            workers[worker] = Seen(
                machine: machine, firstSeenAt: known?.firstSeenAt ?? time, instant: now,
                isStored: known?.isStored == true && known?.machine == machine)
            guard workers.count > Limits.workersSeenMax else { return }
            let oldest = workers.min { $0.value.instant < $1.value.instant }
            if let oldest { workers[oldest.key] = nil }
        }
    }

    /// A worker that is known was heard of.
    func touch(_ worker: WorkerName, now: ContinuousClock.Instant) {
        workers.withLock { $0[worker]?.instant = now }
    }

    func isStored(_ worker: WorkerName) -> Bool {
        workers.withLock { $0[worker]?.isStored ?? false }
    }

    /// The store has the worker now, on disk.
    func noteStored(_ worker: WorkerName, on machine: Machine) {
        workers.withLock { workers in
            if workers[worker]?.machine == machine { workers[worker]?.isStored = true }
        }
    }

    func all() -> [WorkerName: Seen] { workers.withLock { $0 } }
}
