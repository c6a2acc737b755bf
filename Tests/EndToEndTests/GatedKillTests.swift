import Foundation
import TestSupport
import Testing

extension EndToEnd {
    /// The small networks of the theory go on where they were, to the same bytes, as k-path
    /// networks do: weights, integrators, and the theory beside them.
    @Suite struct GatedKillTests {
        private static let everyEpochs = 20

        enum Network: CaseIterable {
            case routingByDescent, graphByFlow

            /// One task, whose steps are many within an epoch where it is a flow.
            var yaml: String {
                let experiment =
                    switch self {
                    case .routingByDescent:
                        """
                        experiment: routing
                        base:
                          domains: 5
                          gate: {family: plus_minus_mod, k: 2}
                          data: {kind: tree, depth: 2, branching: 2, strengths: [6, 4, 3]}
                          method: {name: gradient_descent, learning_rate: 0.02}
                        """
                    case .graphByFlow:
                        """
                        experiment: gated_network
                        base:
                          network: {kind: xor, scheme: both}
                          method: {name: gradient_flow, learning_rate: 0.3, tolerance: 1.0e-9}
                        """
                    }
                return """
                    name: \(TinySweep.name)
                    \(experiment)
                      init: {scheme: orthogonal, gain: 0.2}
                      hidden_width: 24
                      epochs: 400
                      evaluation: {every_epochs: 5}
                    checkpoint: {every_epochs: \(GatedKillTests.everyEpochs)}
                    attempts: 100
                    """
            }
        }

        private static func run(
            _ network: Network, _ deployment: Deployment,
            _ body: (Deployment) async throws -> Void
        ) async throws -> TinySweep.Result {
            try await deployment.startCoordinator()
            try deployment.write(network.yaml, to: "gated.yaml")
            _ = try await deployment.output(of: "submit", "gated.yaml")
            try await body(deployment)
            return try await TinySweep.finish(on: deployment)
        }

        /// Kills a worker in mid-task once the coordinator has a checkpoint that it made.
        private static func killOneInMidTask(_ deployment: Deployment) async throws {
            let worker = try deployment.startWorker()
            let held = try await deployment.hold(worker) { store, id in
                store.running(by: id).contains {
                    $0.isInMidTask && $0.checkpointAttempt == $0.number
                }
            }
            guard held != nil else { throw TestFailure("no checkpoint came: \(worker.log)") }
            worker.kill()
        }

        @Test(arguments: Network.allCases)
        func `a gated network whose workers are killed comes to the undisturbed bytes`(
            network: Network
        ) async throws {
            let expected = try await Deployment.run { deployment in
                try await Self.run(network, deployment) { _ = try $0.startWorker() }
            }
            try await Deployment.run { deployment in
                deployment.options.leaseSeconds = 2
                var last: TestProcess?
                let result = try await Self.run(network, deployment) { deployment in
                    for _ in 0..<2 { try await Self.killOneInMidTask(deployment) }
                    last = try deployment.startWorker()
                }
                #expect(result.report == expected.report)
                #expect(result.history == expected.history && result.history.count > 1_000)
                let resumed = ResumeTests.resumed(try #require(last))
                #expect(resumed.contains { $0 >= Self.everyEpochs }, "\(last?.log ?? "")")
                let runtime = try await deployment.output(of: "report", TinySweep.name, "--runtime")
                // A worker that gets no processor for a whole lease adds one.
                let attempts = Table(runtime).column("attempts").compactMap { Int($0) }
                #expect(attempts.count == 1 && attempts[0] >= 3)
            }
        }
    }
}
