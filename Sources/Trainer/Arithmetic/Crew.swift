import CKernels
import Shared

/// Threads that work through numbered items together, the caller being one of them. An item's
/// result must not depend on who computes it or when: then it does not matter how many there are.
/// All but the caller compute in the default floating-point environment, which the caller must set
/// itself: `FloatEnvironment.setDefault()`.
///
/// How many of them work can change between two rounds: a neighbour that comes or goes changes what
/// a training may take of the processor.
final class Crew {
    /// At most; whoever keeps something for each thread keeps so much.
    let threads: Int
    /// Those that work now.
    private(set) var active: Int
    private var handle: OpaquePointer

    /// - Parameter active: how many work at first; nil: all.
    /// Throws where the system gives no more threads.
    init(threads: Int, active: Int? = nil) throws(TrainingError) {
        guard (1...Limits.threadsMax).contains(threads) else {
            throw TrainingError(
                "\(threads) threads are asked for; wanted: from 1 to \(Limits.threadsMax).")
        }
        self.threads = threads
        self.active = min(max(active ?? threads, 1), threads)
        guard let handle = gdln_crew_make(self.active) else {
            throw TrainingError("The system gives no \(threads) threads.")
        }
        self.handle = handle
    }

    deinit { gdln_crew_free(handle) }

    /// Lets `count` threads work from the next round on, at least one and at most `threads`. It
    /// stays as it is where the system gives no more threads.
    func setActive(_ count: Int) {
        let count = min(max(count, 1), threads)
        guard count != active, let next = gdln_crew_make(count) else { return }
        gdln_crew_free(handle)
        (handle, active) = (next, count)
    }

    private struct Work {
        let body: (_ item: Int, _ thread: Int) -> Void
    }

    /// Calls `body` once for each item below `items`; returns when all are done.
    func run(_ items: Int, _ body: (_ item: Int, _ thread: Int) -> Void) {
        withoutActuallyEscaping(body) { body in
            var work = Work(body: body)
            withUnsafeMutablePointer(to: &work) { work in
                gdln_crew_run(
                    handle, items,
                    { context, item, thread in
                        context.assumingMemoryBound(to: Work.self).pointee.body(item, thread)
                    }, work)
            }
        }
    }
}
