import Shared
import Synchronization

/// What is known of hosts, in memory: how their newest tasks ended, and which of them get none.
///
/// Who gets no tasks is also in the store, and read from there at start. The outcomes are not: a
/// host that fails goes on failing, so that a coordinator that comes back sees it soon enough.
final class HostRecords: Sendable {
    /// A host that gets no tasks until it is let back.
    struct SetAside: Equatable, Sendable {
        var reason: String
        var at: Timestamp
    }

    /// A worker that computes differently. Another worker of its host, with other kernels, may do
    /// better.
    struct Refusal: Equatable, Sendable {
        var worker: WorkerName
        var reason: String
        var at: Timestamp
    }

    struct RefusalKey: Hashable, Sendable {
        var host: String
        var kernels: String
    }

    /// What a lease is worth knowing for when it ends.
    struct Work: Equatable, Sendable {
        var host: String
        /// The sweep's name.
        var sweep: String
        var task: SweepTaskID
    }

    fileprivate struct State {
        var outcomes: [String: [SuspectRule.Outcome]] = [:]
        /// How many of a host's newest outcomes are failures, where there are any.
        var streaks: [String: Int] = [:]
        var setAside: [String: SetAside] = [:]
        var refusals: [RefusalKey: Refusal] = [:]
        /// Hosts that are about to be set aside.
        var pending: Set<String> = []
        /// Whose workers have called, or have had tasks before the coordinator started.
        var seen: Set<Machine>
        /// What the log is still to be told.
        var news: [String] = []
    }

    private let state: Mutex<State>

    init(
        setAside: [String: SetAside], refusals: [RefusalKey: Refusal], seen: Set<Machine> = []
    ) {
        state = Mutex(State(setAside: setAside, refusals: refusals, seen: seen))
    }

    // MARK: - Outcomes

    /// A training on the host ended: with success, or by its own error.
    func record(_ work: Work, failed lease: LeaseID?) {
        state.withLock { $0.note(work, failed: lease.map { [$0] } ?? []) }
    }

    /// A worker is not heard of any more: one failure, however many leases it held, together with
    /// what else vanishes on its host within `period`, as where the host was switched off. Nor is
    /// it another one where a worker that slept is lost again.
    func record(
        vanished holder: LiveLeases.Holder, now: ContinuousClock.Instant, period: Duration
    ) {
        guard let work = holder.held.first?.work else { return }
        let leases = holder.held.map(\.lease)
        let tasks = Set(holder.held.map(\.work.task))
        state.withLock { state in
            let vanished = (state.outcomes[work.host] ?? []).map(\.vanished)
            let known =
                vanished.firstIndex { $0?.workers.contains(holder.worker) ?? false }
                ?? vanished.firstIndex { $0.map { now - $0.since < period } ?? false }
            guard let known, var outcome = state.outcomes[work.host]?[known] else {
                let vanished = SuspectRule.Vanished(
                    workers: [holder.worker], tasks: tasks, since: now)
                return state.note(work, failed: leases, vanished: vanished)
            }
            outcome.failures = outcome.failures.adding(leases)
            outcome.vanished?.tasks.formUnion(tasks)
            outcome.vanished?.workers.insert(holder.worker)
            state.outcomes[work.host]?[known] = outcome
        }
    }

    /// Hosts that must be set aside now. Each is told once: `set(aside:)` or `keep(_:)` follows.
    func takeSuspicions() -> [SuspectRule.Suspicion] {
        state.withLock { state in
            // Mostly nobody fails, and nothing is to be looked at.
            let candidates = state.streaks.filter { $0.value >= Limits.suspectFailuresMin }.keys
                .filter { state.setAside[$0] == nil && !state.pending.contains($0) }
            guard !candidates.isEmpty else { return [] }
            // How a host fails that is set aside says nothing of others.
            let outcomes = state.outcomes.filter { state.setAside[$0.key] == nil }
            let found = candidates.sorted().compactMap {
                SuspectRule.suspicion(of: $0, among: outcomes)
            }
            state.pending.formUnion(found.map(\.host))
            return found
        }
    }

