import Shared
import Testing

@testable import Trainer

/// Which rows a checkpoint must have: those that a training measures, and no others.
@Suite struct RowSchemaTests {
    private static func schema(
        every: Int, of epochs: Int, stop: StopRule? = nil,
        onDivergence: DivergencePolicy = .stop, metric: String = "loss"
    ) -> RowSchema {
        RowSchema(
            evaluations: EvaluationSchema(
                everyEpochs: every, epochs: epochs, splits: [.test, .train], required: [metric],
                optional: ["other"]),
            stop: stop, onDivergence: onDivergence)
    }

    /// Against the sentence of the documentation, epoch by epoch.
    @Test func `the due rows are those of each epoch that is due`() {
        for (every, epochs) in [(1, 1), (1, 7), (2, 7), (3, 7), (7, 7), (8, 7), (1_000, 7)] {
            let schema = Self.schema(every: every, of: epochs)
            for completed in 0...epochs {
                let wanted = (1...epochs).filter {
                    $0 <= completed && ($0 % every == 0 || $0 == epochs)
                }
                let due = schema.dueRows(upTo: completed)
                #expect(due.map(\.epoch) == wanted.flatMap { [$0, $0] })
                #expect(due.map(\.split) == wanted.flatMap { _ in [.test, .train] })
            }
        }
    }

    private static func rows(_ losses: [Float], every: Int = 1) -> [MetricRow] {
        losses.enumerated().flatMap { index, loss in
            [MetricRow.Split.test, .train].map {
                MetricRow(
                    epoch: (index + 1) * every, split: $0, values: ["loss": MetricValue(loss)])
            }
        }
    }

    @Test func `a training that has learnt enough has no later epochs`() throws {
        let stop = StopRule(metric: MeasuredColumn("train_loss"), bound: .below(1))
        let schema = Self.schema(every: 2, of: 9, stop: stop)
        let before = Self.rows([3, 2], every: 2)
        let end = Self.rows([3, 2, 0.5], every: 2)
        try schema.check(before, epochsCompleted: 4)
        try schema.check(before, epochsCompleted: 5)
        try schema.check(end, epochsCompleted: 6)
        #expect(!schema.hasLearntEnough(before, after: 4))
        #expect(!schema.hasLearntEnough(before, after: 5))
        #expect(schema.hasLearntEnough(end, after: 6))
        let error = #expect(throws: TrainingError.self) {
            try schema.check(end, epochsCompleted: 7)
        }
        #expect(
            error?.description
                == "The checkpoint has 7 epochs; its metrics ended the training after 6.")
        // NaN is below nothing.
        try schema.check(Self.rows([.nan, .nan], every: 2), epochsCompleted: 5)
    }

    @Test(arguments: 1...9)
    func `the epoch that diverged has rows, and is the last one unless the training continues`(
        diverged: Int
    ) throws {
        func rows(_ epochs: [Int]) -> [MetricRow] {
            epochs.flatMap { epoch in
                [MetricRow.Split.test, .train].map {
                    MetricRow(
                        epoch: epoch, split: $0,
                        values: [
                            MetricName.lossTrainedPaths: MetricValue(
                                epoch < diverged ? 1 : .nan)
                        ])
                }
            }
        }
        let due = [3, 6, 9]
        let stopping = Self.schema(every: 3, of: 9, metric: MetricName.lossTrainedPaths)
        let continuing = Self.schema(
            every: 3, of: 9, onDivergence: .trainOn, metric: MetricName.lossTrainedPaths)
        let ended = rows((due.filter { $0 < diverged } + [diverged]))
        try stopping.check(ended, epochsCompleted: diverged)
        try continuing.check(ended, epochsCompleted: diverged)
        let all = rows(Set(due + [diverged]).sorted())
        try continuing.check(all, epochsCompleted: 9)
        guard diverged < 9 else { return }
        #expect(throws: TrainingError.self) { try stopping.check(all, epochsCompleted: 9) }
    }
}
