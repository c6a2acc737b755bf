/// What `POST /v1/sweeps` answers.
public struct SweepCreated: Codable, Hashable, Sendable {
    public var id: SweepID
    public var name: String
    public var taskCount: Int
    /// How many of them had their result before, from other sweeps.
    public var cachedCount: Int

    public init(id: SweepID, name: String, taskCount: Int, cachedCount: Int = 0) {
        self.id = id
        self.name = name
        self.taskCount = taskCount
        self.cachedCount = cachedCount
    }

    enum CodingKeys: String, CodingKey {
        case id, name
        case taskCount = "task_count"
        case cachedCount = "cached_count"
    }
}

/// How a sweep stands: what `GET /v1/sweeps/{id}` answers.
public struct SweepStatus: Codable, Hashable, Sendable {
    public var id: SweepID
    public var name: String
    public var createdAt: Timestamp
    /// Tasks by state; a state without tasks is 0.
    public var tasks: [String: Int]
    public var epochsCompleted: Int
    public var epochsTotal: Int
    /// Over the last few minutes; nil before anything was trained.
    public var epochsPerSecond: Double?
    /// At that rate; nil where there is none.
    public var secondsLeft: Double?

    public init(
        id: SweepID, name: String, createdAt: Timestamp, tasks: [String: Int],
        epochsCompleted: Int, epochsTotal: Int, epochsPerSecond: Double? = nil,
        secondsLeft: Double? = nil
    ) {
        self.id = id
        self.name = name
        self.createdAt = createdAt
        self.tasks = tasks
        self.epochsCompleted = epochsCompleted
        self.epochsTotal = epochsTotal
        self.epochsPerSecond = epochsPerSecond
        self.secondsLeft = secondsLeft
    }

    enum CodingKeys: String, CodingKey {
        case id, name, tasks
        case createdAt = "created_at"
        case epochsCompleted = "epochs_completed"
        case epochsTotal = "epochs_total"
        case epochsPerSecond = "epochs_per_second"
        case secondsLeft = "seconds_left"
    }

    public func count(_ state: TaskState) -> Int { tasks[state.rawValue] ?? 0 }
    public var taskCount: Int { tasks.values.reduce(0, +) }
    /// How many have their result.
    public var resultCount: Int {
        TaskState.allCases.filter(\.hasResult).reduce(0) { $0 + count($1) }
    }
    /// Nothing is left to do.
    public var isFinished: Bool { count(.ready) == 0 && count(.leased) == 0 }
}

/// What `GET /v1/sweeps` answers, newest first.
public struct SweepList: Codable, Hashable, Sendable {
    public var sweeps: [SweepStatus]

    public init(sweeps: [SweepStatus]) { self.sweeps = sweeps }
}

/// What cancel and retry answer.
public struct TasksChanged: Codable, Hashable, Sendable {
    public var changed: Int

    public init(changed: Int) { self.changed = changed }
}
