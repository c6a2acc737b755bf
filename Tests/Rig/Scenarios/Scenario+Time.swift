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
        run.tasksPerSweep = 10
        try run.startWorkers(6, patient)
        let (hour, year) = (Int64(3_600), Int64(31_557_600))
        let jumps = [2 * hour, -2 * hour, 10 * year, -10 * year, 24 * hour, 0]
        for cycle in 0..<run.input.cycles {
            run.recorder.mark(.fault, "clock")
            try shim.set(jumps[cycle % jumps.count])
            // Whoever waits for a task begins it by this clock.
            try await run.submit().value
            try await run.waitForCalls(5...30)
        }
        // I7: no attempt ends for a silence shorter than a lease.
        let violations = try await run.finish()
        guard try run.yearsSeen() > 5 else { throw TestFailure("the clock did not jump") }
        return violations
    }

    /// Everybody who holds a task is gone when the coordinator comes back.
    static let massExpiry = Scenario(
        "mass-expiry", "thousands of leases, as many as asked for, expire in one moment",
        quick: 1, long: 5
    ) { run in
        let (count, long, short) = (run.input.leases, 86_400.0, 2.0)
        run.tasksPerSweep = min(count, 5_000)
        run.deployment.options.leaseSeconds = long
        try await run.start()
        for _ in 0..<(count / run.tasksPerSweep) { try await run.submit().value }
        for cycle in 0..<run.input.cycles {
            let held = try await run.leaseEverything(cycle)
            run.recorder.mark(.fault, "everybody is gone")
            try run.killCoordinator()
            run.deployment.options.leaseSeconds = short
            try await run.startCoordinator()
            let start = ContinuousClock.now
            // Stuck is what takes much longer than a busy machine needs.
            let bound = short + 300 + Double(held) / 20
            let seconds = try await run.secondsUntilNoLease(since: start, within: bound)
            run.note(
                String(format: "%d leases taken back %.1f s after their end", held, seconds - short)
            )
            run.note(String(format: "slowest answer meanwhile %.0f ms", run.slowestAnswer * 1_000))
            try run.killCoordinator()
            run.deployment.options.leaseSeconds = long
            try await run.startCoordinator()
        }
        // Nothing was lost or doubled, each attempt was counted, and all can be leased again.
        run.control.heal()
        let held = try await run.leaseEverything(run.input.cycles)
        try await run.endCoordinator()
        var evidence = Evidence(
            history: try run.recorder.history(),
            store: try StoredState(dataDirectory: run.dataDirectory),
            tasksPerSweep: run.tasksPerSweep)
        // One call hands out a thousand.
        evidence.bounds.callsMin = (run.input.cycles + 1) * held / Limits.slotsPerWorkerMax
        return try await run.judge(evidence)
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

    /// Takes every task there is, as one worker of very many slots. Returns how many.
    fileprivate func leaseEverything(_ cycle: Int) async throws -> Int {
        let (address, headers) = (deployment.address, try deployment.callHeaders(.worker))
        let (recorder, control) = (recorder, control)
        return try await onThread {
            let caller = try RecordedCaller(
                "greedy", address: address, headers: headers, recorder: recorder)
            caller.timeoutSeconds = 60
            var count = 0
            while true {
                let request = LeaseRequest(
                    worker: WorkerName(unchecked: "greedy"), host: "rig",
                    slots: Limits.slotsPerWorkerMax, waitSeconds: 0, selfTest: .right)
                let outcome = caller.settled(
                    .lease, "/v1/leases", request, request: "greedy-\(cycle)-\(count)",
                    control: control)
                guard case .ok(let status, let body) = outcome else {
                    throw TestFailure("no lease: \(outcome)")
                }
                if status == 204 { return count }
                count += try WireCoding.decode(LeaseResponse.self, from: Data(body.utf8))
                    .leases.count
            }
        }
    }

    /// Asks how the sweeps stand until no lease is held, and how long the answers take.
    fileprivate func secondsUntilNoLease(
        since start: ContinuousClock.Instant, within bound: Double
    ) async throws -> Double {
        let (address, headers) = (deployment.address, try deployment.callHeaders(.admin))
        let (seconds, slowest) = try await onThread {
            let connection = try HTTPConnection(base: address)
            var request = HTTPRequest(.get, "/v1/sweeps")
            request.headers = headers
            var slowest = 0.0
            while (ContinuousClock.now - start).seconds < bound {
                let asked = ContinuousClock.now
                let body = try connection.send(request).body
                slowest = max(slowest, (ContinuousClock.now - asked).seconds)
                let sweeps = try WireCoding.decode(SweepList.self, from: body).sweeps
                if sweeps.allSatisfy({ $0.count(.leased) == 0 }) {
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
