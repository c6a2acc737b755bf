import Foundation
import Shared
import TestSupport
import Testing

extension EndToEnd {
    /// SIGKILL in the middle of trainings, on both sides. `GDLN_TEST_KILLS` says how many, on as
    /// many sweeps as they take, and `GDLN_TEST_SEED` whom and how far within a training.
    ///
    /// A kill waits for what the store has of a training, and is done while its victim stands
    /// still: each one hits a training, however fast or busy the machine is.
    @Suite struct KillTests {
        private static let environment = ProcessInfo.processInfo.environment
        private static let kills = environment["GDLN_TEST_KILLS"].flatMap { Int($0) } ?? 6
        private static let seed = environment["GDLN_TEST_SEED"].flatMap { UInt64($0) } ?? 1
        private static let everyEpochs = 5
        private static let workerCount = 2

        private static func yaml(_ name: String) -> String {
            TinySweep.yaml.replacing("name: \(TinySweep.name)", with: "name: \(name)") + """

                share_results: false
                checkpoint: {every_epochs: \(everyEpochs)}
                """
        }

        @Test func `whoever is killed, the report's bytes are those of the undisturbed run`()
            async throws
        {
            let random = TestRandom(seed: Self.seed)
            let expected = try await TinySweep.undisturbed.value
            try await Deployment.run { deployment in
                // A lost worker's task is soon free again.
                deployment.options.leaseSeconds = 2
                try await deployment.startCoordinator()
                var workers = try (0..<Self.workerCount).map { try Self.start($0, deployment) }
                var all = workers
                var sweeps: [String] = []
                var losses: [StoredAttempt] = []
                for number in 0..<Self.kills {
                    // The first is a worker, so that there is always one to go on from.
                    let victim = random.below(Self.workerCount + (number == 0 ? 0 : 1))
                    let progress = Self.everyEpochs * random.below(8)
                    let isWorker = victim < Self.workerCount
                    let process = try isWorker ? workers[victim] : #require(deployment.coordinator)
                    var held: StoreView?
                    while held == nil {
                        held = try await deployment.hold(process) { store, id in
                            store.attempts.contains {
                                Self.isHit($0, progress, by: isWorker ? id : nil)
                            }
                        }
                        if held == nil { sweeps.append(try await Self.submit(sweeps, deployment)) }
                    }
                    process.kill()
                    if isWorker {
                        let attempt = held?.attempts.first {
                            Self.isHit($0, progress, by: process.processID)
                        }
                        losses.append(try #require(attempt))
                        workers[victim] = try Self.start(victim, deployment)
                        all.append(workers[victim])
                    } else {
                        try await deployment.startCoordinator()
                    }
                }
                for sweep in sweeps {
                    let limit = Duration.seconds(600)
                    _ = try await deployment.output(of: "watch", sweep, within: limit)
                    // The name is the first column.
                    let wanted = expected.report.replacing(
                        "\r\n\(TinySweep.name),", with: "\r\n\(sweep),")
                    #expect(try await deployment.output(of: "report", sweep) == wanted)
                    let history = try await deployment.output(of: "report", sweep, "--history")
                    #expect(history == expected.history, "\(sweep)")
                }
                let store = try deployment.storeView()
                let again = try losses.map { try Self.trainedAgain($0, store, workers: all) }
                print(
                    "\(Self.kills) kills in \(sweeps.count) sweeps, seed \(Self.seed): "
                        + "\(losses.count) workers died, \(again.reduce(0, +)) epochs trained "
                        + "again, the most by one kill: \(again.max() ?? 0)")
                #expect(again.allSatisfy { (0...Self.everyEpochs).contains($0) }, "\(again)")
                deployment.coordinator?.kill()
                let check = try await deployment.output(of: "check", "--data-dir", "data")
                #expect(check == "All is well.\n")
            }
        }

        /// Whether an attempt is in the middle of its task, has trained beyond the task's
        /// checkpoint, by an interval at most, and is as far as wanted.
        /// - Parameter worker: whose it must be; nil: anybody's.
        private static func isHit(_ attempt: StoredAttempt, _ progress: Int, by worker: Int32?)
            -> Bool
        {
            attempt.isInMidTask && worker.map(attempt.isOf) ?? true
                && attempt.checkpoint >= progress
                && (1...everyEpochs).contains(attempt.epoch - attempt.checkpoint)
        }

        private static func submit(_ sweeps: [String], _ deployment: Deployment) async throws
            -> String
        {
            let name = "kill-\(sweeps.count)"
            try deployment.write(yaml(name), to: "kill.yaml")
            _ = try await deployment.output(of: "submit", "kill.yaml")
            return name
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

        /// How many epochs that the store had of a lost attempt were trained again by the next one
        /// that trained at all.
        private static func trainedAgain(
            _ loss: StoredAttempt, _ store: StoreView, workers: [TestProcess]
        ) throws -> Int {
            let next = try #require(
                store.attempts.first {
                    $0.sweep == loss.sweep && $0.task == loss.task && $0.number > loss.number
                        && $0.epoch > 0
                })
            return max(0, loss.epoch - (start(of: next, workers) ?? 0))
        }

        /// From which epoch an attempt resumed, as its worker logs it; nil where it began anew.
        private static func start(of attempt: StoredAttempt, _ workers: [TestProcess]) -> Int? {
            let lines = workers.lazy.flatMap { $0.errors.split(separator: "\n") }
            let line = lines.first {
                $0.contains("goes on")
                    && $0.firstMatch(of: /sweep=([\w-]+)/)?.1 == attempt.sweep[...]
                    && $0.firstMatch(of: /task=(\w+)/)?.1 == attempt.task[...]
                    && $0.firstMatch(of: /attempt=(\d+)/)?.1 == "\(attempt.number)"
            }
            return line?.firstMatch(of: /epochs=(\d+)/).flatMap { Int($0.1) }
        }
    }
}
