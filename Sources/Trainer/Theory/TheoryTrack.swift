import Shared

/// The theory beside a training: the reduction on the training's clock, and how far apart the two
/// have been.
final class TheoryTrack {
    let status: TheoryStatus
    /// For a person: what fails, with how much of it.
    let detail: String
    /// The same in numbers.
    private let reason: TheoryReason?
    /// Where the reduction starts and how the network is trained, in numbers.
    private let circumstances: [String: Double]
    /// Nil where the theory has nothing to say.
    let reduction: Reduction?
    /// The same under the finite steps of gradient descent; nil for a flow.
    let stepped: Reduction?
    /// By mode, by edge: the numbers of the first weights; nil where these are not decoupled.
    let decoupledStart: [[Double]]?

    private var deviations = (count: 0.0, largest: 0.0, squares: 0.0)
    private var steppedDeviation = 0.0
    private var firstLoss = 0.0
    private var halves: HalfTimes
    private var theoryHalves: HalfTimes
    private var steppedHalves: HalfTimes

    /// Correlations may deviate from their modes by this, relative to their size. Modes that are
    /// alike are found to a few 1e-8 where many domains are joined in a ring.
    static let tolerance = 1e-6
    /// Of the reduction's integration.
    static let flowTolerance = 1e-10

    /// - Parameter approximateStart: where every mode starts if the weights are not decoupled.
    init(_ model: GatedModel, plan: GatedPlan, approximateStart: Double) throws(TrainingError) {
        let parts = PathComponents(model.network.correlations, model.graph)
        let found = Self.find(model, parts)
        (status, detail, reason) = (found.status, found.detail, found.reason)
        decoupledStart = found.start
        var circumstances: [String: Double] = [:]
        if let modes = found.modes {
            let (start, kind) = Self.start(found, model, parts, modes, plan, approximateStart)
            circumstances[MetricName.theoryStart] = kind.map { Double($0.rawValue) }
            if kind == .given { circumstances[MetricName.theoryStartValue] = plan.theoryStart }
            let rate = plan.method.learningRate
            reduction = try Reduction(
                model, parts, modes, start: start,
                motion: .flow(tolerance: Self.flowTolerance, firstStep: rate))
            if case .gradientDescent = plan.method {
                circumstances[MetricName.theoryStep] = rate
                stepped = try Reduction(model, parts, modes, start: start, motion: .steps)
            } else {
                stepped = nil
            }
        } else {
            (reduction, stepped) = (nil, nil)
        }
        self.circumstances = circumstances
        let count = reduction?.levels.count ?? 0
        (halves, theoryHalves) = (HalfTimes(count: count), HalfTimes(count: count))
        steppedHalves = HalfTimes(count: stepped == nil ? 0 : count)
    }

    /// By mode, by edge, and where that is from: nil where it is that of the weights.
    private static func start(
        _ found: Found, _ model: GatedModel, _ parts: PathComponents, _ modes: Modes,
        _ plan: GatedPlan, _ approximateStart: Double
    ) -> (values: [[Double]], kind: TheoryStart?) {
        if let start = found.start { return (start, nil) }
        if plan.theoryStart == nil,
            let computed = EffectiveStart(model, parts, modes).values
        {
            return (computed, .computed)
        }
        let all = [Double](repeating: approximateStart, count: model.graph.edges.count)
        let kind: TheoryStart =
            switch plan.initialization.scheme {
            case .balanced: .gain
            case .orthogonal: plan.theoryStart == nil ? .guessed : .given
            }
        return (modes.all.map { _ in all }, kind)
    }

    private struct Found {
        var status: TheoryStatus
        var detail = ""
        var reason: TheoryReason?
        var modes: Modes?
        var start: [[Double]]?
    }

