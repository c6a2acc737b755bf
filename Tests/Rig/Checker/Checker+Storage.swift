import Foundation
import Shared

/// I1 to I4: what must be stored, and what must not.
extension Checker {
    func lostAcknowledgements() -> [String] {
        let sweeps = Dictionary(grouping: store.tasks) { $0.sweep }
        let stored = Set(store.sweeps.map(\.id))
        return calls.filter(\.isOK).compactMap { call -> String? in
            switch call.operation {
            case .submit:
                guard let created = call.answer(as: SweepCreated.self) else {
                    return "call \(call.number): its answer is no sweep"
                }
                let count = sweeps[created.id.rawValue]?.count ?? 0
                return stored.contains(created.id.rawValue) && count == created.taskCount
                    ? nil : "call \(call.number): sweep \(created.id) has \(count) tasks stored"
            case .lease: return lostGrant(call)
            case .metrics: return lostRow(call)
            case .complete, .fail, .handBack: return lostEnding(call)
            case .killed:
                return call.lease.flatMap { index.attempts[$0] } == nil
                    ? "call \(call.number): \(call.path) is of no stored lease" : nil
            case .cancel, .retry: return nil
            }
        }
    }

    private func lostGrant(_ call: Call) -> String? {
        for lease in call.answer(as: LeaseResponse.self)?.leases ?? [] {
            guard let attempt = index.attempts[lease.id.rawValue],
                let task = index.tasks[attempt.task]
            else { return "call \(call.number): lease \(lease.id) is not stored" }
            guard task.id == lease.task.rawValue, attempt.number == lease.attempt,
                attempt.worker == call.worker
            else { return "call \(call.number): lease \(lease.id) is stored otherwise" }
        }
        return nil
    }

    private func lostRow(_ call: Call) -> String? {
        guard let request = call.message(MetricsRequest.self), let lease = call.lease,
            !request.rows.isEmpty
        else { return nil }
        guard let attempt = index.attempts[lease] else {
            return "call \(call.number): rows of \(lease), which is not stored"
        }
        let stored = index.metrics(of: attempt)
        for (offset, row) in request.rows.enumerated() {
            let sequence = request.firstSequence + offset
            guard stored.indices.contains(sequence), stored[sequence].row == row else {
                return "call \(call.number): row \(sequence) of lease \(lease) is not stored so"
            }
        }
        return nil
    }

    private func lostEnding(_ call: Call) -> String? {
        guard let lease = call.lease, let attempt = index.attempts[lease],
            let task = index.tasks[attempt.task]
        else { return "call \(call.number): \(call.path) is of no stored lease" }
        let found = "attempt \(attempt.number) of \(task.id) is \(attempt.outcome)"
        switch call.operation {
        case .complete:
            let trajectory = call.message(CompleteRequest.self)?.trajectory.hexadecimal
            return attempt.outcome == "succeeded" && task.state == "succeeded"
                && task.trajectory == trajectory && task.attempt == attempt.number
                ? nil : "call \(call.number): completed, but \(found), the task \(task.state)"
        case .fail:
            return attempt.outcome == "failed"
                && attempt.error == call.message(FailRequest.self)?.error
                ? nil : "call \(call.number): failed, but \(found)"
        default:
            return attempt.outcome == "handed_back"
                ? nil : "call \(call.number): handed back, but \(found)"
        }
    }

    func terminalRecords() -> [String] {
        var found: [String] = []
        for task in store.tasks {
            let succeeded = (index.attemptsByTask[task.number] ?? [])
                .filter { $0.outcome == "succeeded" }
            if succeeded.count > 1 {
                found.append("task \(task.id) has \(succeeded.count) successes")
            }
            if evidence.bounds.drainSeconds != nil,
                !["succeeded", "failed", "cancelled"].contains(task.state)
            {
                found.append("task \(task.id) is \(task.state) at the end")
            }
        }
        var completed: [String: String] = [:]
        for call in calls where call.operation == .complete && call.isOK {
            guard let lease = call.lease, let attempt = index.attempts[lease],
                let task = index.tasks[attempt.task]
            else { continue }
            if let other = completed[task.id + task.sweep], other != lease {
                found.append("task \(task.id) was completed by \(other) and by \(lease)")
            }
            completed[task.id + task.sweep] = lease
        }
        return found
    }

    func halfDone() -> [String] {
        var found: [String] = []
        for call in calls {
            guard case .unknown = call.outcome, call.operation == .metrics,
                let request = call.message(MetricsRequest.self), let lease = call.lease,
                let attempt = index.attempts[lease]
            else { continue }
            let stored = index.metrics(of: attempt)
            let present = request.rows.enumerated().filter { offset, row in
                let sequence = request.firstSequence + offset
                return stored.indices.contains(sequence) && stored[sequence].row == row
            }
            guard present.count < request.rows.count else { continue }
            // Another call may have posted the same row.
            let ownAlone = present.contains { offset, row in
                let key = EvidenceIndex.RowKey(
                    lease: lease, sequence: request.firstSequence + offset)
                return index.postedRows[key]?[row] == 1
            }
            if ownAlone {
                found.append(
                    "call \(call.number): \(present.count) of \(request.rows.count) rows stored")
            }
        }
        let counts = Dictionary(grouping: store.tasks) { $0.sweep }.mapValues(\.count)
        for sweep in store.sweeps where counts[sweep.id] != evidence.tasksPerSweep {
            found.append(
                "sweep \(sweep.id) has \(counts[sweep.id] ?? 0) of \(evidence.tasksPerSweep) tasks")
        }
        return found
    }

    func unexpected() -> [String] {
        var found: [String] = []
        let submits = Set(
            calls.filter { $0.operation == .submit && !$0.isRefused }.map(\.requestID))
        if store.sweeps.count > submits.count {
            found.append("\(store.sweeps.count) sweeps, \(submits.count) asked for")
        }
        // Who asked for tasks and never heard may have been granted some.
        var maybeGranted = Set<String>()
        for call in calls {
            if case .unknown = call.outcome, let worker = call.worker {
                maybeGranted.insert(worker)
            }
        }
        for attempt in store.attempts {
            if index.grants[attempt.lease] == nil, !maybeGranted.contains(attempt.worker) {
                found.append("lease \(attempt.lease) of \(attempt.worker) was never granted")
            }
            if let sentence = unexplainedEnd(attempt) { found.append(sentence) }
            for (sequence, metric) in index.metrics(of: attempt).enumerated() {
                let key = EvidenceIndex.RowKey(lease: attempt.lease, sequence: metric.sequence)
                guard let row = metric.row, index.postedRows[key]?[row] != nil else {
                    found.append("row \(sequence) of lease \(attempt.lease) was never posted so")
                    continue
                }
            }
        }
        return found
    }

    private func unexplainedEnd(_ attempt: StoredState.Attempt) -> String? {
        let calls = index.endings[attempt.lease] ?? []
        let isExplained: Bool =
            switch attempt.outcome {
            case "succeeded":
                calls.contains { call in
                    call.operation == .complete
                        && call.message(CompleteRequest.self)?.trajectory.hexadecimal
                            == index.tasks[attempt.task]?.trajectory
                }
            case "failed":
                calls.contains {
                    $0.operation == .fail && $0.message(FailRequest.self)?.error == attempt.error
                }
            case "handed_back": calls.contains { $0.operation == .handBack }
            case "cancelled": self.calls.contains { $0.operation == .cancel && !$0.isRefused }
            default: true
            }
        return isExplained ? nil : "lease \(attempt.lease) is \(attempt.outcome), unasked"
    }
}
