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
                try await deployment.startCoordinator()
                let doomed = try deployment.startWorker()
                try await TinySweep.submit(to: deployment, untilInMidTask: doomed)
                doomed.kill()
                _ = try deployment.startWorker()

                let result = try await TinySweep.finish(on: deployment)
                #expect(result.report == expected.report)
                #expect(result.history == expected.history)
                #expect(try await deployment.status(of: doomed)?.lost == 1)
                let attempts = try await attempts(on: deployment)
                #expect(attempts.filter { $0 == "2" }.count == 1)
                #expect(attempts.filter { $0 == "1" }.count == TinySweep.taskCount - 1)
            }
        }

        @Test func `a coordinator's death costs not even an attempt`() async throws {
            let expected = try await TinySweep.undisturbed.value
            try await Deployment.run { deployment in
                try await deployment.startCoordinator()
                let workers = try (0..<2).map { _ in try deployment.startWorker() }
                try await TinySweep.submit(to: deployment, untilInMidTask: workers[0])
                deployment.coordinator?.kill()
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
                try await TinySweep.submit(to: deployment, untilInMidTask: worker)
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
