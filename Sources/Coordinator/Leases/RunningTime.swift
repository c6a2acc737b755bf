import Shared

/// Notices that the process was stopped (SIGSTOP, a suspended virtual machine) or held up, from the
/// times at which a loop runs. Pure: it is told the times.
///
/// The clock must go on while the machine is suspended (`CLOCK_BOOTTIME` on Linux): a monotonic
/// clock that stands still then would hide the gap.
struct RunningTime {
    /// What a gap between two looks was.
    enum Gap: Equatable {
        /// The loop slept much longer than it asked for: the process did not run.
        case stopped(Duration)
        /// The loop's own work took longer than a period.
        case heldUp
    }

    private var lookedAt: ContinuousClock.Instant?
    private var sleptAt: ContinuousClock.Instant?

    /// When the loop last looked.
    var lastLook: ContinuousClock.Instant? { lookedAt }

    /// To be called at the beginning of each turn of the loop.
    /// - Parameter period: how long the loop sleeps between two turns.
    /// - Returns: nil if the loop ran as it should.
    mutating func look(period: Duration, now: ContinuousClock.Instant) -> Gap? {
        defer { (lookedAt, sleptAt) = (now, nil) }
        guard let lookedAt else { return nil }
        let slept = now - (sleptAt ?? lookedAt)
        if slept >= period * 2 { return .stopped(slept - period) }
        let worked = (sleptAt ?? lookedAt) - lookedAt
        return worked >= period ? .heldUp : nil
    }

    /// To be called at the end of each turn, before the loop sleeps.
    mutating func sleeps(now: ContinuousClock.Instant) { sleptAt = now }
}
