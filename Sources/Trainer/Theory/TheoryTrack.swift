import Shared

/// The theory beside a training: the reduction on the training's clock, and how far apart the two
/// have been.
final class TheoryTrack {
    let status: TheoryStatus
    /// For a person: what fails, with how much of it.
    let detail: String
    /// The same in numbers.
    private let reason: TheoryReason?
    /// Nil where the theory has nothing to say.
    let reduction: Reduction?

    private var deviations = (count: 0.0, largest: 0.0, squares: 0.0)
    private var firstLoss = 0.0
    private var halves: HalfTimes
    private var theoryHalves: HalfTimes

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
        if let modes = found.modes {
            let edges = model.graph.edges.count
            let start =
                found.start
                ?? (plan.theoryStart == nil ? EffectiveStart(model, parts, modes).values : nil)
                ?? modes.all.map { _ in [Double](repeating: approximateStart, count: edges) }
            reduction = try Reduction(
                model, parts, modes, start: start, tolerance: Self.flowTolerance,
                firstStep: plan.method.learningRate)
        } else {
            reduction = nil
        }
        let count = min(reduction?.levels.count ?? 0, Limits.reportedModesMax)
        (halves, theoryHalves) = (HalfTimes(count: count), HalfTimes(count: count))
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

    /// What is measured before the first epoch.
    func begin(_ network: GatedNetwork, loss: Double) {
        firstLoss = loss
        guard let reduction else { return }
        note(loss: loss, theory: reduction.loss {})
        halves.add(epoch: 0, reported(reduction.progress(of: network) {}).map(\.fraction))
        theoryHalves.add(epoch: 0, reported(reduction.progress {}).map(\.fraction))
    }

    func advance<Stop: Error>(by duration: Double, _ look: () throws(Stop) -> Void) throws(Stop) {
        try reduction?.advance(by: duration, look)
    }

    /// What is measured after an epoch.
    /// - Parameter look: called often where it takes long.
    func measure<Stop: Error>(
        _ network: GatedNetwork, loss: Double, epoch: Int, _ look: () throws(Stop) -> Void
    ) throws(Stop) -> [String: Double] {
        var values = reason?.values ?? [:]
        values[MetricName.theoryStatus] = Double(status.rawValue)
        guard let reduction else { return values }
        let theory = try reduction.loss(look)
        note(loss: loss, theory: theory)
        values[MetricName.theoryLoss] = theory
        values[MetricName.theoryDeviationMax] = deviations.largest
        values[MetricName.theoryDeviationRMS] = (deviations.squares / deviations.count).squareRoot()
        let now = reported(try reduction.progress(of: network, look))
        let ours = reported(try reduction.progress(look))
        halves.add(epoch: epoch, now.map(\.fraction))
        theoryHalves.add(epoch: epoch, ours.map(\.fraction))
        for index in now.indices {
            values[MetricName.mode(index + 1)] = now[index].fraction
            values[MetricName.theoryMode(index + 1)] = ours[index].fraction
            values[MetricName.singularValue(index + 1)] = now[index].value
            values[MetricName.theorySingularValue(index + 1)] = ours[index].value
            values[MetricName.halfEpoch(index + 1)] = halves.epochs[index]
            values[MetricName.theoryHalfEpoch(index + 1)] = theoryHalves.epochs[index]
        }
        return values
    }

    private func note(loss: Double, theory: Double) {
        let deviation = abs(loss - theory) / (firstLoss > 0 ? firstLoss : 1)
        deviations.count += 1
        // A loss that is no number any more stays the largest.
        if !(deviation <= deviations.largest) { deviations.largest = deviation }
        deviations.squares += deviation * deviation
    }

    private func reported(_ progress: [Double]) -> [(fraction: Double, value: Double)] {
        Array((reduction?.learnt(progress) ?? []).prefix(Limits.reportedModesMax))
    }
}

// MARK: - Resuming

extension TheoryTrack {
    /// All that it resumes from, beyond what the configuration says.
    var state: [Double] {
        [firstLoss, deviations.count, deviations.largest, deviations.squares]
            + halves.state + theoryHalves.state + (reduction?.state ?? [])
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
        let half = halves.state.count
        let wanted = 4 + 2 * half + (reduction?.state.count ?? 0)
        guard state.count == wanted else {
            throw TrainingError(
                "The checkpoint's theory has \(state.count) numbers; \(wanted) were wanted.")
        }
        try checkDeviations(Array(state[..<4]), evaluations: rows.count)
        let measured = reduction == nil ? 0 : rows.last?.epoch ?? 0
        for start in [4, 4 + half] {
            let part = Array(state[start..<start + half])
            try halves.check(part, epochsCompleted: epochsCompleted, lastMeasured: measured)
        }
        deviations = (state[1], state[2], state[3])
        halves.resume(Array(state[4..<4 + half]))
        theoryHalves.resume(Array(state[4 + half..<4 + 2 * half]))
        try reduction?.resume(Array(state[(4 + 2 * half)...]), epochDuration: epochDuration)
    }

    /// - Parameter state: the loss at the start, which the configuration decides; how many
    ///   deviations were noted; the largest, and the sum of squares: never negative.
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
        for value in state[2...] {
            guard wanted == 0 ? value == 0 : value.isNaN || value >= 0 else {
                throw TrainingError(
                    "The checkpoint has \(value) as a deviation from the theory, which none can be."
                )
            }
        }
    }
}

/// When some growing numbers were a half, between the two measurements around it.
private struct HalfTimes {
    /// Nil where it has not come so far.
    private(set) var epochs: [Double?]
    private var last: (epoch: Double, values: [Double])

    init(count: Int) {
        epochs = [Double?](repeating: nil, count: count)
        last = (0, [Double](repeating: 0, count: count))
    }

    mutating func add(epoch: Int, _ values: [Double]) {
        let epoch = Double(epoch)
        for (index, value) in values.enumerated() where epochs[index] == nil && value >= 0.5 {
            let before = last.values[index]
            let share = value > before ? (0.5 - before) / (value - before) : 1
            epochs[index] = last.epoch + min(max(share, 0), 1) * (epoch - last.epoch)
        }
        last = (epoch, values)
    }

    var state: [Double] { epochs.map { $0 ?? -1 } + [last.epoch] + last.values }

    /// Throws unless the state is one after a training of so many epochs. A half lies between the
    /// start and the last measurement; it is NaN if the numbers around it were infinite.
    /// - Parameter measured: the epoch of the last measurement, 0 before the first.
    func check(_ state: [Double], epochsCompleted: Int, lastMeasured measured: Int)
        throws(TrainingError)
    {
        let possible = 0...Double(epochsCompleted)
        for half in state[..<epochs.count] {
            guard half == -1 || half.isNaN || possible.contains(half) else {
                throw TrainingError(
                    "The checkpoint has \(half) as the epoch of a half; -1 or 0 to "
                        + "\(epochsCompleted) was wanted.")
            }
        }
        guard state[epochs.count] == Double(measured) else {
            throw TrainingError(
                "The checkpoint's theory was last compared after \(state[epochs.count]) epochs; "
                    + "\(measured) was wanted.")
        }
    }

    mutating func resume(_ state: [Double]) {
        let count = epochs.count
        epochs = state[..<count].map { $0 < 0 ? nil : $0 }
        last = (state[count], Array(state[(count + 1)...]))
    }
}
