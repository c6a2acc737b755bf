import Foundation
import Shared

/// Judges a run by its evidence alone. Pure; the time is linear in the evidence but for a sort.
///
/// A call whose outcome is unknown may have been done or not: it explains what is stored, and
/// demands nothing. Of two calls one was before the other only where it had ended when the other
/// began.
public struct Checker {
    let evidence: Evidence
    let index: EvidenceIndex

    public init(_ evidence: Evidence) {
        self.evidence = evidence
        index = EvidenceIndex(evidence)
    }

    /// Everything that is wrong, at most twenty of a kind.
    public static func violations(in evidence: Evidence) -> [Violation] {
        let checker = Checker(evidence)
        return Invariant.allCases.flatMap { invariant in
            checker.sentences(of: invariant).prefix(20).map {
                Violation(invariant: invariant, sentence: $0)
            }
        }
    }

    private func sentences(of invariant: Invariant) -> [String] {
        switch invariant {
        case .acknowledgedIsStored: lostAcknowledgements()
        case .oneTerminalRecord: terminalRecords()
        case .allOrNothing: halfDone()
        case .nothingUnexpected: unexpected()
        case .staleIsRefused: staleAccepted()
        case .repeatsAreAlike: unlikeRepeats()
        case .attemptsFollow: attemptsOutOfOrder()
        case .drains: lateDrain()
        case .attemptsAreCounted: miscounted()
        case .metricsAreGapless: gaps()
        case .reportsAreTheStore: otherReports()
        case .storeIsSound: unsound()
        case .tokensStaySecret: tokensSeen()
        case .resourcesAreBounded: excesses()
        case .enoughTraffic: thinTraffic()
        }
    }

    var calls: [Call] { evidence.history.calls }
    var store: StoredState { evidence.store }
}

/// What the rules look up again and again.
struct EvidenceIndex {
    /// A lease as it was granted, by an answer that somebody received.
    struct Grant {
        var lease: Lease
        var worker: String
        /// When its first call was sent, and when its first answer came.
        var start: Int64
        var end: Int64
    }

    struct RowKey: Hashable {
        var lease: String
        var sequence: Int
    }

    private(set) var grants: [String: Grant] = [:]
    /// By task, in the order of attempts.
    private(set) var grantsByTask: [String: [Grant]] = [:]
    /// What was posted and not refused, with how many calls posted it.
    private(set) var postedRows: [RowKey: [MetricRow: Int]] = [:]
    /// Ends of attempts that were asked for and not refused.
    private(set) var endings: [String: [Call]] = [:]
    /// Leases whose worker was reported to have been killed, by the next one of its machine.
    private(set) var killed: Set<String> = []
    /// When the last call of each lease was sent that was taken.
    private(set) var lastHeard: [String: Int64] = [:]
    /// When each request id was first used.
    private(set) var firstUse: [String: Int64] = [:]
    private(set) var attempts: [String: StoredState.Attempt] = [:]
    private(set) var tasks: [Int64: StoredState.TaskRow] = [:]
    private(set) var attemptsByTask: [Int64: [StoredState.Attempt]] = [:]
    private(set) var metricsByAttempt: [AttemptKey: [StoredState.Metric]] = [:]

    struct AttemptKey: Hashable {
        var task: Int64
        var attempt: Int
    }

    init(_ evidence: Evidence) {
        for call in evidence.history.calls { add(call) }
        for (task, grants) in grantsByTask {
            grantsByTask[task] = grants.sorted { $0.lease.attempt < $1.lease.attempt }
        }
        let store = evidence.store
        for attempt in store.attempts { attempts[attempt.lease] = attempt }
        for task in store.tasks { tasks[task.number] = task }
        attemptsByTask = Dictionary(grouping: store.attempts) { $0.task }
        metricsByAttempt = Dictionary(grouping: store.metrics) {
            AttemptKey(task: $0.task, attempt: $0.attempt)
        }
    }

    private mutating func add(_ call: Call) {
        firstUse[call.requestID] = min(firstUse[call.requestID] ?? .max, call.start)
        if call.operation == .lease { return addGrants(call) }
        guard let lease = call.lease, !call.isRefused else { return }
        if call.operation == .killed { return _ = killed.insert(lease) }
        if call.isOK { lastHeard[lease] = max(lastHeard[lease] ?? .min, call.start) }
        if call.operation == .metrics {
            guard let request = call.message(MetricsRequest.self) else { return }
            for (offset, row) in request.rows.enumerated() {
                let key = RowKey(lease: lease, sequence: request.firstSequence + offset)
                postedRows[key, default: [:]][row, default: 0] += 1
            }
        } else {
            endings[lease, default: []].append(call)
        }
    }

    private mutating func addGrants(_ call: Call) {
        guard case .ok(_, let body) = call.outcome, let worker = call.worker,
            let response = try? WireCoding.decode(LeaseResponse.self, from: Data(body.utf8))
        else { return }
        // An earlier try under the same id may have been granted without anybody hearing of it.
        let start = firstUse[call.requestID] ?? call.start
        for lease in response.leases {
            if var known = grants[lease.id.rawValue] {
                known.start = min(known.start, start)
                known.end = min(known.end, call.end)
                grants[lease.id.rawValue] = known
            } else {
                grants[lease.id.rawValue] = Grant(
                    lease: lease, worker: worker, start: start, end: call.end)
            }
        }
        for lease in response.leases {
            guard let grant = grants[lease.id.rawValue] else { continue }
            grantsByTask[lease.taskKey, default: []].removeAll { $0.lease.id == lease.id }
            grantsByTask[lease.taskKey, default: []].append(grant)
        }
    }

    /// The stored rows of the attempt that a lease is.
    func metrics(of attempt: StoredState.Attempt) -> [StoredState.Metric] {
        metricsByAttempt[AttemptKey(task: attempt.task, attempt: attempt.number)] ?? []
    }
}

extension Lease {
    /// Two sweeps may have the same task.
    var taskKey: String { "\(sweep)/\(task)" }
}

extension Call {
    func message<Message: Decodable>(_ type: Message.Type) -> Message? {
        try? WireCoding.decode(type, from: Data(body.utf8))
    }

    /// Who asked for tasks.
    var worker: String? {
        operation == .lease ? message(LeaseRequest.self)?.worker.rawValue : nil
    }

    func answer<Message: Decodable>(as type: Message.Type) -> Message? {
        guard case .ok(_, let body) = outcome else { return nil }
        return try? WireCoding.decode(type, from: Data(body.utf8))
    }
}

extension StoredState.Metric {
    /// As it was posted; nil where it cannot be read.
    var row: MetricRow? {
        guard let split = MetricRow.Split(rawValue: split),
            let values = try? WireCoding.decode(
                [String: MetricValue].self, from: Data(values.utf8))
        else { return nil }
        return MetricRow(epoch: epoch, split: split, values: values)
    }
}
