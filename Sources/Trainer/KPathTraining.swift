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
    public private(set) var divergedEpoch: Int?
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
        FloatEnvironment.setDefault()
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
        rowSchema = RowSchema(
            configuration, PathwayKinds(hasTrained: open > 0, hasUntrained: open < pathways))
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
    func resume(after epochs: Int, hasLearntEnough: Bool, divergedEpoch: Int?) {
        (epochsCompleted, self.hasLearntEnough) = (epochs, hasLearntEnough)
        self.divergedEpoch = divergedEpoch
    }

    public var isFinished: Bool {
        hasLearntEnough || epochsCompleted == configuration.epochs
            || (divergedEpoch != nil && configuration.onDivergence == .stop)
    }

    private func note(_ rows: [MetricRow]) {
        hasLearntEnough = configuration.stop?.isMet(by: rows) ?? false
    }

    public var threads: Int {
        get { machine.crew.active }
        set { machine.crew.setActive(newValue) }
    }

    /// Trains one epoch, and measures all pathways after it where that is due. An epoch diverges if
    /// the loss of one of its steps, or the loss of the trained pathways measured after it, is not
    /// finite as a float32: then the rows of both splits have NaN for every loss and accuracy.
    /// - Parameter shouldStop: asked at every step and every pass of an evaluation.
    /// - Returns: the rows measured, test and train, or none where nothing is due; nil where it was
    ///   stopped, after which this training cannot go on, or where it is finished.
    public func trainEpoch(shouldStop: () -> Bool) -> [MetricRow]? {
        guard !isAbandoned, !isFinished else { return nil }
        FloatEnvironment.setDefault()
        isAbandoned = true
        let epoch = epochsCompleted
        let batch = configuration.batchSize
        var random = SeededRandom(
            seed: configuration.seeds.data, purpose: .dataOrder, index: UInt64(epoch))
        let order = random.permutation(train.count)
        let whole = order[..<(order.count / batch * batch)]
        guard let losses = step.run(train, rows: whole, shouldStop: shouldStop) else { return nil }
        let isFinite = losses.allSatisfy { Float($0).isFinite }
        guard
            let rows = isFinite
                ? evaluate(epoch: epoch + 1, shouldStop: shouldStop)
                : divergedRows(epoch: epoch + 1)
        else { return nil }
        epochsCompleted = epoch + 1
        if divergedEpoch == nil, rows.contains(where: \.isDiverged) { divergedEpoch = epoch + 1 }
        note(rows)
        isAbandoned = false
        return rows
    }

    /// The rows of an epoch that diverged: NaN for every metric that the network has. The first
    /// such epoch has rows even if no evaluation is due after it. The largest of some NaN logits is
    /// always the first, and would pass for an accuracy at chance.
    private func divergedRows(epoch: Int) -> [MetricRow] {
        guard divergedEpoch == nil || rowSchema.isDue(after: epoch) else { return [] }
        let values = Dictionary(
            uniqueKeysWithValues: rowSchema.evaluations.required.map { ($0, MetricValue(.nan)) })
        return rowSchema.evaluations.splits.map { split in
            MetricRow(epoch: epoch, split: split, values: values)
        }
    }

    /// Test and train, or none where no evaluation is due; nil where it was stopped.
    private func evaluate(epoch: Int, shouldStop: () -> Bool) -> [MetricRow]? {
        guard rowSchema.isDue(after: epoch) else { return [] }
        let trainCount = ExampleSelection.measuredCount(
            limit: configuration.evaluation.trainExamples, train: train.count, test: test.count)
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
        return rows.contains(where: \.isDiverged) ? divergedRows(epoch: epoch) : rows
    }
}
