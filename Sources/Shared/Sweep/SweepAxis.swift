/// One axis of a sweep: a name, and values that each set one path of the configuration or several.
public struct SweepAxis: Sendable {
    public let name: String
    /// Where its name stands.
    public let place: Place
    /// How many values it has, the lists inside structured values expanded; of a distribution its
    /// two ends.
    public let count: Int
    private let parts: [Part]
    /// Where the values come from, if not from a list.
    let distribution: Distribution?
    /// The report's columns for this axis: its name, under which each value has its label, if the
    /// values are maps of paths; then the paths, in the order of the configuration's.
    public let columns: [String]
    /// As they were written.
    private let entries: [SourceValue]
    let isGrouped: Bool
    private let paths: [String]
    private let expansion: ListExpansion
    private let experiment: Experiment

    /// Some of the values, in their order: those of lists are made, those of an entry that
    /// enumerates all gates have numbers.
    private struct Part: Sendable {
        let first: Int
        let content: Content

        enum Content: Sendable {
            case held([Value])
            case indexed(SourceValue)
        }
    }

    /// The key of a map of paths that is no path: what the report calls the value.
    static let labelKey = "label"

    public struct Value: Sendable {
        /// As a person wrote it; nil where the value has its number alone.
        let label: SourceValue?
        /// What it sets, path by path.
        let assignments: [Assignment]
        /// A text for each column of the axis.
        let cells: [String]
        let place: Place
    }

    struct Assignment: Sendable {
        let path: String
        /// The path's keys from the outside in.
        let keys: [String]
        let value: SourceValue

        init(path: String, value: SourceValue) {
            self.path = path
            keys = path.split(separator: ".").map(String.init)
            self.value = value
        }
    }

    /// - Parameters:
    ///   - isGrouped: whether the values are maps from paths to values.
    ///   - entries: as in the file; few enough when expanded (`ListExpansion.count`).
    init(
        name: String, place: Place, isGrouped: Bool, entries: [SourceValue],
        distribution: Distribution?, expansion: ListExpansion, experiment: Experiment
    ) {
        self.name = name
        self.place = place
        self.isGrouped = isGrouped
        self.entries = entries
        self.distribution = distribution
        self.expansion = expansion
        self.experiment = experiment
        let written = distribution?.ends ?? entries
        let leaves = name == "gate" ? [] : Set(written.flatMap(expansion.leaves))
        let paths = Self.columns(leaves, experiment)
        let axis = isGrouped ? nil : name
        var (parts, held, count): ([Part], [Value], Int) = ([], [], 0)
        func endHeld() {
            if held.isEmpty { return }
            parts.append(Part(first: count, content: .held(held)))
            count += held.count
            held = []
        }
        for entry in written {
            guard expansion.isIndexed(entry) else {
                for value in expansion.values(entry) {
                    let number = count + held.count + 1
                    held.append(Value(value, number, path: axis, columns: paths, experiment))
                }
                continue
            }
            endHeld()
            parts.append(Part(first: count, content: .indexed(entry)))
            count += Int(clamping: expansion.count(entry).exact ?? 0)
        }
        endHeld()
        (self.paths, self.parts, self.count) = (paths, parts, count)
        columns = (isGrouped ? [name] : []) + paths
    }

    /// - Parameter index: from 0 to `count` - 1.
    func value(at index: Int) -> Value {
        let part = parts.last { $0.first <= index } ?? parts[0]
        switch part.content {
        case .held(let values): return values[index - part.first]
        case .indexed(let entry):
            return Value(
                expansion.value(entry, at: index - part.first), index + 1,
                path: isGrouped ? nil : name, columns: paths, experiment)
        }
    }

    /// Those that are to be read before any task is: of gates that are enumerated one for all.
    var spokesmen: [Value] {
        parts.flatMap { part in
            switch part.content {
            case .held(let values): values
            case .indexed: [value(at: part.first)]
            }
        }
    }

    /// What it varies, in a few words.
    public var summary: String {
        if let distribution { return distribution.summary }
        return count == 1 ? "1 value" : "\(count) values"
    }

    /// The values as they travel.
    var wireValues: JSONValue {
        distribution?.json ?? .array(entries.flatMap(expansion.travelling).map(\.json))
    }

    /// A value that a distribution gave.
    func value(drawn: SourceValue) -> Value {
        Value(
            label: nil, assignments: [Assignment(path: name, value: drawn).spelledOut(experiment)],
            cells: [drawn.cell], place: drawn.place)
    }

    /// One column `seeds` where every value has one seed for all streams; where some have a map, a
    /// column for each stream.
    private static func columns(_ leaves: Set<String>, _ experiment: Experiment) -> [String] {
        var leaves = leaves
        let streams = experiment.seedStreams.map { "\(Experiment.seedsPath).\($0)" }
        if leaves.contains(Experiment.seedsPath), !leaves.isDisjoint(with: streams) {
            leaves.remove(Experiment.seedsPath)
            leaves.formUnion(streams)
        }
        return experiment.paths.filter(leaves.contains)
    }
}

extension SweepAxis.Value {
    /// - Parameters:
    ///   - number: the value's within its axis, from 1: its label where it has no other.
    ///   - path: nil where the value is a map of paths.
    fileprivate init(
        _ value: SourceValue, _ number: Int, path: String?, columns: [String],
        _ experiment: Experiment
    ) {
        place = value.place
        label = path == nil ? value[SweepAxis.labelKey] : nil
        let written: [SweepAxis.Assignment]
        if let path {
            written = [SweepAxis.Assignment(path: path, value: value)]
        } else {
            written = (value.members ?? []).filter { $0.key != SweepAxis.labelKey }.map {
                SweepAxis.Assignment(path: $0.key, value: $0.value)
            }
        }
        assignments = written.map { $0.spelledOut(experiment) }
        let leaves = Dictionary((written + assignments).flatMap(\.leaves)) { first, _ in first }
        cells =
            (path == nil ? [label?.cell ?? "\(number)"] : [])
            + columns.map { leaves[$0]?.cell ?? "" }
    }
}

extension SweepAxis.Assignment {
    /// The scalars that it sets, by path; none for a whole gate, which has columns of its own.
    var leaves: [(String, SourceValue)] {
        path == "gate" ? [] : Self.leaves(of: value, path)
    }

    /// The same with one seed for all streams as a map.
    fileprivate func spelledOut(_ experiment: Experiment) -> SweepAxis.Assignment {
        guard path == Experiment.seedsPath else { return self }
        return SweepAxis.Assignment(path: path, value: experiment.spelledOut(seeds: value))
    }

    private static func leaves(of value: SourceValue, _ path: String) -> [(String, SourceValue)] {
        guard let members = value.members else { return [(path, value)] }
        return members.flatMap { leaves(of: $0.value, "\(path).\($0.key)") }
    }
}
