import Foundation
import Shared
import TestSupport
import Testing

extension EndToEnd {
    /// What a person does to a sweep, and what a sweep that cannot be trained does to itself.
    @Suite struct ControlTests {
        @Test func `a cancelled sweep stops its workers, and retry lets it go on`() async throws {
            let expected = try await TinySweep.undisturbed.value
            try await Deployment.run { deployment in
                try await deployment.startCoordinator()
                let worker = try deployment.startWorker()
                try await TinySweep.submit(to: deployment, holdingInMidTask: worker)
                _ = try await deployment.output(of: "cancel", TinySweep.name)
                worker.send(SIGCONT)
                try await eventually("the worker gives up") {
                    worker.errors.contains("given up")
                }
                let cancelled = try await deployment.status(of: TinySweep.name)
                let left = TinySweep.taskCount - cancelled.count(.succeeded)
                #expect(left > 0 && cancelled.count(.cancelled) == left)
                #expect(try await deployment.command("watch", TinySweep.name).exit == .code(1))

                let retried = try await deployment.output(of: "retry", TinySweep.name)
                #expect(retried == "\(left) tasks are ready again\n")
                #expect(try await TinySweep.finish(on: deployment).report == expected.report)
            }
        }

        @Test func `what cannot be trained fails at once, and the report says why`() async throws {
            try await Deployment.run { deployment in
                try await deployment.startCoordinator()
                _ = try deployment.startWorker()
                // Only who has the data can tell that no batch can be filled.
                let yaml = TinySweep.yaml.replacing("batch_size: 8", with: "batch_size: 4096")
                try deployment.write(yaml, to: "hopeless.yaml")
                let submitted = try await deployment.command("submit", "hopeless.yaml", "--watch")
                #expect(submitted.exit == .code(1))

                let table = Table(
                    try await deployment.output(of: "report", TinySweep.name, "--runtime"))
                #expect(table.column("state") == Array(repeating: "failed", count: 12))
                #expect(Set(table.column("attempts")) == ["1"])
                let reason =
                    "A batch has 4096 examples, but only 240 training examples are used: a full "
                    + "batch is needed."
                #expect(Set(table.column("error")) == [reason])
            }
        }
    }
}
