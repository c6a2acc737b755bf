import Shared

/// When a training is to be kept: after each epoch that the sweep's number divides, and whenever
/// the last time is long ago. Pure: the clock is passed in.
struct CheckpointSchedule {
    /// Nil: by time alone.
    let everyEpochs: Int?
    /// What was kept last.
    private(set) var keptEpochs: Int
    private var lastAt: ContinuousClock.Instant

    /// - Parameter epochs: what is kept already.
    init(everyEpochs: Int?, epochs: Int, now: ContinuousClock.Instant) {
        self.everyEpochs = everyEpochs
        keptEpochs = epochs
        lastAt = now
    }

    func isDue(epochs: Int, now: ContinuousClock.Instant) -> Bool {
        guard epochs > keptEpochs else { return false }
        // Also where one was passed over: the next epoch makes up for it.
        if let everyEpochs, epochs / everyEpochs > keptEpochs / everyEpochs { return true }
        return now - lastAt >= .seconds(Limits.checkpointSecondsMax)
    }

    mutating func kept(epochs: Int, now: ContinuousClock.Instant) {
        keptEpochs = epochs
        lastAt = now
    }
}
