import GRDB
import Shared

/// How tasks are taken back from workers that died. A hundred thousand can do so at once, with the
/// network between: so this reads and writes many tasks by one statement.
extension Store {
    /// Gives up the leases whose worker was not heard of for a whole lease. Each is checked once
    /// more inside the transaction: a call may have come in between.
    /// - Parameter moment: when they were found to have expired. The process may have been stopped
    ///   since.
    /// - Returns: those that are over.
    func expire(_ leases: [LeaseID], asOf moment: ContinuousClock.Instant? = nil) async throws
        -> [LeaseID]
    {
        let (now, instant) = (environment.now(), moment ?? environment.instant())
        return try await commits.write { [self] database in
            let ended = leases.filter { liveLeases.isExpired($0, now: instant) }
            let forgiven = Set(ended.filter(isHeldAgainstHost))
            try Self.lose(ended, forgiven, at: now, database)
            return ended
        } whenDurable: { [liveLeases, hosts] ended in
            for holder in liveLeases.holders(of: ended) {
                hosts.record(vanished: holder, now: instant, period: liveLeases.leaseDuration)
            }
            liveLeases.end(ended)
        }
    }

    /// Most of the tasks are alike in all that the machine decides by: it is asked once for each
    /// kind.
    /// - Parameter forgiven: those that do not count against their tasks.
    private static func lose(
        _ leases: [LeaseID], _ forgiven: Set<LeaseID>, at now: Timestamp, _ database: Database
    ) throws {
        let tasks = try StoredTask.leased(by: leases, database)
        for (isForgiven, tasks) in Dictionary(
            grouping: tasks, by: { $0.lease.map(forgiven.contains) ?? false })
        {
            for (machine, alike) in Dictionary(grouping: tasks, by: \.machine) {
                try lose(alike.map(\.number), machine, isForgiven, at: now, database)
            }
        }
    }

    private static func lose(
        _ numbers: [Int64], _ found: LeaseMachine, _ isForgiven: Bool, at now: Timestamp,
        _ database: Database
    ) throws {
        var machine = found
        machine.endAttempt()
        let error =
            "the worker was not heard of for a whole lease "
            + "(attempt \(machine.attempt), \(machine.attemptsCharged) of \(machine.attemptMax))"
        if isForgiven { machine.forgive() }
        let list = numbers.sqlList
        try database.executeCached(
            """
            UPDATE attempt SET outcome = ?, error = ?, endedAt = ?
            WHERE task IN (SELECT value FROM json_each(?)) AND number = ?
            """,
            [
                AttemptOutcome.lost.rawValue, error, now.milliseconds, list, machine.attempt,
            ])
        try database.executeCached(
            """
            UPDATE task SET state = ?, lease = NULL, error = ?, attemptsCharged = ?
            WHERE number IN (SELECT value FROM json_each(?)) AND state = ? AND attempt = ?
            """,
            [
                machine.state.rawValue, machine.state == .failed ? error : nil,
                machine.attemptsCharged, list, found.state.rawValue, found.attempt,
            ])
        guard database.changesCount == numbers.count else {
            throw DatabaseError(message: "tasks changed within one transaction")
        }
        if machine.state == .ready { _ = try takeResults(for: numbers, database) }
    }
}
