/// What a sweep may hold and a person should know before it starts: where it is, and why.
public struct SweepWarning: Hashable, Sendable, CustomStringConvertible {
    public let place: Place
    /// Without a capital and a full stop: it follows the place.
    public let sentence: String

    /// In the form of a mistake: `line 12, axes.seeds.weights[1]: found …`.
    public var description: String { place.text(with: sentence) }
}

extension Sweep {
    /// What a person should know of the sweep and of its tasks.
    /// - Parameter points: all that `expand` makes.
    public func warnings(of points: [SweepPoint]) -> [SweepWarning] {
        warnings + nameWarnings + halvingWarnings(points) + stopWarnings(points)
            + reluWarnings(points)
    }

    /// A warning if tasks have a ReLU that is nowhere applied.
    private func reluWarnings(_ points: [SweepPoint]) -> [SweepWarning] {
        let idle = points.count { point in
            guard case .kPath(let configuration) = point.configuration else { return false }
            return configuration.relu && configuration.layers == 1
                && configuration.hiddenLayers == 1
        }
        if idle == 0 { return [] }
        return [
            SweepWarning(
                place: place(of: "relu"),
                sentence: "found relu: true, which has no effect in \(idle) of \(points.count) "
                    + "tasks: ReLU stands between the linear layers of a part, and with layers: 1 "
                    + "and hidden_layers: 1 each part has one")
        ]
    }

    /// A warning for each text that readers of a report take for something else: the sweep's name,
    /// gates' names, and what the axes choose.
    private var nameWarnings: [SweepWarning] {
        var texts = [SourceValue(.string(name), at: namePlace)]
        if let name = base["gate"]?["name"] { texts.append(name) }
        for axis in axes {
            if axis.isGrouped, CellText.formula(axis.name.utf8) != .none {
                texts.append(SourceValue(.string(axis.name), at: axis.place))
            }
            for value in axis.spokesmen {
                texts += [value.label].compactMap(\.self) + value.assignments.flatMap(\.names)
            }
        }
        var seen: Set<String> = []
        return texts.compactMap { text in
            guard case .string(let content) = text.content, seen.insert(content).inserted,
                let effect = CellText.misreading(of: content)
            else { return nil }
            return SweepWarning(place: text.place, sentence: "found \(quoted(content)), \(effect)")
        }
    }

    /// A warning for each path whose seed is above 2^53, at the first such value.
    var warnings: [SweepWarning] {
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

extension SweepAxis.Assignment {
    /// The texts that a person has chosen and a report shows.
    fileprivate var names: [SourceValue] {
        if path == "gate" { return value["name"].map { [$0] } ?? [] }
        return leaves.map(\.1)
    }
}
