import Shared

/// Decides what happens to one task. Pure: no clock, no database, no log.
/// `Store` asks it, and applies the answer inside the same transaction.
///
/// Attempts are numbered from 1. A lease is fenced by its attempt's number: only the newest attempt
/// may say anything about the task, and only until the task is final. A worker that slept past its
/// lease may still speak while no other attempt has begun, so that hours of training are not thrown
/// away for a late heartbeat. That holds where it was the last attempt, too: only a loss is undone.
struct LeaseMachine: Hashable {
    private(set) var state: TaskState
    /// The number of the newest attempt; 0 before the first.
    private(set) var attempt: Int
    /// How many attempts count against `attemptMax`: one that was handed back does not.
    private(set) var attemptsCharged: Int
    let attemptMax: Int

    init(state: TaskState, attempt: Int, attemptsCharged: Int, attemptMax: Int) {
        self.state = state
        self.attempt = attempt
        self.attemptsCharged = attemptsCharged
        self.attemptMax = attemptMax
    }

    /// How a call on the lease of one attempt is to be taken.
    enum Standing: Equatable {
        /// The attempt holds the task.
        case current
        /// It was given up for lost, but nobody else has the task: it may go on.
        case revivable
        /// This very attempt completed the task, with success or diverged: the call is a repeat.
        case completedAlready
        /// The attempt has no say any more; the reason is for people.
        case lost(reason: String)
    }

    /// - Parameter outcome: how that attempt stands.
    func standing(ofAttempt number: Int, outcome: AttemptOutcome) -> Standing {
        guard number == attempt else {
            return .lost(reason: "attempt \(attempt) has followed attempt \(number)")
        }
        return switch (state, outcome) {
        case (.leased, .running): .current
        case (.ready, .lost), (.failed, .lost): .revivable
        case (.succeeded, .succeeded), (.diverged, .diverged): .completedAlready
        case (.ready, _), (.leased, _): .lost(reason: "the attempt is \(outcome.words)")
        case (.succeeded, _), (.diverged, _), (.failed, _), (.cancelled, _), (.cached, _),
            (.pruned, _):
            .lost(reason: "the task is \(state.rawValue)")
        }
    }

    /// Begins the next attempt, and counts it. Only a ready task can be leased.
    mutating func lease() -> Bool {
        guard state == .ready, attemptsCharged < attemptMax else { return false }
        state = .leased
        attempt += 1
        attemptsCharged += 1
        return true
    }

    /// The newest attempt, given up for lost, was heard of again: also the last one, for whose loss
    /// the task was failed. Nobody else has it, and what was trained is as good as ever.
    mutating func revive() {
        guard state == .ready || state == .failed else { return }
        state = .leased
        // A person's retry may have set the count back in between.
        attemptsCharged = max(attemptsCharged, 1)
    }

    /// An attempt ended without success: the task's next state is its `state`.
    /// - Parameter isPermanent: no further attempt would help.
    mutating func endAttempt(isPermanent: Bool = false) {
        guard state == .leased else { return }
        state = !isPermanent && attemptsCharged < attemptMax ? .ready : .failed
    }

    /// The worker gave the task back unharmed: the attempt does not count. But a task that comes
    /// back for ever must not fill the store.
    mutating func handBack() {
        guard state == .leased else { return }
        guard attempt < Limits.attemptsBegunMax else { return endAttempt(isPermanent: true) }
        state = .ready
        attemptsCharged -= 1
    }

    /// What failed was the host, not the task: an attempt does not count after all.
    mutating func forgive() {
        switch state {
        case .failed:
            state = .ready
            attemptsCharged = max(0, attemptsCharged - 1)
        case .ready: attemptsCharged = max(0, attemptsCharged - 1)
        // The attempt under way counts.
        case .leased: attemptsCharged = max(1, attemptsCharged - 1)
        case .succeeded, .diverged, .cancelled, .cached, .pruned: return
        }
    }

    /// - Parameter isDiverged: the last training loss is not finite.
    mutating func complete(isDiverged: Bool) {
        guard state == .leased else { return }
        state = isDiverged ? .diverged : .succeeded
    }

    /// Others did better at a rung.
    mutating func prune() {
        guard state == .leased else { return }
        state = .pruned
    }

    /// False where there was nothing left to cancel.
    mutating func cancel() -> Bool {
        guard !state.isFinal else { return false }
        state = .cancelled
        return true
    }

    /// A person's wish to try again: the count of attempts begins anew.
    mutating func retry() -> Bool {
        guard state == .failed || state == .cancelled else { return false }
        state = .ready
        attemptsCharged = 0
        return true
    }
}

extension AttemptOutcome {
    /// For people, in the middle of a sentence.
    var words: String { self == .handedBack ? "handed back" : rawValue }
}
