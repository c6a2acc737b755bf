import Shared

/// What a task needs could not be fetched: no fault of the task's, which another host, or this one
/// later, may train.
struct FetchError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}

/// When a fetch is given up that fails again and again. Not while the coordinator is away: a try
/// counts only where it has taken a heartbeat since the try before, so that it is there, and still
/// does not give what is asked for.
final class FetchPatience {
    private let heartbeatsTaken: () -> Int
    private var lastTaken: Int
    private var failures = 0

    init(heartbeatsTaken: @escaping () -> Int) {
        self.heartbeatsTaken = heartbeatsTaken
        lastTaken = heartbeatsTaken()
    }

    /// To be asked once after each try that has failed.
    func isOver() -> Bool {
        let taken = heartbeatsTaken()
        if taken > lastTaken { failures += 1 }
        lastTaken = taken
        return failures >= Limits.fetchTriesMax
    }
}
