import Foundation
import Glibc
import Shared
import TestSupport

/// Processes that are killed, paused and started again.
extension Scenario {
    static let coordinatorKill = Scenario(
        "coordinator-kill", "SIGKILL of the coordinator at a random moment, restart at once",
        quick: 10, long: 50
    ) { run in
        try await run.killDuringFirstStart()
        try await run.start()
        try run.startWorkers(6, .restless)
        for _ in 0..<run.input.cycles {
            let submitted = try run.submit()
            try await run.wait(0.005...0.7)
            try run.killCoordinator()
            try await run.deployment.startCoordinator()
            try await submitted.value
        }
        return try await run.finish()
    }

    static let bothKill = Scenario(
        "both-kill", "SIGKILL of the coordinator and all real workers in one moment",
        quick: 2, long: 20
    ) { run in
        try await run.withRealWorkers { workers in
            try await run.wait(0.3...1.5)
            run.recorder.mark(.fault, "all killed")
            try run.coordinator().kill()
            for index in workers.indices { workers[index].kill() }
            try await run.deployment.startCoordinator()
            for index in workers.indices { workers[index] = try run.startRealWorker() }
        }
    }

    static let workerKill = Scenario(
        "worker-kill", "SIGKILL of a real worker at a random moment", quick: 5, long: 40
    ) { run in
        try await run.withRealWorkers { workers in
            try await run.wait(0.2...1.2)
            let index = run.random.below(workers.count)
            run.recorder.mark(.fault, "worker killed")
            workers[index].kill()
            workers[index] = try run.startRealWorker()
        }
    }

    static let workerPause = Scenario(
        "worker-pause", "SIGSTOP of a real worker for longer than its lease, then SIGCONT",
        quick: 3, long: 20
    ) { run in
        let violations = try await run.withRealWorkers { workers in
            let index = run.random.below(workers.count)
            run.recorder.mark(.fault, "worker paused")
            workers[index].send(SIGSTOP)
            let lease = run.deployment.options.leaseSeconds
            try await run.wait(lease * 1.5...lease * 3)
            workers[index].send(SIGCONT)
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
        try await run.waitUntilDone(within: 120)
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
            try await run.wait(0.1...0.4)
            try run.killCoordinator()
            try await run.wait(0.3...2.7)
            try await run.deployment.startCoordinator()
        }
        let violations = try await run.finish(drainSeconds: 60)
        let store = try StoredState(dataDirectory: run.dataDirectory)
        let lost = store.attempts.filter { $0.outcome == "lost" }.count
        run.note("\(store.attempts.count - store.tasks.count) attempts too many, \(lost) lost")
        guard lost == 0, store.attempts.count == store.tasks.count else {
            throw TestFailure("an outage shorter than a lease made somebody train again")
        }
        return violations
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
                let exit = try await rival.exit(within: .seconds(20))
                guard exit == .code(1), rival.errors.contains("Another coordinator is using")
                else { throw TestFailure("the second ended with \(exit)\n\(rival.log)") }
            }
        }
        return try await run.finish()
    }
}

extension RigRun {
    /// A coordinator that dies while it makes its directory and its store.
    fileprivate func killDuringFirstStart() async throws {
        for _ in 0..<2 {
            let process = try deployment.start(
                "gdln-coordinator",
                [
                    "serve", "--data-dir", deployment.options.dataDirectory, "--listen",
                    "127.0.0.1:0",
                ], as: deployment.options)
            try await wait(0.005...0.25)
            process.kill()
        }
    }

    // MARK: - Real workers

    /// Twelve short trainings.
    private static func yaml(_ name: String) -> String {
        """
        name: \(name)
        experiment: k_path
        attempts: 100
        base:
          dataset: \(SimulatedSweep.dataset)
          domains: 3
          hidden_width: 8
          batch_size: 4
          epochs: 60
          optimizer: {name: sgd, learning_rate: 0.02, momentum: 0.9}
        axes:
          seeds.weights: [1, 2, 3]
          gate:
            - {family: plus_mod, k: [1, 2]}
          init.gain: [1, 0.1]
        """
    }

    func startRealWorker() throws -> TestProcess {
        try deployment.startWorker(address: realWorkersAddress)
    }

    /// Three real workers train twelve tasks undisturbed, and then again and again until all faults
    /// are done: each time to the same bytes.
    fileprivate func withRealWorkers(
        _ fault: (inout [TestProcess]) async throws -> Void
    ) async throws -> [Violation] {
        try await start()
        let proxy = try FaultProxy(
            to: deployment.address, faults: .init(), recording: .everything, recorder: recorder,
            control: control, seed: input.seed)
        realWorkersAddress = proxy.address
        tasksPerSweep = 12
        var workers = try (0..<3).map { _ in try startRealWorker() }
        let expected = try await realSweep(0) {}
        var (done, number) = (0, 1)
        while done < input.cycles {
            let found = try await realSweep(number) {
                guard done < input.cycles else { return }
                try await fault(&workers)
                done += 1
            }
            guard found == expected else {
                throw TestFailure("sweep \(number) came to another result than undisturbed")
            }
            number += 1
        }
        let violations = try await finish(drainSeconds: 60, proxy: proxy)
        for worker in workers { worker.kill() }
        return violations
    }

    /// Submits, and does `fault` until all is trained. Returns the trajectories.
    private func realSweep(_ number: Int, fault: () async throws -> Void) async throws -> [String] {
        let name = "real-\(number)"
        try deployment.write(Self.yaml(name), to: name + ".yaml")
        _ = try await deployment.output(
            of: "submit", name + ".yaml", "--coordinator", realWorkersAddress)
        while try await !deployment.status(of: name).isFinished {
            try await fault()
            try await Task.sleep(for: .milliseconds(100))
        }
        return Table(try await deployment.output(of: "report", name)).column("trajectory_sha256")
    }
}
