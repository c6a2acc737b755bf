public import Shared

/// Trains one network of the theory, epoch by epoch, with the exact reduction beside it. Belongs to
/// one thread, and needs no more: a step is a few thousand small products.
public final class GatedTraining {
    let plan: GatedPlan
    let model: GatedModel
    let theory: TheoryTrack
    let flow: GradientFlow?
    /// What else is measured after an epoch.
    private let probe: RoutingProbe?
    private let shares: PathwayShares
    let rowSchema: RowSchema

    /// What the theory has to say of this network, for a person.
    public var theoryNote: String { theory.note }

    public private(set) var epochsCompleted = 0
    public private(set) var divergedEpoch: Int?
    private(set) var hasLearntEnough = false
    /// Stopped within an epoch: what was trained of it cannot be continued.
    private var isAbandoned = false

    /// Throws where the graph is too large, its moments are those of no data, or where a balanced
    /// start is asked for and there are no modes.
    convenience init(_ configuration: GatedNetworkConfiguration) throws(TrainingError) {
        FloatEnvironment.setDefault()
        try self.init(
            configuration.graph, plan: configuration.plan, seed: configuration.weightSeed)
    }

    convenience init(_ configuration: RoutingConfiguration) throws(TrainingError) {
        FloatEnvironment.setDefault()
        let graph: GatedGraph
        do throws(GateError) {
            graph = try configuration.graph()
        } catch {
            throw TrainingError("The gate: \(error.description).")
        }
        try self.init(
            graph, plan: configuration.plan, seed: configuration.weightSeed,
            probe: RoutingProbe(configuration, graph))
    }

    init(_ graph: GatedGraph, plan: GatedPlan, seed: UInt64, probe: RoutingProbe? = nil)
        throws(TrainingError)
    {
        FloatEnvironment.setDefault()
        self.plan = plan
        model = try GatedModel(graph)
        shares = PathwayShares(model.network.correlations.tree)
        let gain = plan.initialization.gain
        switch plan.initialization.scheme {
        case .orthogonal:
            try FirstWeights.orthogonal(model.network, gain: gain, seed: seed)
        case .balanced:
            let parts = PathComponents(model.network.correlations, graph)
            let blocks = model.network.correlations.blocks(graph, parts)
            guard let modes = Modes(blocks, parts) else {
                throw TrainingError(
                    "A balanced start wants modes, which are not looked for where inputs and "
                        + "outputs together are wider than \(Modes.sizeMax).")
            }
            guard modes.remainder <= TheoryTrack.tolerance else {
                throw TrainingError(
                    "A balanced start wants correlations that are diagonal together, which these "
                        + "are not.")
            }
            try FirstWeights.balanced(model, parts, modes, gain: gain, seed: seed)
        }
        theory = try TheoryTrack(model, plan: plan, approximateStart: plan.approximateStart)
        self.probe = probe?.checked(against: theory)
        if case .gradientFlow(let rate, let tolerance) = plan.method {
            flow = GradientFlow(model.network, tolerance: tolerance, firstStep: rate)
        } else {
            flow = nil
        }
        let losses = model.losses()
        rowSchema = RowSchema(plan, losses, isRouting: probe != nil)
        theory.begin(model.network, loss: losses.training)
    }

    /// For a checkpoint whose weights and theory were loaded.
    func resume(after epochs: Int, hasLearntEnough: Bool, divergedEpoch: Int?) {
        (epochsCompleted, self.hasLearntEnough) = (epochs, hasLearntEnough)
        self.divergedEpoch = divergedEpoch
    }

    private func step<Stop: Error>(_ look: () throws(Stop) -> Void) throws(Stop) {
        let rate = plan.method.learningRate
        if let flow { return try flow.advance(by: rate, look) }
        try look()
        try model.network.descend(rate: rate, look)
    }

    private func measure<Stop: Error>(epoch: Int, _ look: () throws(Stop) -> Void) throws(Stop)
        -> [MetricRow]
    {
        let isDue = rowSchema.isDue(after: epoch)
        // All pathways are measured only where that is due, or where the loss may be not finite.
        guard isDue || !model.hasFiniteLossForSure else { return [] }
        let losses = try model.losses(look)
        let isDiverged = losses.isDiverged
        guard isDue || (isDiverged && divergedEpoch == nil) else { return [] }
        var values = try theory.measure(
            model.network, loss: losses.training, epoch: epoch, look)
        values[MetricName.trainingLoss] = losses.trained.map { _ in losses.training }
        values[MetricName.lossTrainedPaths] = losses.trained
        values[MetricName.lossUntrainedPaths] = losses.untrained
        if isDiverged {
            // One of them may still be finite; together they say nothing.
            for name in [
                MetricName.trainingLoss, MetricName.lossTrainedPaths, MetricName.lossUntrainedPaths,
            ] where values[name] != nil { values[name] = .nan }
        }
        values.merge(shares.values(model.network)) { first, _ in first }
        if let probe { values.merge(try probe.values(model, theory, look)) { first, _ in first } }
        return [
            MetricRow(
                epoch: epoch, split: .test, values: values.mapValues { MetricValue(Float($0)) })
        ]
    }
}

extension GatedPlan {
    /// Where every mode starts: as it is where the start is decoupled, as well as is known where it
    /// is not.
    var approximateStart: Double {
        switch initialization.scheme {
        case .balanced: initialization.gain
        case .orthogonal: theoryStart ?? initialization.gain / 2.5
        }
    }
}

extension GatedTraining: Training {
    /// One: whatever is asked for, a step is too small to be shared.
    public var threads: Int {
        get { 1 }
        set {}
    }

    public var isFinished: Bool {
        hasLearntEnough || epochsCompleted == plan.epochs
            || (divergedEpoch != nil && plan.onDivergence == .stop)
    }

    public func trainEpoch(shouldStop: () -> Bool) -> [MetricRow]? {
        guard !isAbandoned, !isFinished else { return nil }
        FloatEnvironment.setDefault()
        isAbandoned = true
        func look() throws(TrainingStopped) { if shouldStop() { throw TrainingStopped() } }
        do throws(TrainingStopped) {
            try step(look)
            try theory.advance(by: plan.method.learningRate, look)
            let rows = try measure(epoch: epochsCompleted + 1, look)
            epochsCompleted += 1
            if divergedEpoch == nil, rows.contains(where: \.isDiverged) {
                divergedEpoch = epochsCompleted
            }
            hasLearntEnough = plan.stop?.isMet(by: rows) ?? false
            isAbandoned = false
            return rows
        } catch {
            return nil
        }
    }
}
