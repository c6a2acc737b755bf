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
    let namePlace: Place
    let experiment: Experiment
    let base: SourceValue
    let axes: [AxisDraft]
    let search: Search
    let searchPlace: Place
    let searchSeedPlace: Place?
    let exclude: SourceValue?
    let exclusions: [Exclusion]
    let attempts: Int
    let recheckShare: Double
    let checkpointEveryEpochs: Int?
    let halving: Halving?
    let halvingPlace: Place
    let sharesResults: Bool
    let axesPlace: Place

    init?(_ document: SourceValue, mistakes: MistakeCollector) {
        var fields = FieldReader(
            document, wanted: "a map of name, experiment, base and axes", mistakes: mistakes)
        guard document.members != nil else { return nil }
        name = fields.name("name", wanted: "a name for the sweep")
        namePlace = fields.place("name")
        if [".", ".."].contains(name) {
            // In an address they are steps, not names.
            mistakes.add(
                .wrongValue, at: namePlace,
                "found \(quoted(name)), which no command could find again, wanted another name")
        }
        _ = fields.value("experiment")
        let experiment = Experiment.read(from: document, mistakes: mistakes)
        let base = fields.required("base", wanted: "a map of a configuration's keys")
        let axes = fields.value("axes")
        axesPlace = axes?.place ?? document.place
        exclude = fields.value("exclude")
        let search = fields.value("search")
        self.search = Search.read(search, mistakes)
        searchSeedPlace = search?["seed"]?.place
        searchPlace = search?.place ?? exclude?.place ?? document.place
        attempts = fields.integer(
            "attempts", in: 1...Limits.attemptsMax, default: Limits.attemptsDefault)
        checkpointEveryEpochs = fields.value("checkpoint").map { value in
            var fields = FieldReader(value, wanted: "a map of every_epochs", mistakes: mistakes)
            let epochs = fields.integer("every_epochs", in: 1...Limits.epochsMax, default: nil)
            fields.finish()
            return epochs
        }
        recheckShare =
            fields.value("recheck").map { value in
                var fields = FieldReader(value, wanted: "a map of share", mistakes: mistakes)
                let share = fields.number("share", .zeroToOne, default: nil)
                fields.finish()
                return share
            } ?? Limits.recheckShareDefault
        let halving = fields.value("halving")
        halvingPlace = halving?.place ?? document.place
        sharesResults = fields.bool("share_results", default: true)
        fields.finish { key in
            let asked = experiment.map { [$0] } ?? Experiment.allCases
            return asked.contains { $0.paths.contains(key) } ? "base.\(key)" : nil
        }
        guard let experiment, let base else { return nil }
        self.halving = Halving.read(halving, experiment, mistakes)
        let domains = base["domains"]?.wholeNumber
        exclusions = Self.exclusions(exclude, experiment, domains, mistakes)
        self.experiment = experiment
        self.base = experiment.spellingOutSeeds(base)
        if base.members == nil {
            mistakes.add(
                .wrongType, at: base.place,
                "found \(base.described), wanted a map of a configuration's keys")
        }
        self.axes = AxisDraft.read(
            axes, experiment, domains: domains, mistakes)
        if self.search == .grid {
            for axis in self.axes where axis.distribution != nil {
                mistakes.add(
                    .conflict, at: axis.place,
                    "found a distribution, wanted a list of values, or beside axes "
                        + "search: {method: random, tasks: 50}")
            }
        }
    }

    private static func exclusions(
        _ exclude: SourceValue?, _ experiment: Experiment, _ domains: Int?,
        _ mistakes: MistakeCollector
    ) -> [Exclusion] {
        guard let exclude else { return [] }
        guard let entries = exclude.elements, !entries.isEmpty else {
            mistakes.add(
                .wrongType, at: exclude.place,
                "found \(exclude.described), wanted a list of maps from paths to values")
            return []
        }
        return entries.flatMap { Exclusion.read($0, experiment, domains, mistakes) }
    }

    /// Counts, and only then expands.
    func sweep() throws(SweepMistakes) -> Sweep {
        let counts = axes.compactMap(\.count)
        // A random search makes as many as it says, of axes that are held but for indexed gates.
        let count =
            search == .grid
            ? counts.reduce(TaskCount(1), *) : axes.map(\.heldCount).reduce(TaskCount(0), +)
        let isAddressable = counts.allSatisfy { $0.exact.map { $0 <= Int.max } ?? false }
        guard isAddressable, let exact = count.exact, exact <= Limits.tasksPerSweepMax else {
            let limit = Limits.tasksPerSweepMax
            let found = search == .grid ? "\(count.text) tasks" : "\(count.text) values of axes"
            throw SweepMistakes(
                SweepMistake(
                    .tooManyTasks, at: axesPlace,
                    "found \(found), wanted at most \(limit) in one sweep: split it"))
        }
        let axes = axes.map { $0.axis(experiment) }
        return Sweep(
            name: name, namePlace: namePlace, experiment: experiment, base: base, axes: axes,
            search: search,
            searchSeedPlace: searchSeedPlace, exclusions: exclusions, exclude: exclude,
            combinations: try Sweep.combinations(
                axes, search, exclusions: exclusions, base: base, place: searchPlace),
            attempts: attempts, recheckShare: recheckShare,
            checkpointEveryEpochs: checkpointEveryEpochs, halving: halving,
            halvingPlace: halvingPlace, sharesResults: sharesResults)
    }
}
