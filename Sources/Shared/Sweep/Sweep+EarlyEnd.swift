/// What of a sweep's `halving` and of its tasks' `stop` can never happen: a task is compared by a
/// metric that its evaluations have, at an epoch before its last.
extension Sweep {
    /// Refuses a halving that can compare no task.
    func checkHalving(_ points: [SweepPoint], _ mistakes: MistakeCollector) {
        guard let halving, !points.isEmpty else { return }
        let reach = HalvingReach(halving, points)
        guard reach.comparable == 0 else { return }
        let sentence =
            if reach.withoutMetric == reach.taskCount {
                "found \(halving.metric.name), which no task measures, so that no task can be "
                    + "halved; wanted a metric that tasks measure"
            } else if reach.tooShort == reach.taskCount {
                "found rungs \(halving.rungsText), of which none is before the last epoch of any "
                    + "task, so that no task can be halved; wanted rungs below "
                    + "\(reach.epochsMax)"
            } else {
                "found that no task can be halved: of \(reach.taskCount), \(reach.withoutMetric) "
                    + "do not measure \(halving.metric.name) and \(reach.tooShort) have no rung of "
                    + "\(halving.rungsText) before their last epoch"
            }
        mistakes.add(.conflict, at: halvingPlace, sentence)
    }

    func halvingWarnings(_ points: [SweepPoint]) -> [SweepWarning] {
        guard let halving else { return [] }
        return HalvingReach(halving, points).sentences.map {
            SweepWarning(place: halvingPlace, sentence: $0)
        }
    }

    /// A warning for each metric of a `stop` that some task does not measure.
    func stopWarnings(_ points: [SweepPoint]) -> [SweepWarning] {
        var schemas = EvaluationSchemas()
        var (metrics, counts): ([MeasuredColumn], [MeasuredColumn: Int]) = ([], [:])
        for point in points {
            guard let metric = point.configuration.stop?.metric,
                schemas.schema(of: point.configuration)?.presence(of: metric) == .never
            else { continue }
            if counts[metric] == nil { metrics.append(metric) }
            counts[metric, default: 0] += 1
        }
        return metrics.map { metric in
            SweepWarning(
                place: place(of: "stop"),
                sentence: "found a stop by \(metric.name), which \(counts[metric] ?? 0) of "
                    + "\(points.count) tasks do not measure: these never stop early")
        }
    }

    /// Where a key is set: by the base, or else by an axis.
    func place(of key: String) -> Place {
        if let value = base[key] { return value.place }
        let axis = axes.first { axis in
            axis.spokesmen.first?.assignments.contains {
                $0.path == key || $0.path.hasPrefix(key + ".")
            } ?? false
        }
        return axis?.place ?? base.place
    }
}

extension Halving {
    fileprivate var rungsText: String {
        "[" + rungs.map(String.init).joined(separator: ", ") + "]"
    }
}

/// How many tasks a halving can compare, and why not all.
struct HalvingReach {
    let halving: Halving
    let taskCount: Int
    /// Tasks that never have the metric.
    private(set) var withoutMetric = 0
    /// Of the others, tasks that end at their first rung or before.
    private(set) var tooShort = 0
    /// Of the others, tasks whose training decides whether they have the metric.
    private(set) var undecided = 0
    /// The most epochs that a task has.
    private(set) var epochsMax = 0
    private var reachedRungs: Set<Int> = []

    var comparable: Int { taskCount - withoutMetric - tooShort }

    init(_ halving: Halving, _ points: [SweepPoint]) {
        (self.halving, taskCount) = (halving, points.count)
        var schemas = EvaluationSchemas()
        for point in points {
            // A gate that cannot be made is the training's error.
            guard let schema = schemas.schema(of: point.configuration) else { continue }
            epochsMax = max(epochsMax, schema.epochs)
            let presence = schema.presence(of: halving.metric)
            let rungs = halving.rungs.filter { $0 < schema.epochs && schema.isDue(after: $0) }
            switch presence {
            case .never: withoutMetric += 1
            case _ where rungs.isEmpty: tooShort += 1
            case .trainingDecides: undecided += 1
            case .always: break
            }
            if presence != .never { reachedRungs.formUnion(rungs) }
        }
    }

    /// What a person should know although some tasks can be halved.
    var sentences: [String] {
        var sentences: [String] = []
        let name = halving.metric.name
        if withoutMetric > 0 {
            sentences.append(
                "found \(name), which \(withoutMetric) of \(taskCount) tasks do not measure: "
                    + "these are never halved")
        }
        if tooShort > 0 {
            sentences.append(
                "found rungs \(halving.rungsText), of which none is before the last epoch of "
                    + "\(tooShort) of \(taskCount) tasks: these are never halved")
        }
        let idle = halving.rungs.filter { !reachedRungs.contains($0) }
        if !idle.isEmpty {
            let list = idle.map(String.init).joined(separator: ", ")
            sentences.append(
                "found \(idle.count == 1 ? "rung" : "rungs") \(list), where no task is compared: "
                    + "wanted epochs before the last of some task")
        }
        if undecided > 0 {
            sentences.append(
                "found \(name), which \(undecided) of \(taskCount) tasks may not measure, "
                    + "depending on their training: without it a task is not halved")
        }
        if comparable == 1, taskCount > 0 {
            sentences.append(
                "found one task that can be halved, and none to compare it with: nothing is halved"
            )
        }
        return sentences
    }
}
