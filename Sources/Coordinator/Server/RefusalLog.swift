import Shared
import Synchronization

/// Bounds the lines that refused and failed calls add to the log: a client that repeats such a call
/// would fill the disk by it. How many were left out is logged later.
final class RefusalLog: Sendable {
    private struct Window {
        let start: ContinuousClock.Instant
        var logged = 0
        var suppressed = 0
    }

    private let windows = Mutex<[String: Window]>([:])

    /// Whether a line may be logged now.
    /// - Parameter kind: one of a few; each has its own bound.
    func admits(_ kind: String, now: ContinuousClock.Instant) -> Bool {
        windows.withLock { windows in
            var window = windows[kind] ?? Window(start: now)
            defer { windows[kind] = window }
            guard window.logged < Limits.refusalsLoggedMax else {
                window.suppressed += 1
                return false
            }
            window.logged += 1
            return true
        }
    }

    /// Begins anew for each kind whose time is over.
    /// - Returns: a sentence for each kind of which lines were left out.
    func endWindows(now: ContinuousClock.Instant) -> [String] {
        windows.withLock { windows in
            let over = windows.filter {
                now - $0.value.start >= .seconds(Limits.refusalLogSeconds)
            }
            for kind in over.keys { windows[kind] = nil }
            return over.filter { $0.value.suppressed > 0 }.sorted { $0.key < $1.key }.map {
                "\($0.value.suppressed) more calls failed with '\($0.key)'; they were not logged"
            }
        }
    }
}
