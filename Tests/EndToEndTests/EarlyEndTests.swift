import Shared
import TestSupport
import Testing

extension EndToEnd {
    /// Tasks that end before their last epoch, or before their first: `stop`, `halving` and results
    /// of the same content, with a real coordinator and real workers.
    @Suite struct EarlyEndTests {
        private static func yaml(_ name: String, _ more: String, axes: String) -> String {
            """
            name: \(name)
            experiment: k_path
            base:
              dataset: embedded-digits
              train_examples: 240
              test_examples: 60
              domains: 3
              hidden_width: 8
              batch_size: 8
              epochs: 40
              gate: {family: plus_mod, k: 2}
              optimizer: {name: sgd, learning_rate: 0.02, momentum: 0.9}
            \(more)
            axes:
              \(axes)
            """
        }

        @Test func `a task stops when it has learnt enough, and is not trained again`()
            async throws
        {
            try await Deployment.run { deployment in
                try await deployment.startCoordinator()
                _ = try deployment.startWorker()
                let axes =
                    "stop: [{metric: train_loss_trained_paths, below: 1.0}]\n"
                    + "  seeds.weights: [1, 2]"
                try deployment.write(Self.yaml("first", "", axes: axes), to: "first.yaml")
                _ = try await deployment.output(of: "submit", "first.yaml", "--watch")
                let first = Table(try await deployment.output(of: "report", "first"))
                #expect(first.column("state") == ["succeeded", "succeeded"])
                for row in first.rows {
                    let epochs = try #require(Int(row["epochs_completed"] ?? ""))
                    #expect((2..<40).contains(epochs))
                    #expect(try #require(Double(row["train_loss_trained_paths"] ?? "")) < 1)
                }
                let history = Table(try await deployment.output(of: "report", "first", "--history"))
                let above = history.rows.filter { row in
                    row["metric"] == "loss_trained_paths" && row["split"] == "train"
                        && (Double(row["value"] ?? "") ?? 0) >= 1
                }
                let epochs = first.rows.compactMap { Int($0["epochs_completed"] ?? "") }
                #expect(above.count == epochs.reduce(0, +) - 2)

                try deployment.write(
                    Self.yaml("second", "", axes: axes + "\n  init.gain: [1]"), to: "second.yaml")
                let submitted = try await deployment.output(of: "submit", "second.yaml")
                #expect(submitted.contains("2 tasks, 2 of them trained before for other sweeps"))
                let second = Table(try await deployment.output(of: "report", "second"))
                #expect(second.column("state") == ["cached", "cached"])
                for column in ["trajectory_sha256", "loss_trained_paths", "epochs_completed"] {
                    #expect(second.column(column) == first.column(column))
                }
                #expect(
                    try await deployment.output(of: "report", "second", "--manifest")
                        .contains("\"complete\":true"))
            }
        }

        @Test func `halving stops the lesser tasks, and their worker goes on with others`()
            async throws
        {
            try await Deployment.run { deployment in
                try await deployment.startCoordinator()
                let worker = try deployment.startWorker()
                let halving =
                    "halving: {metric: train_loss_trained_paths, mode: min, rungs: [5, 10], "
                    + "keep: 0.5}"
                // The first is the best: whoever comes after it is worse at the first rung.
                let axes = "optimizer.learning_rate: [0.02, 0.00001, 0.00002, 0.00003]"
                try deployment.write(Self.yaml("race", halving, axes: axes), to: "race.yaml")
                _ = try await deployment.output(of: "submit", "race.yaml", "--watch")
                let table = Table(try await deployment.output(of: "report", "race"))
                #expect(table.column("state")[0] == "succeeded")
                #expect(table.column("state").contains("pruned"))
                for row in table.rows where row["state"] == "pruned" {
                    #expect(row["pruned_reason"]?.contains("is not among the best of") == true)
                    #expect(row["error"] == "")
                    let epochs = try #require(Int(row["epochs_completed"] ?? ""))
                    #expect(epochs >= 5 && epochs < 40)
                }
                #expect(worker.isRunning)
            }
        }
    }
}
