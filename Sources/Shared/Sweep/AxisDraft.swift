/// An axis as it is written, checked as far as that goes without knowing the size of the sweep: its
/// name, its values' shape, and that no other axis sets the same path.
struct AxisDraft {
    let name: String
    let place: Place
    let isGrouped: Bool
    /// Empty where the axis has a distribution in their place.
    let entries: [SourceValue]
    let distribution: Distribution?
    /// Every path that one of its values sets.
    let paths: [String]
    private let expansion: ListExpansion

    /// - Parameter domains: the base's, where it has a right number of them.
    static func read(
        _ axes: SourceValue?, _ experiment: Experiment, domains: Int?, _ mistakes: MistakeCollector
    ) -> [AxisDraft] {
        guard let axes, let members = members(of: axes, mistakes) else { return [] }
        if members.count > Limits.axesPerSweepMax {
            mistakes.add(
                .wrongValue, at: axes.place,
                "found \(members.count) axes, wanted at most \(Limits.axesPerSweepMax)")
            return []
        }
        let drafts = members.compactMap { AxisDraft($0, experiment, domains, mistakes) }
        checkOverlaps(drafts, mistakes)
        return drafts
    }

    /// The axes of a map, or of a list of maps with one key each, as they travel.
    private static func members(of axes: SourceValue, _ mistakes: MistakeCollector)
        -> [SourceValue.Member]?
    {
        let wanted = "a map from axes to lists of values"
        if let members = axes.members { return members }
        guard let elements = axes.elements else {
            mistakes.add(.wrongType, at: axes.place, "found \(axes.described), wanted \(wanted)")
            return nil
        }
        return elements.compactMap { element in
            guard let members = element.members, members.count == 1, var member = members.first
            else {
                mistakes.add(
                    .wrongType, at: element.place,
                    "found \(element.described), wanted one key: an axis, and its values")
                return nil
            }
            let place = Place(path: "\(axes.place.path).\(member.key)", line: element.place.line)
            member.value = member.value.moved(to: place)
            member.keyPlace = place
            return member
        }
    }

    private init?(
        _ member: SourceValue.Member, _ experiment: Experiment, _ domains: Int?,
        _ mistakes: MistakeCollector
    ) {
        name = member.key
        place = member.keyPlace
        isGrouped = !experiment.paths.contains(member.key)
        expansion = ListExpansion(
            path: isGrouped ? "" : name, experiment: experiment, domains: domains)
        guard let entries = member.value.elements else {
            guard !isGrouped, Distribution.isMeant(by: member.value) else {
                Self.addNoList(member.value, mistakes)
                return nil
            }
            guard let distribution = Distribution.read(member.value, mistakes) else { return nil }
            (self.entries, self.distribution, paths) = ([], distribution, [name])
            return
        }
        self.entries = entries
        distribution = nil
        if entries.isEmpty {
            mistakes.add(
                .emptyAxis, at: member.value.place,
                "found an empty list, wanted at least one value (or no such axis)")
        }
        guard isGrouped else {
            paths = [member.key]
            check(mistakes)
            return
        }
        paths = Self.unique(entries.flatMap { ($0.members ?? []).map(\.key) })
            .filter { $0 != SweepAxis.labelKey }
        guard checkName(experiment, mistakes), checkKeys(experiment, mistakes) else { return nil }
        check(mistakes)
    }

    private static func addNoList(_ value: SourceValue, _ mistakes: MistakeCollector) {
        let example = value.members == nil ? "[\(value.cell)]" : "[{…}]"
        mistakes.add(
            .wrongType, at: value.place,
            "found \(value.described), wanted a list, such as \(example)")
    }

    private static func unique(_ paths: [String]) -> [String] {
        var seen: Set<String> = []
        return paths.filter { seen.insert($0).inserted }
    }

    /// How many values it has; nil of a distribution, which has no number of them.
    var count: TaskCount? {
        distribution == nil ? entries.map(expansion.count).reduce(TaskCount(0), +) : nil
    }

    /// How many of them have to be made to know one.
    var heldCount: TaskCount {
        entries.filter { !expansion.isIndexed($0) }.map(expansion.count).reduce(TaskCount(0), +)
    }

