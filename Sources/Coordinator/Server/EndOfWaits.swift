import Dispatch
import Glibc
import Logging
import ServiceLifecycle
import Shared

/// What would hold up the end. Workers that wait for a task are sent away empty-handed; whatever
/// else may be under way, the process ends in time: what was acknowledged is on disk.
struct EndOfWaits: Service {
    let store: Store
    let ready: ReadySignal
    let logger: Logger
    var graceSeconds = Double(Limits.endSecondsMax)
    /// Ends the process at once; a test's does not.
    var end: @Sendable (_ code: Int32) -> Void = {
        LineWriter.standardError.flush()
        _exit($0)
    }

    func run() async throws {
        try? await gracefulShutdown()
        DispatchQueue.global().asyncAfter(deadline: .now() + graceSeconds) {
            logger.warning("ended with calls under way; their callers will repeat them")
            end(store.commits.brokenBy == nil ? EXIT_SUCCESS : EXIT_FAILURE)
        }
        ready.close()
    }
}
