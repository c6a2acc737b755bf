/// One axis of a sweep: a name, and values that each set one path of the configuration or several.
public struct SweepAxis: Sendable {
    public let name: String
    /// Where its name stands.
    public let place: Place
    /// In order, the lists inside structured values already expanded; of a distribution its two
    /// ends.
    public let values: [Value]
    /// Where the values come from, if not from a list.
    let distribution: Distribution?
    /// The report's columns for this axis, in the order of the configuration's paths.
    public let columns: [String]
    /// As they were written.
    private let entries: [SourceValue]
    private let isGrouped: Bool
    private let expansion: ListExpansion

    public struct Value: Sendable {
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
        let written = distribution?.ends ?? entries.flatMap(expansion.values)
        let settings = written.map { value in
            (place: value.place, assignments: Self.assignments(value, isGrouped ? nil : name))
        }
        let leaves = settings.map {
            Dictionary($0.assignments.flatMap(\.leaves)) { first, _ in first }
        }
        let set = Set(leaves.flatMap(\.keys))
        let columns = experiment.paths.filter(set.contains)
        self.columns = columns
        values = zip(settings, leaves).map { setting, leaves in
            Value(
                assignments: setting.assignments, cells: columns.map { leaves[$0]?.cell ?? "" },
                place: setting.place)
        }
    }

    private static func assignments(_ value: SourceValue, _ path: String?) -> [Assignment] {
        if let path { return [Assignment(path: path, value: value)] }
        return (value.members ?? []).map { Assignment(path: $0.key, value: $0.value) }
    }

    /// What it varies, in a few words.
    public var summary: String {
        if let distribution { return distribution.summary }
        return values.count == 1 ? "1 value" : "\(values.count) values"
    }

    /// The values as they travel. A map loses the order of its keys on the way, and with it the
    /// order of the product of several lists in it: such a value travels expanded. An enumeration
    /// of gates is short as it is.
    var wireValues: JSONValue {
        if let distribution { return distribution.json }
        return .array(
            entries.flatMap { entry in
                expansion.isEnumeration(entry)
                    ? [entry.json] : expansion.values(entry).map(\.json)
            })
    }

    /// A value that a distribution gave.
    func value(drawn: SourceValue) -> Value {
        Value(
            assignments: [Assignment(path: name, value: drawn)], cells: [drawn.cell],
            place: drawn.place)
    }
}

extension SweepAxis.Assignment {
    /// The scalars that it sets, by path; none for a whole gate, which has columns of its own.
    fileprivate var leaves: [(String, SourceValue)] {
        path == "gate" ? [] : Self.leaves(of: value, path)
    }

    private static func leaves(of value: SourceValue, _ path: String) -> [(String, SourceValue)] {
        guard let members = value.members else { return [(path, value)] }
        return members.flatMap { leaves(of: $0.value, "\(path).\($0.key)") }
    }
}
