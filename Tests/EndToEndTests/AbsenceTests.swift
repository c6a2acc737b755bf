import Foundation
import Shared
import TestSupport
import Testing

extension EndToEnd {
    /// The coordinator is away, for longer than a lease, while a worker finishes what it has.
    @Suite struct AbsenceTests {
        @Test(arguments: [false, true])
        func `what was finished meanwhile is delivered, also after the worker's own death`(
            workerDies: Bool
        ) async throws {
            try await Deployment.run { deployment in
                deployment.options.leaseSeconds = 2
                let worker = try await ResumeTests.begin(deployment)
                deployment.coordinator?.kill()
                let gone = ContinuousClock.now
                let attempt = try #require(try deployment.storeView().attempts.last).number
                worker.send(SIGCONT)
                try await eventually(
                    "the worker has finished its task", log: { worker.log }
                ) { Self.hasFinished(deployment) }
                // A lease is two seconds long.
                try await eventually("a lease is over") {
                    ContinuousClock.now - gone > .seconds(2.5)
                }
                if workerDies { worker.kill() }
                try await deployment.startCoordinator()
                let last = workerDies ? try Self.successor(deployment) : worker
                try await ResumeTests.finish(deployment)
                let report = try await deployment.output(of: "report", TinySweep.name, "--runtime")
                #expect(Table(report).column("attempts") == ["\(attempt)"], "\(last.log)")
                let delivered = last.errors.contains("delivered for a worker that died")
                #expect(delivered == workerDies, "\(last.log)")
            }
        }

        enum Ending: CaseIterable { case inMidTask, finished, byTheSecondSignal }

        @Test(arguments: Ending.allCases)
        func `a worker that is told to end meanwhile leaves all it has to the next`(ending: Ending)
            async throws
        {
            try await Deployment.run { deployment in
                let isHasty = ending == .byTheSecondSignal
                let worker = try await ResumeTests.begin(
                    deployment, grace: isHasty ? "1h" : "3s")
                deployment.coordinator?.kill()
                if ending == .inMidTask {
                    worker.send(SIGTERM)
                    worker.send(SIGCONT)
                } else {
                    worker.send(SIGCONT)
                    try await eventually(
                        "the worker has finished its task",
                        log: { worker.log }
                    ) { Self.hasFinished(deployment) }
                    worker.send(SIGTERM)
                }
                if isHasty {
                    // Two at the same time may come as one.
                    try await eventually("another signal ends it") {
                        worker.send(SIGTERM)
                        return !worker.isRunning
                    }
                }
                #expect(try await worker.exit() == .code(isHasty ? 130 : 0))
                // What was left in mid-task is soon free.
                if ending == .inMidTask { deployment.options.leaseSeconds = 2 }
                try await deployment.startCoordinator()
                let next = try Self.successor(deployment)
                try await ResumeTests.finish(deployment)
                let report = try await deployment.output(of: "report", TinySweep.name, "--runtime")
                let attempts = Table(report).column("attempts")
                if ending == .inMidTask {
                    // Two checkpoints, of five epochs each, were there.
                    #expect(ResumeTests.resumed(next).first ?? 0 >= 10, "\(next.log)")
                    #expect(try #require(attempts.first.flatMap { Int($0) }) >= 2)
                } else {
                    #expect(next.errors.contains("delivered for a worker that died"))
                    #expect(attempts == ["1"], "\(next.log)")
                }
            }
        }

        /// With the same folder.
        private static func successor(_ deployment: Deployment) throws -> TestProcess {
            try deployment.start(
                "gdln-worker",
                [
                    "run", "--coordinator", deployment.address, "--slots", "1", "--cache-dir",
                    "cache-1",
                ])
        }

        /// Whether a journal in the spool has its end.
        private static func hasFinished(_ deployment: Deployment) -> Bool {
            Deployment.hasFinishedTask(deployment.folder.appending(path: "cache-1/spool"))
        }

        @Test func `the slot of a lost lease stops and asks for other work`() async throws {
            try await Deployment.run { deployment in
                // Heartbeats come as often as a lease is short: they hear of the cancellation.
                deployment.options.leaseSeconds = 20
                try await deployment.startCoordinator()
                let worker = try deployment.startWorker()
                // An epoch takes a quarter of an hour: it is within one that the training must be
                // stopped.
                let yaml = TinySweep.yaml
                    .replacing("  train_examples: 240\n", with: "  hidden_layers: 16\n")
                    .replacing("domains: 3", with: "domains: 300")
                    .replacing("hidden_width: 8", with: "hidden_width: 512")
                    .replacing("batch_size: 8", with: "batch_size: 1")
                try deployment.write(yaml, to: "long.yaml")
                _ = try await deployment.output(of: "submit", "long.yaml")
                try await eventually("it trains") {
                    try await deployment.status(of: worker)?.leased == 1
                }
                _ = try await deployment.output(of: "cancel", TinySweep.name)
                try deployment.write(ResumeTests.yaml, to: "next.yaml")
                _ = try await deployment.output(of: "submit", "next.yaml")
                try await eventually(
                    "it stops", log: { worker.log }
                ) { worker.errors.contains("given up") }
                try await eventually("it has other work") {
                    try await deployment.status(of: worker)?.succeeded == 1
                }
            }
        }
    }
}
