/// A sweep: a base configuration and the axes that vary it. Its tasks are the product of the axes,
/// the last one fastest, without what is excluded, or drawn from it; they come into being one at a
/// time.
///
/// Invariants, checked in `init(reading:)`: at most `Limits.tasksPerSweepMax` tasks; every axis has
/// a value and none twice; no two axes set the same path; every value of every axis (of all gates,
/// one) makes a right configuration with the first values of the others. `expand()` checks all the
/// combinations.
public struct Sweep: Sendable {
    public let name: String
    let namePlace: Place
    public let experiment: Experiment
    /// A map: what every configuration starts from.
    public let base: SourceValue
    public let axes: [SweepAxis]
    public let search: Search
    /// Nil where the file gives none.
    let searchSeedPlace: Place?
    let exclusions: [Exclusion]
    /// As they were written.
    let exclude: SourceValue?
    let combinations: Combinations
    /// How often a task may be tried.
    public let attempts: Int
    /// Which share of the finished tasks another host runs again, 0 to 1. Not part of any task,
    /// since it changes no result.
    public let recheckShare: Double
    /// How often each task is kept, so that it can go on from there; nil: now and then. Not part of
    /// any task, since it changes no result.
    public let checkpointEveryEpochs: Int?
    /// How tasks that do less well than others are stopped; nil: all are trained to the end.
    public let halving: Halving?
    let halvingPlace: Place
    /// Whether a result of the same content is taken from another sweep, and given to others.
    public let sharesResults: Bool

    /// How many tasks the sweep has.
    public var count: Int { combinations.count }
}

/// One task of a sweep before it has a state.
public struct SweepPoint: Hashable, Sendable {
    /// Its place in the order of the report, from 0.
    public let position: Int
    public let configuration: Configuration
    /// What the axes chose, a text for each of the sweep's `axisColumns`.
    public let axisCells: [String]
    public let gateLabel: GateLabel
}

/// What a person calls a task's gate. No part of its configuration: a gate that has two names is
/// one task.
public struct GateLabel: Hashable, Sendable {
    public var name: String?
    /// As it was written: `file` for what has become an explicit gate.
    public var family: String?

    public init(name: String? = nil, family: String? = nil) {
        (self.name, self.family) = (name, family)
    }
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
            "axes": .array(axes.map { .object([$0.name: $0.wireValues]) }),
            "attempts": .integer(attempts),
            "recheck": .object(["share": .number(recheckShare)]),
        ]
        members["search"] = search.json
        members["exclude"] = exclude?.json
        members["halving"] = halving?.json
        if !sharesResults { members["share_results"] = .bool(false) }
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
        combinations.values(at: position, axes).flatMap(\.cells)
    }
}
