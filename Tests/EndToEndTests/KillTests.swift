import Foundation
import GRDB
import Shared
import TestSupport
import Testing

extension EndToEnd {
    /// SIGKILL at random moments, on both sides. `GDLN_TEST_KILLS` says how many, on a sweep that
    /// is as much longer, and `GDLN_TEST_SEED` which moments.
    @Suite struct KillTests {
        private static let environment = ProcessInfo.processInfo.environment
        private static let kills = environment["GDLN_TEST_KILLS"].flatMap { Int($0) } ?? 6
        private static let seed = environment["GDLN_TEST_SEED"].flatMap { UInt64($0) } ?? 1
        private static let everyEpochs = 5
        /// Long enough for all the kills to fall into it, and for enough of them to hit a training.
        private static let epochs = TinySweep.epochs * max(3, kills / 12)
        private static let workerCount = 2

        private static let yaml =
            TinySweep.yaml
            .replacing("epochs: \(TinySweep.epochs)", with: "epochs: \(epochs)") + """

                attempts: 100
                checkpoint: {every_epochs: \(everyEpochs)}
                """

        @Test func `whoever is killed, the report's bytes are those of the undisturbed run`()
            async throws
        {
            let random = TestRandom(seed: Self.seed)
            let expected = try await Self.undisturbed()
            try await Deployment.run { deployment in
                try await deployment.startCoordinator()
                var workers: [TestProcess] = []
                for index in 0..<Self.workerCount {
                    workers.append(try Self.start(index, deployment))
                }
                var all = workers
                try deployment.write(Self.yaml, to: "kill.yaml")
                _ = try await deployment.output(of: "submit", "kill.yaml")
                var kills = 0
                while kills < Self.kills,
                    try await !deployment.status(of: TinySweep.name).isFinished
                {
                    try await Task.sleep(for: .milliseconds(random.below(700)))
                    let victim = random.below(Self.workerCount + 1)
                    if victim == Self.workerCount {
                        deployment.coordinator?.kill()
                        try await deployment.startCoordinator()
                    } else {
                        workers[victim].kill()
                        workers[victim] = try Self.start(victim, deployment)
                        all.append(workers[victim])
                    }
                    kills += 1
                }
                #expect(kills == Self.kills, "the sweep was too short for all the kills")
                let result = try await TinySweep.finish(on: deployment, within: .seconds(600))
                #expect(result.report == expected.report)
                #expect(result.history == expected.history)
                let again = try await Self.trainedAgain(on: deployment, workers: all)
                print(
                    "\(kills) kills, seed \(Self.seed): \(again.reduce(0, +)) epochs trained again "
                        + "in \(again.count) attempts, of \(Self.epochs * TinySweep.taskCount); "
                        + "the most by one kill: \(again.max() ?? 0)")
                #expect(
                    again.count >= max(1, kills / 4),
                    "too few kills hit a training to say anything")
                #expect(again.reduce(0, +) <= kills * Self.everyEpochs)
                deployment.coordinator?.kill()
                let check = try await deployment.output(of: "check", "--data-dir", "data")
                #expect(check == "All is well.\n")
            }
        }

        private static func undisturbed() async throws -> TinySweep.Result {
            if epochs == TinySweep.epochs { return try await TinySweep.undisturbed.value }
            return try await Deployment.run { deployment in
                try await deployment.startCoordinator()
                for index in 0..<workerCount { _ = try start(index, deployment) }
                try deployment.write(yaml, to: "kill.yaml")
                _ = try await deployment.output(of: "submit", "kill.yaml")
                return try await TinySweep.finish(on: deployment, within: .seconds(600))
            }
        }

        /// With the folder that the worker in its place had before it.
        private static func start(_ index: Int, _ deployment: Deployment) throws -> TestProcess {
            try deployment.start(
                "gdln-worker",
                [
                    "run", "--coordinator", deployment.address, "--slots", "1", "--cache-dir",
                    "host-\(index)",
                ])
        }

        /// Of each attempt that was followed by another: the epochs that the coordinator knows it
        /// had trained, beyond the one from which the task went on.
        private static func trainedAgain(on deployment: Deployment, workers: [TestProcess])
            async throws -> [Int]
        {
            let starts = starts(workers)
            let path = deployment.folder.appending(path: "data/coordinator.sqlite").path
            let attempts = try await DatabaseQueue(path: path).read { database in
                try Row.fetchAll(database, sql: reached).map { row in
                    (task: row["id"] as String, number: row["number"] as Int, row["epoch"] as Int?)
                }
            }
            var again: [Int] = []
            var last: (task: String, epoch: Int)?
            for (task, number, epoch) in attempts {
                // One that was killed before it had begun trained nothing.
                guard let epoch else { continue }
                let start = starts["\(task) \(number)"] ?? 0
                if let last, last.task == task { again.append(max(0, last.epoch - start)) }
                last = (task, epoch)
            }
            return again
        }

        /// The last epoch of which each attempt told anything.
        private static let reached = """
            SELECT task.id, attempt.number, max(metric.lastEpoch) AS epoch
            FROM attempt JOIN task ON task.number = attempt.task
                LEFT JOIN metric
                    ON metric.task = attempt.task AND metric.attempt = attempt.number
            GROUP BY attempt.lease ORDER BY attempt.task, attempt.number
            """

        /// From which epoch each attempt went on, by task and number, as the workers say it.
        private static func starts(_ workers: [TestProcess]) -> [String: Int] {
            var starts: [String: Int] = [:]
            for worker in workers {
                for line in worker.errors.split(separator: "\n") where line.contains("goes on") {
                    guard let task = line.firstMatch(of: /task=(\w+)/),
                        let attempt = line.firstMatch(of: /attempt=(\d+)/),
                        let epochs = line.firstMatch(of: /epochs=(\d+)/)
                    else { continue }
                    starts["\(task.1) \(attempt.1)"] = Int(epochs.1)
                }
            }
            return starts
        }
    }
}
