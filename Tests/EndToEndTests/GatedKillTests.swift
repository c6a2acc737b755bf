import Foundation
import TestSupport
import Testing

extension EndToEnd {
    /// The small networks of the theory go on where they were, to the same bytes, as k-path
    /// networks do: weights, integrators, and the theory beside them.
    @Suite struct GatedKillTests {
        private static let everyEpochs = 20

        private static let routing = """
            name: \(TinySweep.name)
            experiment: routing
            base:
              domains: 5
              gate: {family: plus_minus_mod, k: 2}
              hidden_width: 24
              data: {kind: tree, depth: 2, branching: 2, strengths: [6, 4, 3]}
              init: {scheme: orthogonal, gain: 0.2}
              epochs: 600
              evaluation: {every_epochs: 10}
            axes:
              method:
                - {name: gradient_descent, learning_rate: 0.02}
                - {name: gradient_flow, learning_rate: 0.02, tolerance: 1.0e-6}
            checkpoint: {every_epochs: \(everyEpochs)}
            attempts: 100
            """

        private static func run(
            _ deployment: Deployment, _ body: (Deployment) async throws -> Void
        ) async throws -> TinySweep.Result {
            try await deployment.startCoordinator()
            try deployment.write(routing, to: "gated.yaml")
            _ = try await deployment.output(of: "submit", "gated.yaml")
            try await body(deployment)
            return try await TinySweep.finish(on: deployment)
        }

        /// Kills the worker as soon as the coordinator has a checkpoint of its.
        private static func killOneInMidTask(_ deployment: Deployment) async throws {
            let worker = try deployment.startWorker()
            let folder = deployment.folder.appending(path: "data/checkpoints").path
            let before = names(folder)
            let id = worker.processID
            // The tests' own threads may be busy for longer than the training takes.
            let isKilled = try await onThread {
                let end = ContinuousClock.now + .seconds(30)
                while ContinuousClock.now < end {
                    let new = names(folder).subtracting(before)
                    if new.contains(where: { !$0.hasSuffix(".partial") }) {
                        return Foundation.kill(id, SIGKILL) == 0
                    }
                    Thread.sleep(forTimeInterval: 0.005)
                }
                return false
            }
            guard isKilled else { throw TestFailure("no checkpoint came: \(worker.log)") }
        }

        private static func names(_ folder: String) -> Set<String> {
            Set((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [])
        }

        @Test func `a routing sweep whose workers are killed comes to the undisturbed bytes`()
            async throws
        {
            let expected = try await Deployment.run { deployment in
                try await Self.run(deployment) { _ = try $0.startWorker() }
            }
            try await Deployment.run { deployment in
                var last: TestProcess?
                let result = try await Self.run(deployment) { deployment in
                    for _ in 0..<3 { try await Self.killOneInMidTask(deployment) }
                    last = try deployment.startWorker()
                }
                #expect(result.report == expected.report)
                #expect(result.history == expected.history && result.history.count > 1_000)
                let resumed = ResumeTests.resumed(try #require(last))
                #expect(resumed.contains { $0 >= Self.everyEpochs }, "\(last?.log ?? "")")
                let runtime = try await deployment.output(of: "report", TinySweep.name, "--runtime")
                let attempts = Table(runtime).column("attempts").compactMap { Int($0) }
                #expect(attempts.reduce(0, +) == 2 + 3)
            }
        }
    }
}
