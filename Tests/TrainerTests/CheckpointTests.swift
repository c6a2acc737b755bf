import Shared
import Testing

@testable import Trainer

@Suite struct CheckpointTests {
    private func rows(_ training: any Training, epochs: Int = .max) throws -> [MetricRow] {
        var rows: [MetricRow] = []
        while !training.isFinished && training.epochsCompleted < epochs {
            rows += try #require(training.trainEpoch(shouldStop: { false }))
        }
        return rows
    }

    static let optimizers: [Optimizer] = [
        .sgd(.init(learningRate: 0.1)),
        .sgd(.init(learningRate: 0.1, momentum: 0.9, dampening: 0.2, weightDecay: 0.01)),
        .adam(.init(learningRate: 0.01, amsgrad: true)),
    ]

    @Test(arguments: optimizers)
    func `a training that was stopped goes on as if it had not been`(optimizer: Optimizer) throws {
        for index in [0, 2, 4] {
            var configuration = SmallNetworks.all[index]
            (configuration.optimizer, configuration.epochs) = (optimizer, 4)
            let dataset = try KPathTrainingTests.dataset()
            let whole = try rows(Configuration.kPath(configuration).makeTraining(dataset: dataset))
            for epoch in 0...4 {
                let first = try Configuration.kPath(configuration).makeTraining(dataset: dataset)
                let before = try rows(first, epochs: epoch)
                let file = try Safetensors(parsing: first.checkpoint().serialized())
                let second = try KPathTraining(
                    configuration: configuration, dataset: dataset,
                    machine: Machine(kernels: "portable", threads: 3))
                try second.resume(TrainingCheckpoint(state: file, rows: before))
                #expect(second.epochsCompleted == epoch)
                #expect(try before + rows(second) == whole)
                #expect(second.checkpoint() != file || epoch == 4)
            }
        }
    }

    @Test func `a checkpoint that does not fit is refused with a reason`() throws {
        let configuration = SmallNetworks.configuration()
        let dataset = try KPathTrainingTests.dataset()
        let training = try KPathTraining(configuration: configuration, dataset: dataset)
        let file = training.checkpoint()
        for (key, value, reason) in [
            ("numeric_version", "0", "The checkpoint's numeric version is 0; "),
            ("epochs_completed", "3", "The checkpoint has 3 epochs; the configuration has 2."),
            ("epochs_completed", "-1", "The checkpoint's epochs_completed is -1; a whole"),
            ("optimizer_steps", "x", "The checkpoint's optimizer_steps is x; a whole"),
        ] {
            var other = file
            other.metadata[key] = value
            let error = try #require(throws: TrainingError.self) {
                try training.resume(TrainingCheckpoint(state: other, rows: []))
            }
            #expect(error.description.hasPrefix(reason), "\(error)")
        }
        var other = configuration
        other.hiddenWidth = 7
        let wide = try KPathTraining(configuration: other, dataset: dataset)
        #expect(throws: TrainingError.self) {
            try wide.resume(TrainingCheckpoint(state: file, rows: []))
        }
    }
}
