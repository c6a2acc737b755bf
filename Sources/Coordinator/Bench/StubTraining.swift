import Foundation
import Shared

/// What a task reports that was not trained: rows of the size that real ones have, the same for
/// every task.
struct StubTraining: Sendable {
    /// The bodies of the calls: the rows ahead and then the end, or both in one.
    let metrics: String
    let result: String
    let resultWithRows: String

    /// - Parameter rows: how many, two an epoch.
    init(rows count: Int) throws {
        let rows = Self.rows(count)
        var trajectory = TrajectoryDigest()
        for row in rows { trajectory.append(row) }
        let epochs = rows.last?.epoch ?? 0
        let text = { (message: any Encodable) in
            String(decoding: try WireCoding.encode(message), as: UTF8.self)
        }
        metrics = try text(MetricsRequest(firstSequence: 0, rows: rows, epochsCompleted: epochs))
        var completion = CompleteRequest(
            epochsCompleted: epochs, rowCount: count, trajectory: trajectory.digest)
        result = try text(completion)
        completion.rows = rows
        resultWithRows = try text(completion)
    }

    static func rows(_ count: Int) -> [MetricRow] {
        (0..<count).map { index in
            let loss = 1 / Float(index + 3)
            return MetricRow(
                epoch: index / 2 + 1, split: index.isMultiple(of: 2) ? .train : .test,
                values: [
                    MetricName.lossTrainedPaths: MetricValue(loss),
                    MetricName.lossUntrainedPaths: MetricValue(loss * 1.7),
                    MetricName.accuracyTrainedPaths: MetricValue(1 - loss),
                    MetricName.accuracyUntrainedPaths: MetricValue(1 - loss * 1.3),
                ])
        }
    }

    /// A sweep of so many tasks, each of which ends after `rows` rows.
    static func sweep(name: String, tasks: Int, epochs: Int) -> JSONValue {
        let perAxis = 1_000
        let seeds = { (count: Int) in JSONValue.array((0..<count).map(JSONValue.integer)) }
        let (full, rest) = tasks.quotientAndRemainder(dividingBy: perAxis)
        let axes: [JSONValue] =
            rest == 0
            ? [.object(["seeds.data": seeds(full)]), .object(["seeds.weights": seeds(perAxis)])]
            : [.object(["seeds.weights": seeds(tasks)])]
        return .object([
            "name": .string(name), "experiment": .string("k_path"), "axes": .array(axes),
            "base": .object([
                "dataset": .string(EmbeddedDataset.name), "domains": .integer(10),
                "hidden_width": .integer(64), "batch_size": .integer(8),
                "epochs": .integer(epochs),
                "gate": .object(["family": .string("plus_mod"), "k": .integer(4)]),
                "optimizer": .object([
                    "name": .string("sgd"), "learning_rate": .number(0.02),
                    "momentum": .number(0.9),
                ]),
            ]),
        ])
    }
}
