/// A worker's call for tasks: `POST /v1/leases`.
public struct LeaseRequest: Codable, Hashable, Sendable {
    public var worker: WorkerName
    /// The host's name, for people; also what tells one host from another.
    public var host: String
    /// Of the machine's kernel since it started: hosts whose boot id is the same are one machine,
    /// such as containers. Nil: unknown.
    public var bootID: String?
    /// How many tasks the worker can take now.
    public var slots: Int
    /// How long the coordinator may hold the call while there is nothing to do.
    public var waitSeconds: Int
    public var selfTest: SelfTestReport

    public init(
        worker: WorkerName, host: String, bootID: String? = nil, slots: Int, waitSeconds: Int,
        selfTest: SelfTestReport
    ) {
        self.worker = worker
        self.host = host
        self.bootID = bootID
        self.slots = slots
        self.waitSeconds = waitSeconds
        self.selfTest = selfTest
    }

    enum CodingKeys: String, CodingKey {
        case worker, host, slots
        case bootID = "boot_id"
        case waitSeconds = "wait_seconds"
        case selfTest = "self_test"
    }
}

/// What it answers where there is something to do; where there is not, it is 204 and no body.
public struct LeaseResponse: Codable, Hashable, Sendable {
    public var leases: [Lease]

    public init(leases: [Lease]) { self.leases = leases }
}

/// The right to train one task until the lease expires, which each accepted call puts off.
public struct Lease: Codable, Hashable, Sendable {
    public var id: LeaseID
    public var token: LeaseToken
    public var task: SweepTaskID
    public var sweep: String
    /// Counts from 1.
    public var attempt: Int
    public var configuration: JSONValue
    public var dataDigest: Digest
    public var expiresInSeconds: Double
    /// What the training goes on from; nil where it begins.
    public var checkpoint: CheckpointReference?
    /// How often the sweep wants the training kept; nil where it does not say.
    public var checkpointEveryEpochs: Int?
    /// Nothing else may train beside it: a worker was killed while it trained this task and others,
    /// and one of them is the reason.
    public var isAlone: Bool

    public init(
        id: LeaseID, token: LeaseToken, task: SweepTaskID, sweep: String, attempt: Int,
        configuration: JSONValue, dataDigest: Digest, expiresInSeconds: Double,
        checkpoint: CheckpointReference? = nil, checkpointEveryEpochs: Int? = nil,
        isAlone: Bool = false
    ) {
        self.id = id
        self.token = token
        self.task = task
        self.sweep = sweep
        self.attempt = attempt
        self.configuration = configuration
        self.dataDigest = dataDigest
        self.expiresInSeconds = expiresInSeconds
        self.checkpoint = checkpoint
        self.checkpointEveryEpochs = checkpointEveryEpochs
        self.isAlone = isAlone
    }

    enum CodingKeys: String, CodingKey {
        case id, token, task, sweep, attempt, configuration, checkpoint
        case isAlone = "alone"
        case dataDigest = "data_digest"
        case expiresInSeconds = "expires_in_seconds"
        case checkpointEveryEpochs = "checkpoint_every_epochs"
    }
}

extension Lease {
    /// Refuses numbers that no coordinator means: a worker computes with them.
    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        func check<Value>(_ key: CodingKeys, _ range: ClosedRange<Value>, _ value: Value) throws {
            guard !range.contains(value) else { return }
            throw DecodingError.dataCorruptedError(
                forKey: key, in: values,
                debugDescription: "found \(value), wanted \(range.lowerBound) to "
                    + "\(range.upperBound)")
        }
        self.init(
            id: try values.decode(LeaseID.self, forKey: .id),
            token: try values.decode(LeaseToken.self, forKey: .token),
            task: try values.decode(SweepTaskID.self, forKey: .task),
            sweep: try values.decode(String.self, forKey: .sweep),
            attempt: try values.decode(Int.self, forKey: .attempt),
            configuration: try values.decode(JSONValue.self, forKey: .configuration),
            dataDigest: try values.decode(Digest.self, forKey: .dataDigest),
            expiresInSeconds: try values.decode(Double.self, forKey: .expiresInSeconds),
            checkpoint: try values.decodeIfPresent(CheckpointReference.self, forKey: .checkpoint),
            checkpointEveryEpochs: try values.decodeIfPresent(
                Int.self, forKey: .checkpointEveryEpochs),
            isAlone: try values.decodeIfPresent(Bool.self, forKey: .isAlone) ?? false)
        try check(.attempt, 1...Int.max, attempt)
        try check(
            .expiresInSeconds, Limits.leaseSecondsMin...Limits.leaseSecondsMax, expiresInSeconds)
        try check(.checkpointEveryEpochs, 1...Limits.epochsMax, checkpointEveryEpochs ?? 1)
        try check(.checkpoint, 0...Limits.epochsMax, checkpoint?.epochsCompleted ?? 0)
        try check(.checkpoint, 0...Limits.checkpointBytesMax, checkpoint?.bytes ?? 0)
    }
}

