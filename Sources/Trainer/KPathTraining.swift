public import Shared

/// Trains one k-path network, epoch by epoch. Belongs to one thread.
///
/// An epoch's order of data follows from its number and the data seed alone, and everything else
/// from the weights and the optimizer's state: nothing else needs to be kept to continue.
public final class KPathTraining {
    let configuration: KPathConfiguration
    private let train: ExampleSet
    private let test: ExampleSet
    let network: KPathNetwork
    let optimizer: OptimizerState
    private let step: KPathStep
    private let evaluator: KPathEvaluator
    private let machine: Machine
    let rowSchema: RowSchema

    public private(set) var epochsCompleted = 0
    /// Stopped within an epoch: what was trained of it cannot be continued.
    private var isAbandoned = false
    /// The configuration's `stop` has come true.
    private var hasLearntEnough = false

    /// - Parameter threads: how many to train with, the caller's being one; changes no result.
    ///   Throws where configuration and data do not fit each other, or where there are no such
    ///   threads.
    public convenience init(
        configuration: KPathConfiguration, dataset: Dataset, threads: Int = 1
    ) throws(TrainingError) {
        try self.init(
            configuration: configuration, dataset: dataset, machine: Machine(threads: threads))
    }

    init(configuration: KPathConfiguration, dataset: Dataset, machine: Machine)
        throws(TrainingError)
    {
        (self.configuration, self.machine) = (configuration, machine)
        let classes = configuration.classes
        train = try ExampleSet(
            dataset.train, name: "training", classes: classes, limit: configuration.trainExamples)
        test = try ExampleSet(
            dataset.test, name: "test", classes: classes, limit: configuration.testExamples)
        try Self.check(configuration, trainCount: train.count)
        network = try KPathNetwork(configuration, inputs: dataset.train.inputs)
        let (open, pathways) = (
            network.gate.openCount, configuration.domains * configuration.domains
        )
        rowSchema = RowSchema(configuration, hasOpen: open > 0, hasClosed: open < pathways)
        network.initialize(configuration.initialization, seed: configuration.seeds.weights)
        optimizer = OptimizerState(configuration.optimizer, count: network.layout.count)
        step = KPathStep(
            network, optimizer: optimizer,
            batch: configuration.batchSize, machine: machine)
        evaluator = KPathEvaluator(network, machine: machine)
    }

    private static func check(_ configuration: KPathConfiguration, trainCount: Int)
        throws(TrainingError)
    {
        guard configuration.batchSize <= trainCount else {
            throw TrainingError(
                "A batch has \(configuration.batchSize) examples, but only \(trainCount) training "
                    + "examples are used: a full batch is needed.")
        }
        let evaluation = configuration.evaluation
        let numbers = [
            ("epochs", configuration.epochs), ("evaluation.every_epochs", evaluation.everyEpochs),
            ("evaluation.train_examples", evaluation.trainExamples ?? 1),
        ]
        for (name, value) in numbers where value < 1 {
            throw TrainingError("\(name) is \(value); it must be at least 1.")
        }
    }

    /// Whole batches: examples that fill none are left out.
    var stepsPerEpoch: Int { train.count / configuration.batchSize }

    /// For a checkpoint whose parameters and optimizer state were loaded.
    func resume(after epochs: Int, hasLearntEnough: Bool) {
        (epochsCompleted, self.hasLearntEnough) = (epochs, hasLearntEnough)
    }

    public var isFinished: Bool { hasLearntEnough || epochsCompleted == configuration.epochs }

    private func note(_ rows: [MetricRow]) {
        hasLearntEnough = configuration.stop?.isMet(by: rows) ?? false
    }

    public var threads: Int {
        get { machine.crew.active }
        set { machine.crew.setActive(newValue) }
    }

    /// Trains one epoch, and measures all pathways after it where that is due.
    /// - Parameter shouldStop: asked at every step and every pass of an evaluation.
    /// - Returns: the rows measured, test and train, or none where nothing is due; nil where it was
    ///   stopped, after which this training cannot go on, or where it is finished.
    public func trainEpoch(shouldStop: () -> Bool) -> [MetricRow]? {
        guard !isAbandoned, !isFinished else { return nil }
        isAbandoned = true
        let epoch = epochsCompleted
        let batch = configuration.batchSize
        var random = SeededRandom(
            seed: configuration.seeds.data, purpose: .dataOrder, index: UInt64(epoch))
        let order = random.permutation(train.count)
        let whole = order[..<(order.count / batch * batch)]
        guard step.run(train, rows: whole, shouldStop: shouldStop) != nil else { return nil }
        guard let rows = evaluate(epoch: epoch + 1, shouldStop: shouldStop) else { return nil }
        epochsCompleted = epoch + 1
        note(rows)
        isAbandoned = false
        return rows
    }

    private func evaluate(epoch: Int, shouldStop: () -> Bool) -> [MetricRow]? {
        guard rowSchema.isDue(after: epoch) else { return [] }
        let trainCount = min(configuration.evaluation.trainExamples ?? test.count, train.count)
        var rows: [MetricRow] = []
        for (split, examples, count) in [
            (MetricRow.Split.test, test, test.count), (.train, train, trainCount),
        ] {
            guard
                let metrics = evaluator.evaluate(
                    examples, rows: 0..<count, shouldStop: shouldStop)
            else { return nil }
            rows.append(
                MetricRow(
                    epoch: epoch, split: split,
                    values: metrics.values.mapValues { MetricValue(Float($0)) }))
        }
        return rows
    }
}
