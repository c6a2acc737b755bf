/// The `seeds` of a configuration: a map from streams of random numbers to their seeds, or one
/// whole number, which is the seed of every stream. A configuration's JSON always has the map.
extension FieldReader {
    /// The seeds by stream; 0 for each that is not given or is wrong.
    mutating func seeds(of experiment: Experiment) -> [String: UInt64] {
        let streams = experiment.seedStreams
        guard let value = value(Experiment.seedsPath) else { return [:] }
        let range = 0...Int.max
        guard value.members != nil else {
            let wanted =
                "a whole number from 0 to \(range.upperBound) for every stream, or a map of seeds "
                + "by stream (\(alternatives(streams)))"
                + (value.elements == nil ? "" : "; a list of seeds is an axis")
            let seed = UInt64(integer(value, in: range, wanted: wanted) ?? 0)
            return Dictionary(uniqueKeysWithValues: streams.map { ($0, seed) })
        }
        var fields = FieldReader(value, wanted: "a map of seeds by stream", mistakes: mistakes)
        var seeds: [String: UInt64] = [:]
        for stream in streams {
            seeds[stream] = UInt64(fields.integer(stream, in: range, default: 0))
        }
        fields.finish()
        return seeds
    }
}

extension Experiment {
    static let seedsPath = "seeds"

    /// The streams of random numbers of a task, in the order of `paths`.
    var seedStreams: [String] { Self.streams[self] ?? [] }

    /// Found once: every configuration that is read asks for them.
    private static let streams: [Experiment: [String]] = {
        let prefix = seedsPath + "."
        return Dictionary(
            uniqueKeysWithValues: allCases.map { experiment in
                let paths = experiment.paths.filter { $0.hasPrefix(prefix) }
                return (experiment, paths.map { String($0.dropFirst(prefix.count)) })
            })
    }()

    /// The map that one seed for every stream stands for, so that axes and `exclude` meet single
    /// streams there; every other value stays as it is.
    func spelledOut(seeds value: SourceValue) -> SourceValue {
        guard let seed = value.wholeNumber, seed >= 0 else { return value }
        return SourceValue(
            .map(
                seedStreams.map { SourceValue.Member(key: $0, keyPlace: value.place, value: value) }
            ), at: value.place)
    }

    /// The same map of a configuration's keys, with its seeds spelled out.
    func spellingOutSeeds(_ map: SourceValue) -> SourceValue {
        guard let members = map.members else { return map }
        let spelled = members.map { member in
            var member = member
            if member.key == Self.seedsPath { member.value = spelledOut(seeds: member.value) }
            return member
        }
        return SourceValue(.map(spelled), at: map.place)
    }
}
