import GRDB
import Shared

/// Attempts that ended with their worker's process, which had no time to say anything. The next
/// worker of its machine reports them, before or after their leases have expired.
///
/// The kernel kills a process with all that it trains. Where that was one task, the attempt counts.
/// Where it was several, nobody knows which of them was the reason: their attempts do not count,
/// and each task is trained alone from then on, so that the guilty one uses up its own attempts.
/// That is forgiven a few times only (`Limits.killsForgivenMax`): each task comes to an end.
extension Store {
    /// What the error of such an attempt begins with. A repeated report is recognized by it.
    private static let killedPrefix = "the worker ended in mid-attempt: "

    /// - Returns: the task's state.
    func endKilled(_ lease: LeaseID, _ request: KilledRequest, _ key: RequestKey) async throws
        -> TaskState
    {
        let (now, instant) = (environment.now(), environment.instant())
        let entry = liveLeases.entry(lease)
        let isHeldAgainstHost = isHeldAgainstHost(lease)
        let reason = request.reason.truncated(toBytes: Limits.errorTextBytesMax / 2)
        let release = { @Sendable [liveLeases, hosts] (_: TaskState) in
            if let entry, let work = entry.work {
                let held = LiveLeases.Holder.Held(lease: lease, work: work)
                hosts.record(
                    vanished: .init(worker: entry.worker, held: [held]), now: instant,
                    period: liveLeases.leaseDuration)
            }
            liveLeases.end([lease])
        }
        let state = try await once(key, whenDurable: release) { database in
            let (task, wasLost) = try Self.taskOfKilled(lease, database)
            if try Self.isReported(lease, database) { return task.machine.state }
            let isForgiven =
                request.beside > 0 && task.killsForgiven < Limits.killsForgivenMax
            var machine = task.machine
            if !wasLost { machine.endAttempt() }
            if isForgiven || isHeldAgainstHost && !wasLost { machine.forgive() }
            let error =
                Self.killedPrefix + reason
                + (isForgiven
                    ? "; \(request.beside) other tasks were under way beside it, and the attempt "
                        + "does not count"
                    : " (attempt \(task.machine.attempt), \(task.machine.attemptsCharged) of "
                        + "\(task.machine.attemptMax))")
            try Self.end(lease, .lost, error: error, at: now, database)
            let isCurrent = LeasePlace(lease)?.attempt == task.machine.attempt
            try task.apply(
                machine, lease: isCurrent ? nil : task.lease, error: error, database)
            if isForgiven {
                try database.executeCached(
                    "UPDATE task SET killsForgiven = killsForgiven + 1 WHERE number = ?",
                    [task.number])
            }
            let isTaken =
                try machine.state == .ready && Self.takeResults(for: [task.number], database) > 0
            return isTaken ? .cached : machine.state
        }
        try await setAsideSuspects()
        return state
    }

    /// The task, and whether the attempt was given up for lost before: also one that another has
    /// followed, so that it can still be forgiven.
    private static func taskOfKilled(_ lease: LeaseID, _ database: Database) throws
        -> (StoredTask, wasLost: Bool)
    {
        let (task, standing) = try standing(of: lease, database)
        switch standing {
        case .current: return (task, false)
        case .revivable: return (task, true)
        case .completedAlready: throw StoreError.leaseLost(reason: "the task is complete")
        case .lost(let reason):
            // What failed for another reason than a loss stays so.
            guard let place = LeasePlace(lease), try isLost(place, database),
                try !task.machine.state.isFinal
                    || task.machine.state == .failed
                        && isLost(
                            LeasePlace(task: task.number, attempt: task.machine.attempt), database)
            else { throw StoreError.leaseLost(reason: reason) }
            return (task, true)
        }
    }

    private static func isLost(_ place: LeasePlace, _ database: Database) throws -> Bool {
        try database.firstRow(
            "SELECT outcome = 'lost' FROM attempt WHERE task = ? AND number = ?",
            [place.task, place.attempt]
        ) { try $0[stored: 0] as Bool } ?? false
    }

    private static func isReported(_ lease: LeaseID, _ database: Database) throws -> Bool {
        guard let place = LeasePlace(lease) else { return false }
        let error = try database.firstRow(
            "SELECT error FROM attempt WHERE task = ? AND number = ?", [place.task, place.attempt]
        ) { try $0[stored: 0] as String? }
        return (error ?? nil)?.hasPrefix(killedPrefix) ?? false
    }
}
