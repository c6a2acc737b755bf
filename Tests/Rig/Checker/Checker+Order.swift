import Foundation
import Shared

/// I5 to I10: who may speak when, repeats, and counts.
extension Checker {
    func staleAccepted() -> [String] {
        calls.compactMap { call in
            guard let lease = call.lease, let grant = index.grants[lease] else { return nil }
            if let token = call.token, token != grant.lease.token.rawValue, call.isOK {
                return "call \(call.number): accepted with another token"
            }
            // It changes nothing of an attempt that has followed.
            if call.operation == .killed { return nil }
            let who: String
            if let newer = newerGrant(than: grant, before: call) {
                who = "lease \(lease), followed by attempt \(newer.lease.attempt),"
            } else if hasEnded(lease, before: call) {
                who = "lease \(lease), ended by itself,"
            } else {
                return nil
            }
            switch call.outcome {
            case .ok: return "call \(call.number) \(call.operation): \(who) was heard"
            case .refused(let status, let body):
                return [409, 403, 422].contains(status) || call.isPutOff
                    ? nil : "call \(call.number): \(who) got \(status) \(body)"
            case .unknown: return nil
            }
        }
    }

    /// An attempt that was known to have followed when the call was first made.
    private func newerGrant(than grant: EvidenceIndex.Grant, before call: Call)
        -> EvidenceIndex.Grant?
    {
        let firstUse = index.firstUse[call.requestID] ?? call.start
        return index.grantsByTask[grant.lease.taskKey]?.first {
            $0.lease.attempt > grant.lease.attempt && $0.end < firstUse
        }
    }

    /// An end that was acknowledged when the call was first made. Completing twice is a repeat.
    private func hasEnded(_ lease: String, before call: Call) -> Bool {
        let firstUse = index.firstUse[call.requestID] ?? call.start
        return (index.endings[lease] ?? []).contains { ending in
            ending.isOK && ending.end < firstUse
                && !(ending.operation == .complete && call.operation == .complete)
        }
    }

    /// A call for tasks that found none may find some later, and metrics keep no record.
    func unlikeRepeats() -> [String] {
        let recorded = calls.filter { $0.operation != .metrics }
        let firsts = Dictionary(
            recorded.filter { $0.isOK && $0.status != 204 }.map { ($0.requestID, $0) }
        ) { $0.end <= $1.end ? $0 : $1 }
        return recorded.compactMap { call in
            guard let first = firsts[call.requestID], first.number != call.number else {
                return nil
            }
            guard first.path == call.path, first.body == call.body else {
                return call.isOK
                    ? "call \(call.number): request \(call.requestID) was another call" : nil
            }
            let isLater = call.start > first.end
            switch call.outcome {
            case .unknown: return nil
            case .refused where call.isPutOff: return nil
            case .ok(204, _) where !isLater, .refused where !isLater: return nil
            case .ok, .refused:
                return call.outcome == first.outcome
                    ? nil
                    : "call \(call.number): call \(first.number), the same, got another answer"
            }
        }
    }

    func attemptsOutOfOrder() -> [String] {
        var found: [String] = []
        for (task, grants) in index.grantsByTask {
            var latestStart = Int64.min
            for (grant, next) in zip(grants, grants.dropFirst().map(Optional.init) + [nil]) {
                if grant.lease.attempt == next?.lease.attempt {
                    found.append("task \(task): attempt \(grant.lease.attempt) was granted twice")
                }
                if grant.end < latestStart {
                    found.append("task \(task): attempt \(grant.lease.attempt) came too late")
                }
                latestStart = max(latestStart, grant.start)
                if let next, let sentence = takenEarly(grant, by: next) { found.append(sentence) }
            }
        }
        for task in store.tasks {
            let running = (index.attemptsByTask[task.number] ?? [])
                .filter { $0.outcome == "running" }.map(\.lease)
            if running != (task.state == "leased" ? [task.lease ?? ""] : []) {
                found.append("task \(task.id) is \(task.state), running are \(running)")
            }
        }
        return found
    }

    /// Only a worker that was silent for a whole lease, or was reported to be dead, is given up. A
    /// coordinator that starts gives every worker a whole lease again.
    private func takenEarly(_ grant: EvidenceIndex.Grant, by next: EvidenceIndex.Grant) -> String? {
        let lease = grant.lease.id.rawValue
        guard let leaseSeconds = evidence.leaseSeconds,
            index.attempts[lease]?.outcome == "lost", !index.killed.contains(lease)
        else { return nil }
        let heard = max(grant.start, index.lastHeard[lease] ?? .min)
        let silence = Double(longestSilence(from: heard, to: next.end)) / 1e6
        return silence >= leaseSeconds
            ? nil : "lease \(lease) was taken after a silence of \(silence) s"
    }

    /// How long one coordinator ran, at most, between these times, in microseconds. One that ended
    /// by itself counts as running until the next one is started.
    private func longestSilence(from heard: Int64, to end: Int64) -> Int64 {
        var (start, longest) = (Optional(heard), Int64(0))
        for mark in evidence.history.marks where mark.time > heard && mark.time < end {
            guard mark.kind == .started || mark.kind == .killed else { continue }
            if let start { longest = max(longest, mark.time - start) }
            start = mark.kind == .started ? mark.time : nil
        }
        return max(longest, end - (start ?? end))
    }

    func lateDrain() -> [String] {
        guard let bound = evidence.bounds.drainSeconds else { return [] }
        let marks = evidence.history.marks
        guard let healed = marks.last(where: { $0.kind == .healed }),
            let drained = marks.last(where: { $0.kind == .drained })
        else { return ["nothing says that it drained"] }
        let seconds = Double(drained.time - healed.time) / 1e6
        return seconds <= bound ? [] : ["drained after \(seconds) s, wanted \(bound)"]
    }

    func miscounted() -> [String] {
        let isRetried = calls.contains { $0.operation == .retry }
        return store.tasks.compactMap { task in
            let attempts = index.attemptsByTask[task.number] ?? []
            guard attempts.map(\.number) == Array(0..<task.attempt).map({ $0 + 1 }) else {
                return "task \(task.id) counts \(task.attempt), has \(attempts.map(\.number))"
            }
            let charged = attempts.filter { $0.outcome != "handed_back" }.count
            guard isRetried || (charged == task.charged && charged <= task.attemptMax) else {
                return "task \(task.id) charged \(task.charged), had \(charged) attempts of "
                    + "\(task.attemptMax)"
            }
            return nil
        }
    }

    func gaps() -> [String] {
        index.metricsByAttempt.compactMap { key, metrics in
            metrics.map(\.sequence) == Array(metrics.indices)
                ? nil : "attempt \(key.attempt) of task \(key.task): \(metrics.map(\.sequence))"
        }
    }
}
