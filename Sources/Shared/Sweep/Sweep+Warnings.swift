/// What a sweep may hold and a person should know before it starts: where it is, and why.
public struct SweepWarning: Hashable, Sendable, CustomStringConvertible {
    public let place: Place
    /// Without a capital and a full stop: it follows the place.
    public let sentence: String

    /// In the form of a mistake: `line 12, axes.seeds.weights[1]: found …`.
    public var description: String { place.text(with: sentence) }
}

extension Sweep {
    /// A warning for each path whose seed is above 2^53, at the first such value.
    public var warnings: [SweepWarning] {
        var found: [SweepWarning] = []
        func add(_ value: SourceValue) {
            if let warning = Self.warning(value),
                !found.contains(where: { $0.place == value.place })
            {
                found.append(warning)
            }
        }
        let streams = experiment.seedStreams.map { "\(Experiment.seedsPath).\($0)" }
        let base = base[Experiment.seedsPath]?.members ?? []
        for member in base where !isReplaced("\(Experiment.seedsPath).\(member.key)") {
            add(member.value)
        }
        for axis in axes {
            var warned: Set<String> = []
            for (path, value) in axis.spokesmen.flatMap(\.assignments).flatMap(\.leaves)
            where streams.contains(path) && Self.warning(value) != nil {
                if warned.insert(path).inserted { add(value) }
            }
        }
        if case .random(_, let seed) = search, let place = searchSeedPlace {
            add(SourceValue(.integer(Int(clamping: seed)), at: place))
        }
        return found
    }

    /// Whether every value of some axis sets the path, so that what the base says is in no task.
    private func isReplaced(_ path: String) -> Bool {
        axes.contains { axis in
            axis.spokesmen.allSatisfy { value in
                value.assignments.contains { $0.path == path || path.hasPrefix($0.path + ".") }
            }
        }
    }

    /// Nil for a seed that every reader holds.
    private static func warning(_ seed: SourceValue) -> SweepWarning? {
        guard let whole = seed.wholeNumber, whole > Int(Limits.float64IntegerMax) else {
            return nil
        }
        return SweepWarning(
            place: seed.place,
            sentence: "found \(whole), a seed above \(Int(Limits.float64IntegerMax)) (2^53), which "
                + "readers of CSV and JSON with float64 numbers (pandas, R, JavaScript, "
                + "spreadsheets) change")
    }
}