    // MARK: - Who gets no tasks

    func setAside(_ host: String) -> SetAside? { state.withLock { $0.setAside[host] } }
    var allSetAside: [String: SetAside] { state.withLock { $0.setAside } }
    var allRefusals: [RefusalKey: Refusal] { state.withLock { $0.refusals } }

    func set(aside host: String, _ setAside: SetAside) {
        state.withLock {
            $0.setAside[host] = setAside
            $0.pending.remove(host)
            $0.add("host '\(host)' is set aside: \(setAside.reason)")
        }
    }

    /// It could not be set aside: the next outcome asks again.
    func keep(_ host: String) { state.withLock { _ = $0.pending.remove(host) } }

    func refusal(_ key: RefusalKey) -> Refusal? { state.withLock { $0.refusals[key] } }

    func refuse(_ key: RefusalKey, _ refusal: Refusal) {
        state.withLock {
            $0.refusals[key] = refusal
            $0.add("worker '\(refusal.worker)' on host '\(key.host)' is refused: \(refusal.reason)")
        }
    }

    func accept(_ key: RefusalKey) { state.withLock { $0.refusals[key] = nil } }

    /// With a clean record.
    func letBack(_ host: String) {
        state.withLock { state in
            state.setAside[host] = nil
            state.refusals = state.refusals.filter { $0.key.host != host }
            state.forget(host)
            state.add("host '\(host)' is let back")
        }
    }

    // MARK: - Who is here

    func see(_ machine: Machine) {
        state.withLock { state in
            if state.seen.count < Limits.hostsRememberedMax { state.seen.insert(machine) }
        }
    }

    /// Whether a worker of any other machine has called.
    func hasOthers(than machine: Machine) -> Bool {
        state.withLock { $0.seen.contains { $0.isOther(than: machine) } }
    }

    /// A sentence each; told once.
    func takeNews() -> [String] {
        state.withLock { state in
            defer { state.news = [] }
            return state.news
        }
    }
}

extension HostRecords.State {
    fileprivate mutating func note(
        _ work: HostRecords.Work, failed leases: [LeaseID], vanished: SuspectRule.Vanished? = nil
    ) {
        outcomes[work.host, default: []].note(work, failed: leases, vanished: vanished)
        streaks[work.host] = leases.isEmpty ? nil : (streaks[work.host] ?? 0) + 1
        guard outcomes.count > Limits.hostsRememberedMax else { return }
        if let forgotten = outcomes.keys.first(where: { $0 != work.host }) { forget(forgotten) }
    }

    fileprivate mutating func forget(_ host: String) {
        outcomes[host] = nil
        streaks[host] = nil
    }

    /// Bounded: somebody reads it every second.
    fileprivate mutating func add(_ sentence: String) {
        if news.count < Limits.refusedHostsMax { news.append(sentence) }
    }
}

extension [SuspectRule.Outcome] {
    /// The newest stands first.
    fileprivate mutating func note(
        _ work: HostRecords.Work, failed leases: [LeaseID], vanished: SuspectRule.Vanished?
    ) {
        let before = firstIndex { $0.task == work.task }
        let earlier = before.map { remove(at: $0).failures } ?? []
        insert(
            .init(
                sweep: work.sweep, task: work.task,
                failures: leases.isEmpty ? [] : earlier.adding(leases), vanished: vanished),
            at: 0)
        if count > Limits.outcomesPerHostMax { removeLast() }
    }
}

extension [LeaseID] {
    /// Each once: one that was lost may come back, and fail or be lost again.
    fileprivate func adding(_ more: [LeaseID]) -> [LeaseID] {
        let fresh = Set(more)
        return [LeaseID]((filter { !fresh.contains($0) } + more).suffix(Limits.failuresHeldMax))
    }
}
