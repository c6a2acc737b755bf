import Foundation
import Shared
import TestSupport
import Testing

extension EndToEnd {
    /// Processes that end in the middle of their work. Whatever ends, the report comes out the
    /// same.
    @Suite struct LossTests {
        @Test func `a worker's death costs an attempt and changes nothing else`() async throws {
            let expected = try await TinySweep.undisturbed.value
            try await Deployment.run { deployment in
                deployment.options.leaseSeconds = 2
                try await deployment.startCoordinator()
                let doomed = try deployment.startWorker()
                try await TinySweep.submit(to: deployment, holdingInMidTask: doomed)
                doomed.kill()
                let successor = try deployment.startWorker()

                let result = try await TinySweep.finish(on: deployment)
                #expect(result.report == expected.report)
                #expect(result.history == expected.history)
                let lost = try #require(try await deployment.status(of: doomed)).lost
                #expect(lost >= 1)
                // A worker that gets no processor for a whole lease loses its task, too.
                let others = try await deployment.status(of: successor)?.lost ?? 0
                let attempts = try await attempts(on: deployment).compactMap { Int($0) }
                #expect(attempts.reduce(0, +) == TinySweep.taskCount + lost + others)
            }
        }

        @Test func `a coordinator's death costs not even an attempt`() async throws {
            let expected = try await TinySweep.undisturbed.value
            try await Deployment.run { deployment in
                try await deployment.startCoordinator()
                let workers = try (0..<2).map { _ in try deployment.startWorker() }
                try await TinySweep.submit(to: deployment, holdingInMidTask: workers[0])
                deployment.coordinator?.kill()
                workers[0].send(SIGCONT)
                try await deployment.startCoordinator()

                let result = try await TinySweep.finish(on: deployment)
                #expect(result.report == expected.report)
                #expect(result.history == expected.history)
                #expect(workers.map(\.isRunning) == [true, true])
                #expect(try await Set(attempts(on: deployment)) == ["1"])
            }
        }

        @Test func `a store is sound after its coordinator was killed`() async throws {
            try await Deployment.run { deployment in
                try await deployment.startCoordinator()
                let worker = try deployment.startWorker()
                try await TinySweep.submit(to: deployment, holdingInMidTask: worker)
                deployment.coordinator?.kill()
                let output = try await deployment.output(of: "check", "--data-dir", "data")
                #expect(output == "All is well.\n")
            }
        }

        private func attempts(on deployment: Deployment) async throws -> [String] {
            let report = try await deployment.output(of: "report", TinySweep.name, "--runtime")
            return Table(report).column("attempts")
        }
    }
}
