import Foundation
import Shared
import TestSupport
import Testing

extension EndToEnd {
    /// A sweep some of whose trainings diverge, as a person meets it.
    @Suite struct DivergenceTests {
        private static let yaml = """
            name: \(TinySweep.name)
            experiment: routing
            base:
              domains: 4
              hidden_width: 16
              gate: {family: plus_mod, k: 2}
              data: {kind: tree, depth: 2, branching: 2, strengths: [1, 1, 1]}
              init: {gain: 0.5}
              method: {name: gradient_descent, learning_rate: 1.8}
              epochs: 200
              evaluation: {every_epochs: 200}
            axes:
              seeds.weights: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]
            """

        @Test func `diverged tasks are counted apart wherever a sweep is shown`() async throws {
            try await Deployment.run { deployment in
                try await deployment.startCoordinator()
                let worker = try deployment.startWorker()
                try deployment.write(Self.yaml, to: "diverging.yaml")
                let submitted = try await deployment.command(
                    "submit", "diverging.yaml", "--watch", within: .seconds(300))
                #expect(submitted.exit == .code(0), "\(submitted.errors)")

                let table = Table(try await deployment.output(of: "report", TinySweep.name))
                #expect(table.rows.count == 10)
                #expect(table.column("complete") == Array(repeating: "true", count: 10))
                let diverged = table.rows.filter { $0["state"] == "diverged" }
                #expect((1..<10).contains(diverged.count), "the sweep shows nothing")
                for row in table.rows {
                    let epoch = row["diverged_epoch"].flatMap { Int($0) }
                    #expect((epoch != nil) == (row["state"] == "diverged"))
                    #expect(epoch == nil || row["epochs_completed"] == row["diverged_epoch"])
                    #expect((row["training_loss"] == "NaN") == (epoch != nil))
                }
                let count = "\(diverged.count) of 10"
                #expect(submitted.output.contains("\(count) tasks diverged"))
                #expect(worker.errors.contains("diverged: the training loss is not finite"))
                let summary = try await deployment.output(
                    of: "report", TinySweep.name, "--summary")
                #expect(summary.contains("\(10 - diverged.count) of 10  \(count)"), "\(summary)")
                let status = try await deployment.status(of: TinySweep.name)
                #expect(status.divergedCount == diverged.count && status.isFinished)

                // Another sweep of the same content takes results and divergence as they are.
                try deployment.write(
                    Self.yaml.replacing("name: \(TinySweep.name)", with: "name: copy"),
                    to: "copy.yaml")
                let again = try await deployment.command("submit", "copy.yaml", "--watch")
                #expect(again.exit == .code(0))
                #expect(again.output.contains("\(count) tasks diverged"))
                let copy = Table(try await deployment.output(of: "report", "copy"))
                #expect(Set(copy.column("state")) == ["cached"])
                for name in ["diverged_epoch", "trajectory_sha256", "training_loss"] {
                    #expect(copy.column(name) == table.column(name))
                }
                deployment.coordinator?.kill()
                let check = try await deployment.output(of: "check", "--data-dir", "data")
                #expect(check == "All is well.\n")
            }
        }

        @Test func `a report says which rows are of finished trainings`() async throws {
            try await Deployment.run { deployment in
                try await deployment.startCoordinator()
                let yaml = TinySweep.yaml.replacing(
                    "epochs: \(TinySweep.epochs)", with: "epochs: 1000000")
                try deployment.write(yaml, to: "long.yaml")
                _ = try await deployment.output(of: "submit", "long.yaml")
                let worker = try deployment.startWorker()
                try await eventually("an epoch is reported", within: .seconds(300)) {
                    try await deployment.status(of: TinySweep.name).epochsCompleted > 0
                }
                _ = try await deployment.output(of: "cancel", TinySweep.name)
                worker.kill()
                let table = Table(try await deployment.output(of: "report", TinySweep.name))
                #expect(Set(table.column("complete")) == ["false"] && table.rows.count == 12)
                #expect(table.column("loss_trained_paths").contains { !$0.isEmpty })
                let finished = try await deployment.output(
                    of: "report", TinySweep.name, "--finished")
                #expect(Table(finished).rows.isEmpty)
                #expect(finished.hasPrefix("sweep,position,task,state,complete,"))
                let refused = try await deployment.command(
                    "report", TinySweep.name, "--finished", "--history")
                #expect(refused.exit == .code(64))
                #expect(refused.errors.contains("--finished selects rows of report.csv"))
            }
        }
    }
}
