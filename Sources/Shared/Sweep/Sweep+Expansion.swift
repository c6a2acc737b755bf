/// From a sweep to the configurations of its tasks. An axis value is laid over the base with its
/// own place, so that a mistake in a configuration points to the line that brought it in.
extension Sweep {
    /// The configuration of one task; `position` counts from 0, the last axis fastest.
    public func configuration(at position: Int) throws(SweepMistakes) -> Configuration {
        guard (0..<count).contains(position) else {
            throw SweepMistakes(
                SweepMistake(
                    .wrongValue, at: Place(),
                    "found no task at position \(position), wanted 0 to \(count - 1)"))
        }
        let mistakes = MistakeCollector()
        let read = experiment.read(map(at: position), mistakes: mistakes)
        try mistakes.throwIfAny()
        guard let read else {
            throw SweepMistakes(SweepMistake(.wrongValue, at: base.place, "found no configuration"))
        }
        return read
    }

    /// All tasks, each with a complete and right configuration, no two the same.
    /// - Parameter isCancelled: asked before each task; true ends the work, and the result is of no
    ///   use.
    public func expand(unless isCancelled: () -> Bool = { false }) throws(SweepMistakes)
        -> [SweepPoint]
    {
        let mistakes = MistakeCollector()
        var points: [SweepPoint] = []
        points.reserveCapacity(count)
        var positions: [Configuration: Int] = [:]
        for position in 0..<count {
            if mistakes.isFull || isCancelled() { break }
            let map = map(at: position)
            let read = experiment.read(map, mistakes: mistakes)
            guard let configuration = read else { continue }
            halving?.check(configuration, at: halvingPlace, mistakes)
            if let earlier = positions.updateValue(position, forKey: configuration) {
                addRepeat(of: earlier, at: position, mistakes)
            }
            points.append(
                SweepPoint(
                    position: position, configuration: configuration,
                    axisCells: axisCells(at: position), gateLabel: GateLabel(map["gate"])))
        }
        try mistakes.throwIfAny()
        checkHalving(points, mistakes)
        try mistakes.throwIfAny()
        return points
    }

    /// Reads every value of every axis once, the other axes at their first: that finds nearly all
    /// mistakes at the price of a sum instead of a product. Of a distribution both ends are read.
    /// Once a mistake is found, no axis is read to a far end: thousands of gates over one base
    /// would have the same mistakes, and that takes its time.
    func checkEachValue() throws(SweepMistakes) {
        let mistakes = MistakeCollector()
        let first = axes.map { $0.value(at: 0) }
        check(first, mistakes)
        for (index, axis) in axes.enumerated() {
            for (number, value) in axis.spokesmen.enumerated() {
                let isEnough = number >= Limits.valuesReadBesideMistakesMax
                if mistakes.isFull || (isEnough && !mistakes.found.isEmpty) { break }
                var values = first
                values[index] = value
                check(values, mistakes)
            }
        }
        try mistakes.throwIfAny()
    }

    private func check(_ values: [SweepAxis.Value], _ mistakes: MistakeCollector) {
        let map = Self.map(base, with: values)
        if exclusions.contains(where: { $0.holds(for: map) }) { return }
        _ = experiment.read(map, mistakes: mistakes)
    }

    private func map(at position: Int) -> SourceValue {
        Self.map(base, with: combinations.values(at: position, axes))
    }

    private func addRepeat(of earlier: Int, at position: Int, _ mistakes: MistakeCollector) {
        let before = combinations.values(at: earlier, axes)
        let now = combinations.values(at: position, axes)
        let differing = axes.indices.last { before[$0].place != now[$0].place }
        let place = differing.map { now[$0].place } ?? base.place
        let other = differing.map { before[$0].place.path } ?? ""
        mistakes.add(
            .repeated, at: place,
            "found the same configuration as with \(other), wanted each task once")
    }
}

extension GateLabel {
    fileprivate init(_ gate: SourceValue?) {
        self.init(name: gate?["name"]?.cell, family: gate?["family"]?.cell)
    }
}
