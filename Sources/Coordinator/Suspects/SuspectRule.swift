import Shared

/// Decides which host is to get no more tasks. Pure: no clock, no store, no log.
///
/// A host is suspect where its newest tasks have failed one after the other, while others trained
/// tasks of the same sweeps. What failed on another host too, and succeeded on none, says nothing
/// of this one; and where nobody else has trained anything, nobody can tell: a lone host is never
/// suspect.
///
/// A failure is one that a training told of itself, or workers that vanished with what they held:
/// on a host without enough memory, say, each is killed before it can tell anything. A worker that
/// was stopped or handed its task back has not failed.
enum SuspectRule {
    /// What became of a task on a host, the last time that it was tried there.
    struct Outcome: Equatable, Sendable {
        /// The sweep's name: sweeps of one name are tries of one thing.
        var sweep: String
        var task: SweepTaskID
        /// The attempts on this host that have failed since it last succeeded here; empty: it did.
        var failures: [LeaseID]
        /// Who vanished with this task and perhaps more, whose attempts stand above.
        var vanished: Vanished?

        /// Any of what vanished together may be what did it.
        var tasks: Set<SweepTaskID> { vanished?.tasks ?? [task] }

        var isFailure: Bool { !failures.isEmpty }
    }

    /// Workers of a host that vanished together.
    struct Vanished: Equatable, Sendable {
        var workers: Set<WorkerName>
        var tasks: Set<SweepTaskID>
        var since: ContinuousClock.Instant
    }

    struct Suspicion: Equatable, Sendable {
        var host: String
        /// For people.
        var reason: String
        /// The attempts that are held against the host, and no more against their tasks.
        var failures: [LeaseID]
    }

    /// - Parameters:
    ///   - outcomes: of each host that gets tasks, newest first, at most one a task.
    ///   - host: one of them.
    static func suspicion(of host: String, among outcomes: [String: [Outcome]]) -> Suspicion? {
        let others = outcomes.filter { $0.key != host }.values.joined()
        let succeededElsewhere = Set(others.filter { !$0.isFailure }.map(\.task))
        let failedElsewhere = Set(others.filter(\.isFailure).flatMap(\.tasks))
            .subtracting(succeededElsewhere)
        let own = outcomes[host] ?? []
        let streak =
            own.filter { !$0.isFailure || failedElsewhere.isDisjoint(with: $0.tasks) }
            .prefix { $0.isFailure }
        guard streak.count >= Limits.suspectFailuresMin else { return nil }

        let sweeps = Set(streak.map(\.sweep))
        let failedHere = Set(own.filter(\.isFailure).flatMap(\.tasks))
        let comparable = others.filter { sweeps.contains($0.sweep) }
        let succeeded = comparable.count { !$0.isFailure }
        let failed = comparable.count { $0.isFailure && failedHere.isDisjoint(with: $0.tasks) }
        guard succeeded >= Limits.suspectOthersSucceededMin,
            succeeded >= failed * Limits.suspectOthersSucceededPerFailure
        else { return nil }
        return Suspicion(
            host: host,
            reason: "the last \(streak.count) tasks on it failed or were lost, while others "
                + "trained \(succeeded) of the same sweeps and failed in \(failed)",
            failures: streak.flatMap(\.failures))
    }
}
