import CKernels
import Shared

/// Threads that work through numbered items together, the caller being one of them. An item's
/// result must not depend on who computes it or when: then it does not matter how many there are.
final class Crew {
    let threads: Int
    private let handle: OpaquePointer

    /// Throws where the system gives no more threads.
    init(threads: Int) throws(TrainingError) {
        guard (1...Limits.threadsMax).contains(threads) else {
            throw TrainingError(
                "\(threads) threads are asked for; wanted: from 1 to \(Limits.threadsMax).")
        }
        guard let handle = gdln_crew_make(threads) else {
            throw TrainingError("The system gives no \(threads) threads.")
        }
        self.threads = threads
        self.handle = handle
    }

    deinit { gdln_crew_free(handle) }

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