    /// - Precondition: `heldCount` is small enough to make them all.
    func axis(_ experiment: Experiment) -> SweepAxis {
        SweepAxis(
            name: name, place: place, isGrouped: isGrouped, entries: entries,
            distribution: distribution, expansion: expansion, experiment: experiment)
    }

    private func check(_ mistakes: MistakeCollector) {
        checkRepeats(of: entries, mistakes)
        for entry in entries { expansion.check(entry, mistakes: mistakes) }
    }

    /// A name that is no path is right for an axis whose values are maps of paths.
    private func checkName(_ experiment: Experiment, _ mistakes: MistakeCollector) -> Bool {
        if !name.contains("."), !entries.isEmpty, entries.allSatisfy({ $0.members != nil }) {
            guard experiment.reportColumns.contains(name) else { return true }
            mistakes.add(
                .wrongValue, at: place,
                "found an axis with the name of another column of the report, wanted a name of "
                    + "its own")
            return false
        }
        let near = experiment.path(near: name).map { "; did you mean \($0)?" }
        mistakes.add(
            .unknownKey, at: place,
            "found an axis that is no path of a configuration"
                + (near ?? ", wanted a path such as init.gain, or maps of paths as its values"))
        return false
    }

    /// Each key of each value must be a path, and none inside another.
    private func checkKeys(_ experiment: Experiment, _ mistakes: MistakeCollector) -> Bool {
        var isRight = true
        for entry in entries where entry[SweepAxis.labelKey] != nil {
            var fields = FieldReader(entry, wanted: "a map of paths", mistakes: mistakes)
            _ = fields.name(SweepAxis.labelKey, wanted: "a label for the report")
        }
        for member in entries.flatMap({ $0.members ?? [] })
        where !mistakes.isFull && member.key != SweepAxis.labelKey
            && !experiment.paths.contains(member.key)
        {
            let near = experiment.path(near: member.key).map { "; did you mean \($0)?" }
            mistakes.add(
                .unknownKey, at: member.keyPlace,
                "found \(quoted(member.key)), which is no path of a configuration"
                    + (near ?? ", wanted a path such as init.gain"))
            isRight = false
        }
        for entry in entries {
            let members = entry.members ?? []
            for inner in members {
                guard let outer = members.first(where: { inner.key.hasPrefix($0.key + ".") })
                else { continue }
                mistakes.add(
                    .conflict, at: inner.keyPlace,
                    "found \(inner.key) beside \(outer.key), which holds it, wanted one of the two")
                isRight = false
            }
        }
        return isRight
    }

    private static func checkOverlaps(_ axes: [AxisDraft], _ mistakes: MistakeCollector) {
        for (index, axis) in axes.enumerated() {
            for earlier in axes[..<index] {
                guard let (mine, other) = overlap(axis, earlier) else { continue }
                let clash =
                    mine == other
                    ? "which the axis \(earlier.name) sets too"
                    : "which overlaps \(other) on the axis \(earlier.name)"
                mistakes.add(
                    .conflict, at: axis.place,
                    "found \(mine), \(clash), wanted each path on one axis only")
            }
        }
    }

    /// A path of each that are the same or one inside the other.
    private static func overlap(_ left: AxisDraft, _ right: AxisDraft) -> (String, String)? {
        for mine in left.paths {
            for other in right.paths
            where mine == other || mine.hasPrefix(other + ".") || other.hasPrefix(mine + ".") {
                return (mine, other)
            }
        }
        return nil
    }
}

extension Experiment {
    /// The path that was probably meant: by its last key, or by typing slips.
    func path(near typed: String) -> String? {
        paths.first { $0.hasSuffix("." + typed) } ?? nearestName(to: typed, among: paths)
    }
}

extension SourceValue {
    /// The same with another path for itself and all inside it: as a value of a list of one-key
    /// maps is spoken of as if it stood in a map.
    fileprivate func moved(to place: Place) -> SourceValue {
        switch content {
        case .list(let elements):
            let moved = elements.enumerated().map { $1.moved(to: place.appending(index: $0)) }
            return SourceValue(.list(moved), at: place)
        case .map(let members):
            let moved = members.map { member in
                let inner = Place(path: place.appending(key: member.key).path)
                return Member(
                    key: member.key, keyPlace: inner, value: member.value.moved(to: inner))
            }
            return SourceValue(.map(moved), at: place)
        default:
            return SourceValue(content, at: place)
        }
    }
}
