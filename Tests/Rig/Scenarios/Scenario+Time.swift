import Foundation
import GRDB
import Glibc
import Shared
import TestSupport

/// Clocks, and many leases at one time.
extension Scenario {
    static let clockJumps = Scenario(
        "clock-jumps", "the wall clock jumps by hours and years, both ways, with leases held",
        needs: Shim.needs, quick: 8, long: 60
    ) { run in
        let shim = try Shim(.clock, in: run.deployment.folder)
        run.deployment.options.environment.merge(shim.environment) { $1 }
        run.deployment.options.leaseSeconds = 5
        try await run.start()
        var patient = WorkerCharacter.honest
        patient.workSeconds = 0.1
        run.tasksPerSweep = 10 * run.input.cycles
        try await run.submit().value
        try run.startWorkers(6, patient)
        let (hour, year) = (Int64(3_600), Int64(31_557_600))
        let jumps = [2 * hour, -2 * hour, 10 * year, -10 * year, 24 * hour, 0]
        for cycle in 0..<run.input.cycles {
            run.recorder.mark(.fault, "clock")
            try shim.setClock(secondsAhead: jumps[cycle % jumps.count])
            try await run.wait(0.2...0.5)
        }
        let violations = try await run.finish(drainSeconds: 60)
        let store = try StoredState(dataDirectory: run.dataDirectory)
        guard store.attempts.count == store.tasks.count else {
            throw TestFailure("a jump of the clock made somebody train again")
        }
        guard try run.yearsSeen() > 5 else { throw TestFailure("the clock did not jump") }
        return violations
    }

    /// `cycles` thousand leases, of workers that are gone.
    static let massExpiry = Scenario(
        "mass-expiry", "thousands of leases expire in one moment", quick: 5, long: 100
    ) { run in
        let count = run.input.cycles * 1_000
        run.deployment.options.leaseSeconds = 2
        try await run.start()
        run.tasksPerSweep = 1
        try await run.submit().value
        try await run.endCoordinator()
        try run.multiplyTask(by: count)
        try await run.deployment.startCoordinator()
        let start = ContinuousClock.now
        // A thousand a second, on a busy machine and not optimized.
        let bound = run.deployment.options.leaseSeconds + 1 + Double(run.input.cycles)
        let seconds = try await run.secondsUntilAllReady(count, since: start, within: bound)
        run.note(
            String(
                format: "the last of \(count) leases taken back %.1f s after its end",
                seconds - run.deployment.options.leaseSeconds))
        run.note(String(format: "slowest answer meanwhile %.0f ms", run.slowestAnswer * 1_000))
        try await run.endCoordinator()
        let check = try await run.deployment.output(
            of: "check", "--data-dir", run.deployment.options.dataDirectory, within: .seconds(120))
        guard check == "All is well.\n" else { throw TestFailure(check) }
        return []
    }
}

extension RigRun {
    /// By how many years the times in the store differ.
    fileprivate func yearsSeen() throws -> Double {
        let queue = try DatabaseQueue(path: dataDirectory + "/coordinator.sqlite")
        defer { try? queue.close() }
        let milliseconds = try queue.read {
            try Int64.fetchOne($0, sql: "SELECT max(startedAt) - min(startedAt) FROM attempt")
        }
        return Double(milliseconds ?? 0) / 1_000 / 31_557_600
    }

    /// Makes one stored task many that are leased, as if a thousand workers had been there.
    fileprivate func multiplyTask(by count: Int) throws {
        let queue = try DatabaseQueue(path: dataDirectory + "/coordinator.sqlite")
        defer { try? queue.close() }
        try queue.write { database in
            try database.execute(
                sql: """
                    INSERT INTO worker (name, host, firstSeenAt) VALUES ('gone', 'gone', 0);
                    CREATE TEMP TABLE n AS WITH RECURSIVE n (n) AS (
                        SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < \(count - 1)
                    ) SELECT n FROM n;
                    INSERT INTO task (sweep, position, id, configuration, dataDigest, gate, epochs,
                        attemptMax)
                    SELECT sweep, n, id || '-' || n, configuration, dataDigest, gate, epochs,
                        attemptMax FROM task, n;
                    INSERT INTO attempt (lease, task, number, worker, startedAt)
                    SELECT 'lease-' || number, number, 1, 'gone', 0 FROM task;
                    UPDATE task SET state = 'leased', attempt = 1, attemptsCharged = 1,
                        lease = 'lease-' || number;
                    """)
        }
    }

    /// Asks how the sweep stands until no lease is held, and how long the answers take.
    fileprivate func secondsUntilAllReady(
        _ count: Int, since start: ContinuousClock.Instant, within bound: Double
    ) async throws -> Double {
        let (address, headers) = (deployment.address, try deployment.callHeaders(.admin))
        let (seconds, slowest) = try await onThread {
            let connection = try HTTPConnection(base: address)
            var request = HTTPRequest(.get, "/v1/sweeps/" + SimulatedSweep.name(0))
            request.headers = headers
            var slowest = 0.0
            while (ContinuousClock.now - start).seconds < bound {
                let asked = ContinuousClock.now
                let body = try connection.send(request).body
                slowest = max(slowest, (ContinuousClock.now - asked).seconds)
                let status = try WireCoding.decode(SweepStatus.self, from: body)
                if status.count(.ready) == count {
                    return ((ContinuousClock.now - start).seconds, slowest)
                }
                Thread.sleep(forTimeInterval: 0.05)
            }
            throw TestFailure("leases are still held after \(bound) s")
        }
        slowestAnswer = slowest
        return seconds
    }
}
