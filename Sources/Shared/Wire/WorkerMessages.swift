/// What `GET /v1/workers` answers.
public struct WorkerList: Codable, Hashable, Sendable {
    public var workers: [WorkerStatus]
    /// Why tasks that are to be run again on another machine wait; nil where none does.
    public var recheckObstacle: String?

    public init(workers: [WorkerStatus], recheckObstacle: String? = nil) {
        self.workers = workers
        self.recheckObstacle = recheckObstacle
    }

    enum CodingKeys: String, CodingKey {
        case workers
        case recheckObstacle = "recheck_obstacle"
    }
}

public struct WorkerStatus: Codable, Hashable, Sendable {
    public var name: WorkerName
    public var host: String
    /// Of its machine's kernel since it started; nil: unknown.
    public var bootID: String?
    public var firstSeenAt: Timestamp
    /// Since the worker last called; nil where it has not since the coordinator started.
    public var secondsSinceSeen: Double?
    public var leased: Int
    public var succeeded: Int
    /// Trainings whose loss became NaN or infinite: no fault of the worker.
    public var diverged: Int
    public var failed: Int
    public var lost: Int
    /// Tasks that came to another result when another host ran them again, or that this one ran
    /// again with another result than theirs. Nobody knows yet which of the two was wrong.
    public var differing: Int
    /// Why its host gets no tasks; nil where it gets some.
    public var setAside: String?
    /// What was wrong with its self-test; nil where nothing was.
    public var selfTestFailure: String?

    public init(
        name: WorkerName, host: String, bootID: String? = nil, firstSeenAt: Timestamp,
        secondsSinceSeen: Double?, leased: Int, succeeded: Int, diverged: Int, failed: Int,
        lost: Int, differing: Int = 0, setAside: String? = nil, selfTestFailure: String? = nil
    ) {
        self.name = name
        self.host = host
        self.bootID = bootID
        self.firstSeenAt = firstSeenAt
        self.secondsSinceSeen = secondsSinceSeen
        self.leased = leased
        self.succeeded = succeeded
        self.diverged = diverged
        self.failed = failed
        self.lost = lost
        self.differing = differing
        self.setAside = setAside
        self.selfTestFailure = selfTestFailure
    }

    enum CodingKeys: String, CodingKey {
        case name, host, leased, succeeded, diverged, failed, lost, differing
        case bootID = "boot_id"
        case setAside = "set_aside"
        case selfTestFailure = "self_test_failure"
        case firstSeenAt = "first_seen_at"
        case secondsSinceSeen = "seconds_since_seen"
    }
}

/// What `POST /v1/hosts/{host}/let_back` answers.
public struct HostLetBack: Codable, Hashable, Sendable {
    public var host: String
    /// Why it had been set aside or refused, a sentence each.
    public var reasons: [String]

    public init(host: String, reasons: [String]) {
        self.host = host
        self.reasons = reasons
    }
}

/// A data set that the coordinator holds.
public struct DatasetStatus: Codable, Hashable, Sendable {
    public var name: String
    public var digest: Digest
    public var bytes: Int
    public var trainExamples: Int
    public var testExamples: Int
    public var features: Int

    public init(
        name: String, digest: Digest, bytes: Int, trainExamples: Int, testExamples: Int,
        features: Int
    ) {
        self.name = name
        self.digest = digest
        self.bytes = bytes
        self.trainExamples = trainExamples
        self.testExamples = testExamples
        self.features = features
    }

    enum CodingKeys: String, CodingKey {
        case name, digest, bytes, features
        case trainExamples = "train_examples"
        case testExamples = "test_examples"
    }
}

/// What `GET /v1/datasets` answers, by name.
public struct DatasetList: Codable, Hashable, Sendable {
    public var datasets: [DatasetStatus]

    public init(datasets: [DatasetStatus]) { self.datasets = datasets }
}
