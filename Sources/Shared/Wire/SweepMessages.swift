/// What `POST /v1/sweeps` answers.
public struct SweepCreated: Codable, Hashable, Sendable {
    public var id: SweepID
    public var name: String
    public var taskCount: Int
    /// How many of them had their result before, from other sweeps.
    public var cachedCount: Int
    /// What may not be as it was meant, a sentence each: examples that no task uses, and classes
    /// without examples.
    public var warnings: [String]

    public init(
        id: SweepID, name: String, taskCount: Int, cachedCount: Int = 0, warnings: [String] = []
    ) {
        self.id = id
        self.name = name
        self.taskCount = taskCount
        self.cachedCount = cachedCount
        self.warnings = warnings
    }

    enum CodingKeys: String, CodingKey {
        case id, name, warnings
        case taskCount = "task_count"
        case cachedCount = "cached_count"
    }
}

/// What `POST /v1/sweep_check` answers: what a submission would come to. Nothing is stored.
public struct SweepChecked: Codable, Hashable, Sendable {
    public var name: String
    public var taskCount: Int
    /// As in `SweepCreated`; also a sentence for each data set that the coordinator does not have.
    public var warnings: [String]

    public init(name: String, taskCount: Int, warnings: [String]) {
        self.name = name
        self.taskCount = taskCount
        self.warnings = warnings
    }

    enum CodingKeys: String, CodingKey {
        case name, warnings
        case taskCount = "task_count"
    }
}

/// How a sweep stands: what `GET /v1/sweeps/{id}` answers.
public struct SweepStatus: Codable, Hashable, Sendable {
    public var id: SweepID
    public var name: String
    public var createdAt: Timestamp
    /// Tasks by state; a state without tasks is 0.
    public var tasks: [String: Int]
    /// How many of those with a result have diverged, cached results included.
    public var divergedCount: Int
    public var epochsCompleted: Int
    /// As many as are to be trained for all tasks to have a result: failed and cancelled tasks
    /// count with all their epochs, those that ended early with the epochs that they have.
    public var epochsTotal: Int
    /// Over the last few minutes; nil before anything was trained.
    public var epochsPerSecond: Double?
    /// At that rate; nil where there is none.
    public var secondsLeft: Double?
    /// How its rechecks stand. They hold up nothing: a sweep is finished without them.
    public var rechecks: RecheckStatus

    public init(
        id: SweepID, name: String, createdAt: Timestamp, tasks: [String: Int],
        divergedCount: Int = 0, epochsCompleted: Int, epochsTotal: Int,
        epochsPerSecond: Double? = nil, secondsLeft: Double? = nil,
        rechecks: RecheckStatus = RecheckStatus()
    ) {
        self.id = id
        self.name = name
        self.createdAt = createdAt
        self.tasks = tasks
        self.divergedCount = divergedCount
        self.epochsCompleted = epochsCompleted
        self.epochsTotal = epochsTotal
        self.epochsPerSecond = epochsPerSecond
        self.secondsLeft = secondsLeft
        self.rechecks = rechecks
    }

    enum CodingKeys: String, CodingKey {
        case id, name, tasks, rechecks
        case createdAt = "created_at"
        case divergedCount = "diverged_count"
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
    /// Nothing is left to do because a person stopped it.
    public var isCancelled: Bool { isFinished && count(.cancelled) > 0 }
}

/// Tasks of one sweep that another machine runs again, to compare the results.
public struct RecheckStatus: Codable, Hashable, Sendable {
    /// Chosen, and neither compared nor given up yet.
    public var waiting: Int
    /// Came to the same, to the last bit.
    public var same: Int
    /// Came to something else.
    public var different: Int
    /// Did not come to an end on another host.
    public var failed: Int
    /// The first of those that are different, in order.
    public var differences: [RecheckDifference]
    /// Why some of those that wait cannot be run again for now, a sentence; nil where all can.
    public var obstacle: String?

    public init(
        waiting: Int = 0, same: Int = 0, different: Int = 0, failed: Int = 0,
        differences: [RecheckDifference] = [], obstacle: String? = nil
    ) {
        self.waiting = waiting
        self.same = same
        self.different = different
        self.failed = failed
        self.differences = differences
        self.obstacle = obstacle
    }
}

/// Two hosts that trained one task with two results.
public struct RecheckDifference: Codable, Hashable, Sendable {
    /// In the order of the report.
    public var position: Int
    public var task: SweepTaskID
    /// Whose result stands in the report.
    public var host: String
    public var trajectory: Digest
    public var otherHost: String
    public var otherTrajectory: Digest

    public init(
        position: Int, task: SweepTaskID, host: String, trajectory: Digest, otherHost: String,
        otherTrajectory: Digest
    ) {
        self.position = position
        self.task = task
        self.host = host
        self.trajectory = trajectory
        self.otherHost = otherHost
        self.otherTrajectory = otherTrajectory
    }

    enum CodingKeys: String, CodingKey {
        case position, task, host
        case trajectory = "trajectory_sha256"
        case otherHost = "other_host"
        case otherTrajectory = "other_trajectory_sha256"
    }
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
