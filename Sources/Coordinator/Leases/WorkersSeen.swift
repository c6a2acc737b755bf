import Shared
import Synchronization

/// When each worker last called. In memory alone: it only says who is here now.
final class WorkersSeen: Sendable {
    private let instants = Mutex<[WorkerName: ContinuousClock.Instant]>([:])

    func record(_ worker: WorkerName, now: ContinuousClock.Instant) {
        instants.withLock { $0[worker] = now }
    }

    func all() -> [WorkerName: ContinuousClock.Instant] { instants.withLock { $0 } }
}