    private static func find(_ model: GatedModel, _ parts: PathComponents) -> Found {
        if model.network.correlations.tree.ends.isEmpty { return Found(status: .nothingTrained) }
        let blocks = model.network.correlations.blocks(model.graph, parts)
        guard let modes = Modes(blocks, parts) else {
            return Found(status: .tooLarge)
        }
        guard modes.remainder <= tolerance else {
            return Found(
                status: .notDiagonalizable,
                detail: "\(modes.remainderName): \(modes.remainder) of it is left over",
                reason: TheoryReason(
                    remainder: modes.remainder, first: modes.remainderPathways?.first,
                    second: modes.remainderPathways?.second))
        }
        guard let start = ModeStart(model, parts, blocks) else {
            return Found(
                status: .startNotDecoupled, detail: "the weights and the data share no modes",
                modes: modes)
        }
        guard start.remainder <= ModeStart.tolerance else {
            return Found(
                status: .startNotDecoupled,
                detail: "\(start.remainderName): \(start.remainder) of it is not diagonal",
                reason: TheoryReason(
                    remainder: start.remainder, first: start.remainderEdge.map { $0 + 1 }),
                modes: modes)
        }
        return Found(status: .exact, modes: start.modes, start: start.values)
    }

    /// What the theory has to say of this network, for a person.
    var note: String {
        let values = circumstances.mapValues { MetricValue(Float($0)) }
        return TheoryText.theory(status, values) + (detail.isEmpty ? "" : " (\(detail))")
    }

    /// What is measured before the first epoch.
    func begin(_ network: GatedNetwork, loss: Double) {
        firstLoss = loss
        guard let reduction else { return }
        note(loss: loss, theory: reduction.loss {}, stepped: stepped?.loss {})
        halves.add(epoch: 0, learnt(reduction.progress(of: network) {}).map(\.fraction))
        theoryHalves.add(epoch: 0, learnt(reduction.progress {}).map(\.fraction))
        if let stepped {
            steppedHalves.add(epoch: 0, learnt(stepped.progress {}).map(\.fraction))
        }
    }

    func advance<Stop: Error>(by duration: Double, _ look: () throws(Stop) -> Void) throws(Stop) {
        try reduction?.advance(by: duration, look)
        try stepped?.advance(by: duration, look)
    }

    /// What is measured after an epoch.
    /// - Parameter look: called often where it takes long.
    func measure<Stop: Error>(
        _ network: GatedNetwork, loss: Double, epoch: Int, _ look: () throws(Stop) -> Void
    ) throws(Stop) -> [String: Double] {
        var values = reason?.values ?? [:]
        values.merge(circumstances) { first, _ in first }
        values[MetricName.theoryStatus] = Double(status.rawValue)
        guard let reduction else { return values }
        let theory = try reduction.loss(look)
        note(loss: loss, theory: theory, stepped: try stepped?.loss(look))
        values[MetricName.theoryLoss] = theory
        values[MetricName.theoryDeviationMax] = deviations.largest
        values[MetricName.theoryDeviationRMS] = (deviations.squares / deviations.count).squareRoot()
        let now = learnt(try reduction.progress(of: network, look))
        let ours = learnt(try reduction.progress(look))
        halves.add(epoch: epoch, now.map(\.fraction))
        theoryHalves.add(epoch: epoch, ours.map(\.fraction))
        values[MetricName.theoryHalfEpochErrorMax] = HalfTimes.largestError(
            of: theoryHalves.epochs, measured: halves.epochs)
        if let stepped {
            let fractions = learnt(try stepped.progress(look)).map(\.fraction)
            steppedHalves.add(epoch: epoch, fractions)
            values[MetricName.theoryStepDeviationMax] = steppedDeviation
            values[MetricName.theoryStepHalfEpochErrorMax] = HalfTimes.largestError(
                of: steppedHalves.epochs, measured: halves.epochs)
        }
        for index in now.indices.prefix(Limits.reportedModesMax) {
            values[MetricName.mode(index + 1)] = now[index].fraction
            values[MetricName.theoryMode(index + 1)] = ours[index].fraction
            values[MetricName.singularValue(index + 1)] = now[index].value
            values[MetricName.theorySingularValue(index + 1)] = ours[index].value
            values[MetricName.halfEpoch(index + 1)] = halves.epochs[index]
            values[MetricName.theoryHalfEpoch(index + 1)] = theoryHalves.epochs[index]
        }
        return values
    }

