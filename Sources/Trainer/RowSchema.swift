import Shared

/// Which metric rows a training measures, and after which epochs. The trainings ask it when they
/// measure, and a checkpoint's rows are checked against it. Pure.
struct RowSchema {
    let evaluations: EvaluationSchema
    let stop: StopRule?
    let onDivergence: DivergencePolicy

    var everyEpochs: Int { evaluations.everyEpochs }
    var epochs: Int { evaluations.epochs }
    var splits: [MetricRow.Split] { evaluations.splits }

    func isDue(after epoch: Int) -> Bool { evaluations.isDue(after: epoch) }

    /// The first epoch that the rows show to have diverged.
    static func divergedEpoch(in rows: [MetricRow]) -> Int? {
        rows.first(where: \.isDiverged)?.epoch
    }

    /// The epoch and split of every row that a training of `completed` epochs has measured.
    /// - Parameter diverged: the first epoch that diverged, which has rows whether they are due or
    ///   not.
    func dueRows(upTo completed: Int, diverged: Int? = nil)
        -> [(epoch: Int, split: MetricRow.Split)]
    {
        var due = Array(stride(from: everyEpochs, through: completed, by: everyEpochs))
        if completed == epochs, due.last != completed { due.append(completed) }
        if let diverged, diverged <= completed, !isDue(after: diverged) {
            due.insert(diverged, at: due.firstIndex { $0 > diverged } ?? due.endIndex)
        }
        return due.flatMap { epoch in splits.map { (epoch, $0) } }
    }

    /// Whether a training whose last evaluation gave these rows has learnt enough.
    /// - Parameter rows: all rows so far.
    func hasLearntEnough(_ rows: [MetricRow], after epoch: Int) -> Bool {
        guard let stop else { return false }
        return stop.isMet(by: Array(rows.suffix(splits.count).drop { $0.epoch != epoch }))
    }

    /// Throws a sentence unless the rows are those of a training of `completed` epochs.
    func check(_ rows: [MetricRow], epochsCompleted completed: Int) throws(TrainingError) {
        let diverged = Self.divergedEpoch(in: rows)
        let due = dueRows(upTo: completed, diverged: diverged)
        for (index, (row, wanted)) in zip(rows, due).enumerated() {
            guard row.epoch == wanted.epoch, row.split == wanted.split else {
                throw TrainingError(
                    "Metric row \(index + 1) of the checkpoint is that of epoch \(row.epoch), "
                        + "\(row.split.rawValue); epoch \(wanted.epoch), "
                        + "\(wanted.split.rawValue), was wanted.")
            }
            try checkNames(row)
        }
        guard rows.count == due.count else {
            throw TrainingError(
                "The checkpoint has \(rows.count) metric rows; a training of \(completed) epochs "
                    + "has \(due.count).")
        }
        if let diverged, onDivergence == .stop, diverged < completed {
            throw TrainingError(
                "The checkpoint has \(completed) epochs; its training diverged and ended after "
                    + "\(diverged).")
        }
        try checkEnd(rows, epochsCompleted: completed)
    }

    private func checkNames(_ row: MetricRow) throws(TrainingError) {
        let names = Set(row.values.keys)
        if let missing = evaluations.required.subtracting(names).min() {
            throw TrainingError(
                "The checkpoint's metrics of epoch \(row.epoch) lack \(missing).")
        }
        let known = evaluations.required.union(evaluations.optional)
        if let unknown = names.subtracting(known).min() {
            throw TrainingError(
                "The checkpoint's metrics of epoch \(row.epoch) have '\(unknown)', which this "
                    + "experiment does not measure.")
        }
    }

    /// A training that has learnt enough ends there: no later epoch can follow.
    private func checkEnd(_ rows: [MetricRow], epochsCompleted completed: Int)
        throws(TrainingError)
    {
        guard let stop else { return }
        for start in stride(from: 0, to: rows.count, by: splits.count) {
            let evaluation = Array(rows[start..<start + splits.count])
            guard evaluation[0].epoch < completed, stop.isMet(by: evaluation) else { continue }
            throw TrainingError(
                "The checkpoint has \(completed) epochs; its metrics ended the training after "
                    + "\(evaluation[0].epoch).")
        }
    }
}

extension RowSchema {
    init(_ configuration: KPathConfiguration, _ kinds: PathwayKinds) {
        self.init(
            evaluations: EvaluationSchema(configuration, kinds), stop: configuration.stop,
            onDivergence: configuration.onDivergence)
    }

    /// - Parameter losses: which of them the network has depends on its contexts alone.
    init(_ plan: GatedPlan, _ losses: GatedModel.Losses, isRouting: Bool) {
        let kinds = PathwayKinds(
            hasTrained: losses.trained != nil, hasUntrained: losses.untrained != nil)
        self.init(
            evaluations: EvaluationSchema(plan, isRouting ? .routing : .gatedNetwork, kinds),
            stop: plan.stop, onDivergence: plan.onDivergence)
    }
}
