/// What a sweep leaves out: every combination of axis values that has all of some values, such as
/// `{hidden_width: 1024, init.gain: 10}`. It is asked before a configuration is read, so that what
/// would be wrong can be left out too.
struct Exclusion: Sendable {
    /// Where the map stands.
    let place: Place
    /// What must all be there, scalar by scalar.
    private let conditions: [Condition]

    private struct Condition: Sendable {
        let path: String
        let keys: [String]
        /// The value's text, as `SourceValue.cell` writes it.
        let text: String
    }

    /// All that an entry of `exclude` means; a list in it stands for one value with each of its
    /// elements.
    /// - Parameter domains: the base's, for gates that are enumerated.
    static func read(
        _ value: SourceValue, _ experiment: Experiment, _ domains: Int?,
        _ mistakes: MistakeCollector
    ) -> [Exclusion] {
        guard let members = value.members, !members.isEmpty else {
            mistakes.add(
                .wrongType, at: value.place,
                "found \(value.described), wanted a map from paths to values, "
                    + "such as {hidden_width: 64}")
            return []
        }
        let expansion = ListExpansion(path: "", experiment: experiment, domains: domains)
        guard check(members, experiment, mistakes) else { return [] }
        let before = mistakes.found.count
        expansion.check(value, mistakes: mistakes)
        guard mistakes.found.count == before else { return [] }
        guard let count = expansion.count(value).exact, count <= Limits.exclusionsMax else {
            mistakes.add(
                .wrongValue, at: value.place,
                "found more than \(Limits.exclusionsMax) combinations in one entry, wanted at most "
                    + "that")
            return []
        }
        return expansion.values(value).map { Exclusion(experiment.spellingOutSeeds($0)) }
    }

    private static func check(
        _ members: [SourceValue.Member], _ experiment: Experiment, _ mistakes: MistakeCollector
    ) -> Bool {
        var isRight = true
        for member in members where !experiment.paths.contains(member.key) {
            let near = experiment.path(near: member.key).map { "; did you mean \($0)?" }
            mistakes.add(
                .unknownKey, at: member.keyPlace,
                "found \(quoted(member.key)), which is no path of a configuration"
                    + (near ?? ", wanted a path such as init.gain"))
            isRight = false
        }
        return isRight
    }

    private init(_ value: SourceValue) {
        place = value.place
        conditions = Self.conditions(of: value, [])
    }

    private static func conditions(of value: SourceValue, _ keys: [String]) -> [Condition] {
        (value.members ?? []).flatMap { member -> [Condition] in
            let inner = keys + member.key.split(separator: ".").map(String.init)
            if member.value.members != nil { return conditions(of: member.value, inner) }
            let path = inner.joined(separator: ".")
            return [Condition(path: path, keys: inner, text: member.value.cell)]
        }
    }

    /// - Parameter map: a configuration as it would be read.
    func holds(for map: SourceValue) -> Bool {
        conditions.allSatisfy { condition in
            let value = condition.keys.reduce(map as SourceValue?) { $0?[$1] }
            return value?.cell == condition.text
        }
    }
}
