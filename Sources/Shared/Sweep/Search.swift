/// How the tasks of a sweep are chosen from what its axes allow.
public enum Search: Hashable, Sendable {
    /// All combinations, the last axis fastest.
    case grid
    /// As many different combinations as `tasks`, drawn from `seed`.
    case random(tasks: Int, seed: UInt64)

    static let gridName = "grid"
    static let randomName = "random"

    static func read(_ value: SourceValue?, _ mistakes: MistakeCollector) -> Search {
        guard let value else { return .grid }
        var fields = FieldReader(
            value, wanted: "a map of method, and for random tasks and seed", mistakes: mistakes)
        guard let named = fields.required("method", wanted: "grid or random"),
            let method = fields.choice(named, among: [gridName, randomName])
        else {
            fields.know(["tasks", "seed"])
            fields.finish()
            return .grid
        }
        guard method == randomName else {
            fields.finish(kind: (gridName, ["tasks", "seed"]))
            return .grid
        }
        let tasks = fields.integer("tasks", in: 1...Limits.tasksPerSweepMax, default: nil)
        let seed = fields.integer("seed", in: 0...Int.max, default: 0)
        fields.finish()
        return .random(tasks: tasks, seed: UInt64(seed))
    }

    var json: JSONValue? {
        switch self {
        case .grid: nil
        case .random(let tasks, let seed):
            .object([
                "method": .string(Self.randomName), "tasks": .integer(tasks),
                "seed": .integer(Int(clamping: seed)),
            ])
        }
    }
}

/// Which value each axis has in each task.
enum Combinations: Sendable {
    /// All of the product.
    case all(Int)
    /// Those of the product that were not left out, by their numbers in it.
    case kept([Int])
    /// One value of each axis for each task.
    case drawn([[SweepAxis.Value]])

    var count: Int {
        switch self {
        case .all(let count): count
        case .kept(let numbers): numbers.count
        case .drawn(let values): values.count
        }
    }

    /// - Parameter position: of a task, from 0 to `count` - 1.
    func values(at position: Int, _ axes: [SweepAxis]) -> [SweepAxis.Value] {
        switch self {
        case .all: Self.values(of: position, axes)
        case .kept(let numbers): Self.values(of: numbers[position], axes)
        case .drawn(let values): values[position]
        }
    }

    /// A combination's number has a digit for each axis, the last the least.
    static func values(of number: Int, _ axes: [SweepAxis]) -> [SweepAxis.Value] {
        var (values, rest) = ([SweepAxis.Value](), number)
        for axis in axes.reversed() {
            values.append(axis.value(at: rest % axis.count))
            rest /= axis.count
        }
        return values.reversed()
    }
}

// MARK: - Drawing

/// The draws of a random search, one combination after the other. Each axis draws from a stream of
/// its own, so that an axis more or fewer values on one leave what the others draw alone; and more
/// tasks begin with the same ones.
struct CombinationDraws {
    private let axes: [SweepAxis]
    private var streams: [SeededRandom]

    init(_ axes: [SweepAxis], seed: UInt64) {
        self.axes = axes
        streams = axes.indices.map {
            SeededRandom(seed: seed, purpose: .search, index: UInt64($0))
        }
    }

    mutating func next() -> [SweepAxis.Value] {
        axes.indices.map { index in
            let axis = axes[index]
            guard let distribution = axis.distribution else {
                return axis.value(at: streams[index].below(axis.count))
            }
            return axis.value(drawn: distribution.draw(&streams[index]))
        }
    }
}