/// Names the file that a training goes on from.
public struct CheckpointReference: Codable, Hashable, Sendable {
    public var epochsCompleted: Int
    /// Of the file: whoever reads it checks it.
    public var digest: Digest
    public var bytes: Int

    public init(epochsCompleted: Int, digest: Digest, bytes: Int) {
        self.epochsCompleted = epochsCompleted
        self.digest = digest
        self.bytes = bytes
    }

    enum CodingKeys: String, CodingKey {
        case digest, bytes
        case epochsCompleted = "epochs_completed"
    }
}

/// What a worker measured: `POST /v1/leases/{id}/metrics`. Without rows it is a heartbeat.
public struct MetricsRequest: Codable, Hashable, Sendable {
    /// The number of the first row within this attempt, from 0. Rows already stored are passed over
    /// where they are equal, so a repeat does no harm; a gap is refused.
    public var firstSequence: Int
    public var rows: [MetricRow]
    public var epochsCompleted: Int

    public init(firstSequence: Int, rows: [MetricRow], epochsCompleted: Int) {
        self.firstSequence = firstSequence
        self.rows = rows
        self.epochsCompleted = epochsCompleted
    }

    enum CodingKeys: String, CodingKey {
        case rows
        case firstSequence = "first_sequence"
        case epochsCompleted = "epochs_completed"
    }
}

/// `POST /v1/leases/{id}/complete`.
public struct CompleteRequest: Codable, Hashable, Sendable {
    public var epochsCompleted: Int
    /// How many metric rows the attempt posted; all must be stored before it can complete.
    public var rowCount: Int
    /// The last of them, where they were not posted before; nil: none.
    public var rows: [MetricRow]?
    public var trajectory: Digest

    public init(
        epochsCompleted: Int, rowCount: Int, rows: [MetricRow]? = nil, trajectory: Digest
    ) {
        self.epochsCompleted = epochsCompleted
        self.rowCount = rowCount
        self.rows = rows
        self.trajectory = trajectory
    }

    enum CodingKeys: String, CodingKey {
        case rows
        case epochsCompleted = "epochs_completed"
        case rowCount = "row_count"
        case trajectory = "trajectory_sha256"
    }
}

/// `POST /v1/leases/{id}/fail`.
public struct FailRequest: Codable, Hashable, Sendable {
    /// The training's own words.
    public var error: String
    /// Another attempt would fail alike: the configuration cannot be trained.
    public var isPermanent: Bool
    /// The next attempt must not resume from the task's checkpoint: what came of it was refused.
    public var discardsCheckpoint: Bool

    public init(error: String, isPermanent: Bool, discardsCheckpoint: Bool = false) {
        self.error = error
        self.isPermanent = isPermanent
        self.discardsCheckpoint = discardsCheckpoint
    }

    enum CodingKeys: String, CodingKey {
        case error
        case isPermanent = "permanent"
        case discardsCheckpoint = "discard_checkpoint"
    }
}

extension FailRequest {
    /// `discard_checkpoint` may be left out, for false.
    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            error: try values.decode(String.self, forKey: .error),
            isPermanent: try values.decode(Bool.self, forKey: .isPermanent),
            discardsCheckpoint: try values.decodeIfPresent(Bool.self, forKey: .discardsCheckpoint)
                ?? false)
    }
}

/// `POST /v1/leases/{id}/hand_back`.
public struct HandBackRequest: Codable, Hashable, Sendable {
    public var reason: String

    public init(reason: String) { self.reason = reason }
}

/// `POST /v1/leases/{id}/killed`: the worker's process ended before the attempt did, and told
/// nothing. The next worker of its machine says so.
public struct KilledRequest: Codable, Hashable, Sendable {
    public var reason: String
    /// How many other attempts were under way in the same process. Each may be the reason.
    public var beside: Int

    public init(reason: String, beside: Int) {
        self.reason = reason
        self.beside = beside
    }
}

/// What every call on a lease answers where the lease still holds.
public struct LeaseAnswer: Codable, Hashable, Sendable {
    /// Where the task stands now.
    public var state: TaskState
    /// Until the lease expires; 0 where the task is no longer leased.
    public var expiresInSeconds: Double

    public init(state: TaskState, expiresInSeconds: Double) {
        self.state = state
        self.expiresInSeconds = expiresInSeconds
    }

    enum CodingKeys: String, CodingKey {
        case state
        case expiresInSeconds = "expires_in_seconds"
    }
}
