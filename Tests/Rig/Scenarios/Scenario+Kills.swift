import Foundation
import Glibc
import Shared
import TestSupport

/// Processes that are killed, paused and started again.
extension Scenario {
    static let coordinatorKill = Scenario(
        "coordinator-kill", "SIGKILL of the coordinator at a random moment, restart at once",
        quick: 20, long: 50
    ) { run in
        try await run.killDuringFirstStart()
        try await run.start()
        try run.startWorkers(6, .restless)
        for _ in 0..<run.input.cycles {
            let submitted = try run.submit()
            try await run.waitForCalls(1...120)
            try run.killCoordinator()
            try await run.startCoordinator()
            try await submitted.value
        }
        return try await run.finish()
    }

    static let bothKill = Scenario(
        "both-kill", "SIGKILL of the coordinator and all real workers in one moment",
        quick: 2, long: 20
    ) { run in
        try await run.withRealWorkers(after: 30...200) { workers in
            run.recorder.mark(.fault, "all killed")
            try run.coordinator().kill()
            run.recorder.mark(.killed)
            workers.kill()
            try await run.startCoordinator()
            for host in 0..<workers.count { try workers.start(on: host) }
        }
    }

    static let workerKill = Scenario(
        "worker-kill", "SIGKILL of a real worker at a random moment", quick: 5, long: 40
    ) { run in
        try await run.withRealWorkers(after: 10...150) { workers in
            let host = run.random.below(workers.count)
            run.recorder.mark(.fault, "worker killed")
            workers[host].kill()
            try workers.start(on: host)
        }
    }

    static let workerPause = Scenario(
        "worker-pause", "SIGSTOP of a real worker for longer than its lease, then SIGCONT",
        quick: 10, long: 20
    ) { run in
        let violations = try await run.withRealWorkers(after: 10...100) { workers in
            let worker = workers[run.random.below(workers.count)]
            let lease = try await run.pauseInMidTask(worker)
            run.recorder.mark(.fault, "worker paused")
            // Another one takes the task: what the sleeper has to say comes too late.
            if let lease { try await run.waitUntilFollowed(lease) }
            worker.send(SIGCONT)
        }
        let late = try run.recorder.history().calls.filter { $0.status == 409 }.count
        run.note("\(late) late calls refused")
        guard late > 0 else { throw TestFailure("nobody was late: the run says nothing") }
        return violations
    }

    static let sleepers = Scenario(
        "sleepers", "workers that are silent for about a lease, and go on", quick: 40, long: 300
    ) { run in
        try await run.start()
        var sleeper = WorkerCharacter.honest
        (sleeper.oversleeps, sleeper.leasesSlept, sleeper.speaksOutOfTurn) = (0.3, 0.7, 0.5)
        run.tasksPerSweep = run.input.cycles
        try await run.submit().value
        try run.startWorkers(6, sleeper)
        try await run.waitUntilDone()
        return try await run.finish()
    }

    static let restartStorm = Scenario(
        "restart-storm", "the coordinator away for 0.1 to 0.9 leases, again and again",
        quick: 4, long: 50
    ) { run in
        run.deployment.options.leaseSeconds = 3
        try await run.start()
        var patient = WorkerCharacter.honest
        // Attempts that outlast an outage.
        patient.workSeconds = 0.3
        run.tasksPerSweep = 10 * run.input.cycles
        try await run.submit().value
        try run.startWorkers(6, patient)
        for _ in 0..<run.input.cycles {
            try await run.waitForCalls(5...25)
            try run.killCoordinator()
            try await run.wait(0.3...2.7)
            try await run.startCoordinator()
        }
        let violations = try await run.finish()
        let store = try StoredState(dataDirectory: run.dataDirectory)
        let lost = store.attempts.filter { $0.outcome == "lost" }.count
        run.note("\(store.attempts.count - store.tasks.count) attempts too many, \(lost) lost")
        // I7: no attempt ends for a silence shorter than a lease since the last start.
        return violations
    }

    static let absence = Scenario(
        "absence", "the coordinator away for longer than a lease, with real workers", quick: 1,
        long: 8
    ) { run in
        let lease = 4.0
        run.deployment.options.leaseSeconds = lease
        // I7: no attempt ends for a silence shorter than a lease since the last start.
        return try await run.withRealWorkers(after: 10...100) { _ in
            try run.killCoordinator()
            try await run.wait(lease * 1.1...lease * 2)
            try await run.startCoordinator()
        }
    }

    static let twoCoordinators = Scenario(
        "two-coordinators", "a second coordinator on the same directory, under traffic",
        quick: 3, long: 20
    ) { run in
        try await run.start()
        try run.startWorkers(4, .restless)
        for _ in 0..<run.input.cycles {
            try await run.submit().value
            run.recorder.mark(.fault, "second coordinator")
            let arguments = [
                "serve", "--data-dir", run.deployment.options.dataDirectory, "--listen",
                "127.0.0.1:0",
            ]
            let rivals = try (0..<3).map { _ in
                try run.deployment.start("gdln-coordinator", arguments, as: run.deployment.options)
            }
            for rival in rivals {
                let exit = try await rival.exit()
                guard exit == .code(1), rival.errors.contains("Another coordinator is using")
                else { throw TestFailure("the second ended with \(exit)\n\(rival.log)") }
            }
        }
        return try await run.finish()
    }
}

extension RigRun {
    /// A coordinator that dies while it makes its directory and its store, after a few files.
    fileprivate func killDuringFirstStart() async throws {
        for _ in 0..<2 {
            let process = try deployment.start(
                "gdln-coordinator",
                [
                    "serve", "--data-dir", deployment.options.dataDirectory, "--listen",
                    "127.0.0.1:0",
                ], as: deployment.options)
            let wanted = random.below(8)
            try await waitUntil("it has made files") {
                let names = try? FileManager.default.contentsOfDirectory(atPath: dataDirectory)
                return names?.count ?? 0 >= wanted || !process.isRunning
                    || process.output.contains("listening on ")
            }
            process.kill()
        }
    }
}
