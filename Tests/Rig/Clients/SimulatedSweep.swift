import Foundation
public import Shared
import TestSupport

/// The sweeps that simulated workers run. Nothing is trained: what an attempt measures is a
/// function of its task and its number, so that every stored number is known to be right or wrong.
public enum SimulatedSweep {
    public static let dataset = "rig"
    public static let epochs = 3

    public static func name(_ number: Int) -> String { "rig-\(number)" }

    /// Sweep `number` of so many tasks. No two sweeps share a task.
    public static func json(_ number: Int, tasks: Int) -> JSONValue {
        let seeds = (0..<tasks).map { JSONValue.integer(number * 100_000 + $0) }
        return .object([
            "name": .string(name(number)), "experiment": .string("k_path"),
            "attempts": .integer(Limits.attemptsMax),
            "base": .object([
                "dataset": .string(dataset), "domains": .integer(2), "hidden_width": .integer(4),
                "batch_size": .integer(2), "epochs": .integer(epochs),
                "gate": .object(["family": .string("plus_mod"), "k": .integer(1)]),
                "optimizer": .object([
                    "name": .string("sgd"), "learning_rate": .number(0.5),
                ]),
            ]),
            "axes": .object(["seeds.weights": .array(seeds)]),
        ])
    }

    /// What attempt `attempt` at a task measures.
    public static func rows(_ task: SweepTaskID, attempt: Int) -> [MetricRow] {
        (1...epochs).map { epoch in
            let digits = Digest(of: Data("\(task) \(epoch)".utf8)).hexadecimal.prefix(5)
            let loss = Float(Int(digits, radix: 16) ?? 0) / 1_048_576
            return MetricRow(
                epoch: epoch, split: .test,
                values: [
                    MetricName.lossTrainedPaths: MetricValue(loss),
                    // Tells one attempt's rows from another's.
                    "attempt": MetricValue(Float(attempt)),
                ])
        }
    }

    public static func result(_ lease: Lease) -> CompleteRequest {
        let rows = rows(lease.task, attempt: lease.attempt)
        var trajectory = TrajectoryDigest()
        for row in rows { trajectory.append(row) }
        return CompleteRequest(
            epochsCompleted: epochs, rowCount: rows.count, trajectory: trajectory.digest)
    }
}
