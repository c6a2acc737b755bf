/// From a sweep file, or the message of one, to a `Sweep`. As many mistakes as can be told apart
/// are reported at once; the size is checked before anything is expanded.
extension Sweep {
    public init(reading document: SourceValue) throws(SweepMistakes) {
        let mistakes = MistakeCollector()
        let draft = Draft(document, mistakes: mistakes)
        try mistakes.throwIfAny()
        guard let draft else {
            throw SweepMistakes(SweepMistake(.wrongValue, at: document.place, "found no sweep"))
        }
        self = try draft.sweep()
        try checkEachValue()
    }
}

/// A sweep whose parts are right and whose size is not known yet.
private struct Draft {
    let name: String
    let experiment: Experiment
    let base: SourceValue
    let axes: [AxisDraft]
    let attempts: Int
    let checkpointEveryEpochs: Int?
    let axesPlace: Place

    init?(_ document: SourceValue, mistakes: MistakeCollector) {
        var fields = FieldReader(
            document, wanted: "a map of name, experiment, base and axes", mistakes: mistakes)
        guard document.members != nil else { return nil }
        name = fields.name("name", wanted: "a name for the sweep")
        _ = fields.value("experiment")
        let experiment = Experiment.read(from: document, mistakes: mistakes)
        let base = fields.required("base", wanted: "a map of a configuration's keys")
        let axes = fields.value("axes")
        axesPlace = axes?.place ?? document.place
        attempts = fields.integer(
            "attempts", in: 1...Limits.attemptsMax, default: Limits.attemptsDefault)
        checkpointEveryEpochs = fields.value("checkpoint").map { value in
            var fields = FieldReader(value, wanted: "a map of every_epochs", mistakes: mistakes)
            let epochs = fields.integer("every_epochs", in: 1...Limits.epochsMax, default: nil)
            fields.finish()
            return epochs
        }
        fields.finish { key in
            Experiment.allCases.contains { $0.paths.contains(key) } ? "base.\(key)" : nil
        }
        guard let experiment, let base else { return nil }
        self.experiment = experiment
        self.base = base
        if base.members == nil {
            mistakes.add(
                .wrongType, at: base.place,
                "found \(base.described), wanted a map of a configuration's keys")
        }
        self.axes = AxisDraft.read(axes, experiment, mistakes)
    }

    /// Counts, and only then expands.
    func sweep() throws(SweepMistakes) -> Sweep {
        let count = axes.map { $0.count(experiment) }.reduce(TaskCount(1), *)
        guard let exact = count.exact, exact <= Limits.tasksPerSweepMax else {
            let limit = Limits.tasksPerSweepMax
            throw SweepMistakes(
                SweepMistake(
                    .tooManyTasks, at: axesPlace,
                    "found \(count.text) tasks, wanted at most \(limit) in one sweep: split it"))
        }
        return Sweep(
            name: name, experiment: experiment, base: base,
            axes: axes.map { axis in
                SweepAxis(
                    name: axis.name, place: axis.place, isGrouped: axis.isGrouped,
                    entries: axis.entries, experiment: experiment)
            },
            attempts: attempts, checkpointEveryEpochs: checkpointEveryEpochs,
            count: Int(exact))
    }
}
