/// Which of the combinations of axis values become tasks: what `search` says, without what
/// `exclude` leaves out. The number of tasks is bounded before any is made.
extension Sweep {
    static func combinations(
        _ axes: [SweepAxis], _ search: Search, exclusions: [Exclusion], base: SourceValue,
        place: Place
    ) throws(SweepMistakes) -> Combinations {
        // Drawn values are part of the tasks.
        FloatEnvironment.setDefault()
        let chosen: Combinations
        var used = [Bool](repeating: false, count: exclusions.count)
        func isExcluded(_ values: [SweepAxis.Value]) -> Bool {
            let map = map(base, with: values)
            var isExcluded = false
            for (index, exclusion) in exclusions.enumerated() where exclusion.holds(for: map) {
                (used[index], isExcluded) = (true, true)
            }
            return isExcluded
        }
        switch search {
        case .grid:
            let count = axes.reduce(1) { $0 * $1.count }
            if exclusions.isEmpty { return .all(count) }
            chosen = .kept(
                (0..<count).filter { !isExcluded(Combinations.values(of: $0, axes)) })
            if let idle = used.firstIndex(of: false) {
                throw mistake(
                    at: exclusions[idle].place,
                    "found an entry that leaves nothing out, wanted one that holds for some "
                        + "combination of base and axes")
            }
        case .random(let tasks, let seed):
            chosen = .drawn(try drawn(tasks, seed, axes, place, isExcluded))
        }
        guard chosen.count > 0 else {
            throw mistake(at: place, "found that exclude leaves no task, wanted at least one")
        }
        return chosen
    }

    /// Combinations that differ; those that are left out or were drawn before are drawn again.
    private static func drawn(
        _ tasks: Int, _ seed: UInt64, _ axes: [SweepAxis], _ place: Place,
        _ isExcluded: ([SweepAxis.Value]) -> Bool
    ) throws(SweepMistakes) -> [[SweepAxis.Value]] {
        let values = axes.map {
            $0.distribution == nil ? TaskCount($0.count) : TaskCount(tasks)
        }
        let all = values.reduce(TaskCount(1), *)
        if let all = all.exact, all < UInt128(tasks) {
            throw mistake(
                at: place,
                "found \(tasks) tasks, wanted at most the \(all) combinations of the axes")
        }
        var (draws, seen) = (CombinationDraws(axes, seed: seed), Set<[String]>())
        var chosen: [[SweepAxis.Value]] = []
        chosen.reserveCapacity(tasks)
        let most = Limits.drawsMin + Limits.drawsPerTaskMax * tasks
        for _ in 0..<most where chosen.count < tasks {
            let values = draws.next()
            guard !isExcluded(values), seen.insert(values.map(\.identity)).inserted else {
                continue
            }
            chosen.append(values)
        }
        guard chosen.count == tasks else {
            throw mistake(
                at: place,
                "found only \(chosen.count) different combinations in \(most) draws, "
                    + "wanted \(tasks): fewer tasks, or method: grid")
        }
        return chosen
    }

    private static func mistake(at place: Place, _ sentence: String) -> SweepMistakes {
        SweepMistakes(SweepMistake(.conflict, at: place, sentence))
    }

    /// The base with one value of each axis laid over it.
    static func map(_ base: SourceValue, with values: [SweepAxis.Value]) -> SourceValue {
        var members = base.members ?? []
        for assignment in values.flatMap(\.assignments) {
            members.set(assignment.keys[...], to: assignment.value)
        }
        return SourceValue(.map(members), at: base.place)
    }
}

extension SweepAxis.Value {
    /// The same text exactly for the same value of one axis.
    fileprivate var identity: String {
        assignments.map { "\($0.path): \($0.value.cell)" }.joined(separator: ", ")
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
