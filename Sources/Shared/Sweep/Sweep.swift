/// A sweep: a base configuration and the axes that vary it. Its tasks are the product of the axes,
/// the last one fastest, and come into being one at a time.
///
/// Invariants, checked in `init(reading:)`: at most `Limits.tasksPerSweepMax` tasks; every axis has
/// a value and none twice; no two axes set the same path; every value of every axis makes a right
/// configuration with the first values of the others. `expand()` checks all the combinations.
public struct Sweep: Sendable {
    public let name: String
    public let experiment: Experiment
    /// A map: what every configuration starts from.
    public let base: SourceValue
    public let axes: [SweepAxis]
    /// How often a task may be tried.
    public let attempts: Int
    /// How often each task is kept, so that it can go on from there; nil: now and then. Not part of
    /// any task, since it changes no result.
    public let checkpointEveryEpochs: Int?
    /// How many tasks the sweep has.
    public let count: Int

    init(
        name: String, experiment: Experiment, base: SourceValue, axes: [SweepAxis], attempts: Int,
        checkpointEveryEpochs: Int?, count: Int
    ) {
        self.name = name
        self.experiment = experiment
        self.base = base
        self.axes = axes
        self.attempts = attempts
        self.checkpointEveryEpochs = checkpointEveryEpochs
        self.count = count
    }
}

/// One task of a sweep before it has a state.
public struct SweepPoint: Hashable, Sendable {
    /// Its place in the order of the report, from 0.
    public let position: Int
    public let configuration: Configuration
    /// What the axes chose, a text for each of the sweep's `axisColumns`.
    public let axisCells: [String]
}

// MARK: - As a message

extension Sweep {
    /// The sweep as it travels: `init(reading:)` makes the same tasks of it, in the same order.
    /// Objects of JSON have no order, so `axes` is a list of maps with one key each.
    public var json: JSONValue {
        var members: [String: JSONValue] = [
            "name": .string(name),
            "experiment": .string(experiment.rawValue),
            "base": base.json,
            "axes": .array(axes.map { .object([$0.name: .array($0.wireValues)]) }),
            "attempts": .integer(attempts),
        ]
        if let checkpointEveryEpochs {
            members["checkpoint"] = .object(["every_epochs": .integer(checkpointEveryEpochs)])
        }
        return .object(members)
    }
}

// MARK: - What the axes chose

extension Sweep {
    /// The report's columns for the axes: the path that an axis varies, or each of them where it
    /// varies several. A whole gate has none here: the report describes every gate in columns of
    /// its own.
    public var axisColumns: [String] { axes.flatMap(\.columns) }

    /// The texts under `axisColumns` of one task: empty where the axis value does not set that
    /// path.
    public func axisCells(at position: Int) -> [String] {
        zip(axes, choices(at: position)).flatMap { axis, choice in axis.values[choice].cells }
    }

    /// Which value of each axis the task at a position has: a number with a digit for each axis,
    /// the last the least.
    func choices(at position: Int) -> [Int] {
        var (choices, rest) = ([Int](repeating: 0, count: axes.count), position)
        for index in axes.indices.reversed() {
            choices[index] = rest % axes[index].values.count
            rest /= axes[index].values.count
        }
        return choices
    }
}