    private func note(loss: Double, theory: Double, stepped: Double?) {
        let deviation = deviation(of: loss, from: theory)
        deviations.count += 1
        deviations.largest = Self.larger(deviation, deviations.largest)
        deviations.squares += deviation * deviation
        guard let stepped else { return }
        let ofSteps = self.deviation(of: loss, from: stepped)
        steppedDeviation = Self.larger(ofSteps, steppedDeviation)
    }

    /// NaN if one of the two is: a loss that was not finite once stays the largest deviation.
    private static func larger(_ first: Double, _ second: Double) -> Double {
        first.isNaN || second.isNaN ? .nan : max(first, second)
    }

    private func deviation(of loss: Double, from theory: Double) -> Double {
        abs(loss - theory) / (firstLoss > 0 ? firstLoss : 1)
    }

    private func learnt(_ progress: [Double]) -> [(fraction: Double, value: Double)] {
        reduction?.learnt(progress) ?? []
    }
}

// MARK: - Resuming

extension TheoryTrack {
    /// All that it resumes from, beyond what the configuration says.
    var state: [Double] {
        [firstLoss, deviations.count, deviations.largest, deviations.squares, steppedDeviation]
            + halves.state + theoryHalves.state + steppedHalves.state
            + (reduction?.state ?? []) + (stepped?.state ?? [])
    }

    /// Resumes from `state`, as a training left it after `rows`.
    ///
    /// Throws a sentence if it is the state of another network, or one that no training of this
    /// configuration can be in. Numbers that follow from the weights may be any floats, also NaN.
    /// - Parameters:
    ///   - rows: one for each evaluation.
    ///   - epochDuration: how much time each epoch lets pass.
    func resume(
        _ state: [Double], after rows: [MetricRow], epochsCompleted: Int, epochDuration: Double
    ) throws(TrainingError) {
        let reductions = [reduction, stepped].compactMap { $0 }
        let counts =
            [5, halves.state.count, theoryHalves.state.count, steppedHalves.state.count]
            + reductions.map(\.stateCount)
        let wanted = counts.reduce(0, +)
        guard state.count == wanted else {
            throw TrainingError(
                "The checkpoint's theory has \(state.count) numbers; \(wanted) were wanted.")
        }
        var rest = state[...]
        let parts = counts.map { count in
            defer { rest = rest.dropFirst(count) }
            return Array(rest.prefix(count))
        }
        try checkDeviations(parts[0], evaluations: rows.count)
        let measured = reduction == nil ? 0 : rows.last?.epoch ?? 0
        try halves.check(parts[1], epochsCompleted: epochsCompleted, lastMeasured: measured)
        try theoryHalves.check(parts[2], epochsCompleted: epochsCompleted, lastMeasured: measured)
        try steppedHalves.check(
            parts[3], epochsCompleted: epochsCompleted,
            lastMeasured: stepped == nil ? 0 : measured)
        deviations = (parts[0][1], parts[0][2], parts[0][3])
        steppedDeviation = parts[0][4]
        halves.resume(parts[1])
        theoryHalves.resume(parts[2])
        steppedHalves.resume(parts[3])
        for (reduction, part) in zip(reductions, parts[4...]) {
            try reduction.resume(part, epochDuration: epochDuration)
        }
    }

    /// - Parameter state: the loss at the start, which the configuration decides; how many
    ///   deviations were noted; the largest, the sum of squares, and the largest from the reduction
    ///   under finite steps: never negative.
    private func checkDeviations(_ state: [Double], evaluations: Int) throws(TrainingError) {
        guard state[0].bitPattern == firstLoss.bitPattern else {
            throw TrainingError(
                "The checkpoint's first loss is \(state[0]); \(firstLoss) was wanted.")
        }
        // The start is measured, too.
        let wanted = reduction == nil ? 0 : evaluations + 1
        guard state[1] == Double(wanted) else {
            throw TrainingError(
                "The checkpoint's theory was compared \(state[1]) times; \(wanted) was wanted.")
        }
        for (index, value) in state.enumerated().dropFirst(2) {
            let mustBeZero = wanted == 0 || (index == 4 && stepped == nil)
            guard mustBeZero ? value == 0 : value.isNaN || value >= 0 else {
                throw TrainingError(
                    "The checkpoint has \(value) as a deviation from the theory, which none can be."
                )
            }
        }
    }
}
