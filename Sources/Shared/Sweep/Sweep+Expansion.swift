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
        let read = experiment.read(map(at: choices(at: position)), mistakes: mistakes)
        try mistakes.throwIfAny()
        guard let read else {
            throw SweepMistakes(SweepMistake(.wrongValue, at: base.place, "found no configuration"))
        }
        return read
    }

    /// All tasks, each with a complete and right configuration, no two the same.
    public func expand() throws(SweepMistakes) -> [SweepPoint] {
        let mistakes = MistakeCollector()
        var points: [SweepPoint] = []
        points.reserveCapacity(count)
        var positions: [Configuration: Int] = [:]
        for position in 0..<count {
            if mistakes.isFull { break }
            let map = map(at: choices(at: position))
            guard let configuration = experiment.read(map, mistakes: mistakes) else { continue }
            if let earlier = positions.updateValue(position, forKey: configuration) {
                addRepeat(of: earlier, at: position, mistakes)
            }
            points.append(
                SweepPoint(
                    position: position, configuration: configuration,
                    axisCells: axisCells(at: position)))
        }
        try mistakes.throwIfAny()
        return points
    }

    /// Reads every value of every axis once, the other axes at their first: that finds nearly all
    /// mistakes at the price of a sum instead of a product.
    func checkEachValue() throws(SweepMistakes) {
        let mistakes = MistakeCollector()
        let first = axes.map { _ in 0 }
        _ = experiment.read(map(at: first), mistakes: mistakes)
        for (index, axis) in axes.enumerated() {
            for choice in axis.values.indices.dropFirst() {
                if mistakes.isFull { break }
                var choices = first
                choices[index] = choice
                _ = experiment.read(map(at: choices), mistakes: mistakes)
            }
        }
        try mistakes.throwIfAny()
    }

    private func addRepeat(of earlier: Int, at position: Int, _ mistakes: MistakeCollector) {
        let (before, now) = (choices(at: earlier), choices(at: position))
        let differing = axes.indices.last { before[$0] != now[$0] }
        let place = differing.map { axes[$0].values[now[$0]].place } ?? base.place
        let other = differing.map { axes[$0].values[before[$0]].place.path } ?? ""
        mistakes.add(
            .repeated, at: place,
            "found the same configuration as with \(other), wanted each task once")
    }
}

// MARK: - Overlaying

extension Sweep {
    /// The base with one value of each axis laid over it.
    private func map(at choices: [Int]) -> SourceValue {
        var members = base.members ?? []
        for (axis, choice) in zip(axes, choices) {
            for assignment in axis.values[choice].assignments {
                members.set(assignment.keys[...], to: assignment.value)
            }
        }
        return SourceValue(.map(members), at: base.place)
    }
}

extension [SourceValue.Member] {
    /// Sets the value at a path, making the maps on the way that are not there. What stands on the
    /// way and is no map stays, for the reader to complain of.
    fileprivate mutating func set(_ keys: ArraySlice<String>, to value: SourceValue) {
        guard let key = keys.first else { return }
        let rest = keys.dropFirst()
        guard let index = firstIndex(where: { $0.key == key }) else {
            append(Element(key: key, keyPlace: value.place, value: value.nested(in: rest)))
            return
        }
        if rest.isEmpty {
            self[index] = Element(key: key, keyPlace: value.place, value: value)
        } else if var inner = self[index].value.members {
            inner.set(rest, to: value)
            self[index].value.content = .map(inner)
        }
    }
}

extension SourceValue {
    /// The value inside maps of one key each.
    fileprivate func nested(in keys: ArraySlice<String>) -> SourceValue {
        keys.reversed().reduce(self) { value, key in
            SourceValue(
                .map([Member(key: key, keyPlace: place, value: value)]), at: place)
        }
    }
}
