/// Where a task stands. A task is born `ready`, or `cached`; all states but the first two are
/// final.
///
///                 lease               complete
///     [ready] ------------> [leased] -----------> [succeeded] or, if the last training loss is
///        ^                    |  |                NaN or infinite, [diverged]
///        |  lease expires or  |  |  fail, or lease expires,
///        |  is handed back,   |  |  with no attempts left
///        |  or fail with      |  '--------------> [failed]
///        |  attempts left     |                      |
///        '--------------------'                      | retry, by a person
///        '-------------------------------------------'
///
///     cancel: [ready] or [leased] ----------------> [cancelled], which a retry makes ready again
///     a task of the same content succeeds: [ready] -> [cached]
///     among the lesser at a rung of `halving`: [leased] -> [pruned]
public enum TaskState: String, Codable, CaseIterable, Sendable {
    /// Waiting for a worker.
    case ready
    /// Held by one worker under a lease.
    case leased
    /// Trained to the end, and all its metrics are stored.
    case succeeded
    /// The training loss became NaN or infinite; all that was measured is stored.
    case diverged
    /// Out of attempts, or not trainable at all; the task's error says why.
    case failed
    /// Stopped by a person.
    case cancelled
    /// Its result is that of a task of the same content, which was trained for another sweep.
    case cached
    /// Stopped early by the sweep's `halving`, because others did better.
    case pruned

    /// Whether the task's own training, or that of a task of the same content, reached its end:
    /// the report's column `complete`.
    public var hasResult: Bool {
        switch self {
        case .succeeded, .diverged, .cached: true
        case .ready, .leased, .failed, .cancelled, .pruned: false
        }
    }

    public var isFinal: Bool {
        switch self {
        case .ready, .leased: false
        case .succeeded, .diverged, .failed, .cancelled, .cached, .pruned: true
        }
    }
}

/// How one attempt at a task stands or ended.
public enum AttemptOutcome: String, Codable, CaseIterable, Sendable {
    case running
    case succeeded
    /// The training loss became NaN or infinite.
    case diverged
    /// The training's own error.
    case failed
    /// The worker was not heard of for a whole lease.
    case lost
    /// Given back by a worker that has to stop; not counted against the task's attempts.
    case handedBack = "handed_back"
    case cancelled
    case pruned
}
