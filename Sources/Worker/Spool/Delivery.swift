import Shared

/// Tells the coordinator how attempts ended, and takes no answer for an answer: it goes on until
/// the coordinator has taken it or refused it for good.
struct Delivery {
    let access: CoordinatorAccess
    /// Removes this host's checkpoints of a task whose result is refused.
    var removeCheckpoints: (SweepTaskID) -> Void = { _ in }

    /// How an attempt's end was received.
    enum Outcome: Equatable {
        case taken
        /// For good: the attempt has no say any more, or the coordinator does not believe it.
        case refused(reason: String)
        /// By somebody who may not be the right one to ask; it is kept for later.
        case notNow(reason: String)
    }

    func tell(_ end: AttemptEnd, of lease: Lease) -> Outcome {
        outcome(lease) { client throws(ClientError) in
            switch end {
            case .trained(let result): _ = try client.complete(result, for: lease)
            case .failed(let failure): _ = try client.fail(failure, for: lease)
            }
        }
    }

    /// Sends also the rows, where the coordinator says that it lacks some.
    func deliver(_ journal: ForsakenJournal) -> Outcome {
        outcome(journal.lease) { client throws(ClientError) in
            switch journal.end {
            case .failed(let failure): _ = try client.fail(failure, for: journal.lease)
            case .trained(let result):
                do throws(ClientError) {
                    _ = try client.complete(result, for: journal.lease)
                } catch {
                    // Where the journal lacks some, too, nobody has them any more.
                    guard error.code == .metricsGap, journal.rows.count == result.rowCount
                    else { throw error }
                    try sendRows(of: journal, client, epochsCompleted: result.epochsCompleted)
                    _ = try client.complete(result, for: journal.lease)
                }
            }
        }
    }

    private func sendRows(
        of journal: ForsakenJournal, _ client: CoordinatorClient, epochsCompleted: Int
    ) throws(ClientError) {
        let step = Limits.rowsPerRequestMax
        for start in stride(from: 0, to: journal.rows.count, by: step) {
            let rows = Array(journal.rows[start..<min(start + step, journal.rows.count)])
            _ = try client.report(
                MetricsRequest(firstSequence: start, rows: rows, epochsCompleted: epochsCompleted),
                for: journal.lease)
        }
    }

    /// Reports an attempt whose worker's process ended before it did.
    func reportKilled(_ lease: Lease, reason: String, beside: Int) -> Outcome {
        outcome(lease) { client throws(ClientError) in
            _ = try client.killed(lease, reason: reason, beside: beside)
        }
    }

    private func outcome(
        _ lease: Lease, _ call: (CoordinatorClient) throws(ClientError) -> Void
    ) -> Outcome {
        let client: CoordinatorClient
        do {
            client = try access.client(for: lease)
        } catch {
            return .notNow(reason: "\(error)")
        }
        do throws(ClientError) {
            try call(client)
            return .taken
        } catch {
            guard error.isFinal else { return .notNow(reason: error.description) }
            if error.isResultRefused {
                discardCheckpoint(of: lease, reason: error.description)
            }
            return .refused(reason: error.description)
        }
    }

    /// Fails the attempt whose result the coordinator refuses, and has the task's checkpoint
    /// discarded: the attempt may have resumed from it, and the next one would be refused alike.
    /// If the call does not get through, the lease expires.
    func discardCheckpoint(of lease: Lease, reason: String) {
        removeCheckpoints(lease.task)
        let failure = FailRequest(
            error: "The coordinator refused the result: \(reason)", isPermanent: false,
            discardsCheckpoint: true)
        _ = try? access.client(for: lease).fail(failure, for: lease)
    }
}

extension ClientError {
    /// Whether the coordinator holds the result itself for wrong: a repetition from the same
    /// checkpoint would be refused alike. Rows that the coordinator lacks say nothing of that.
    var isResultRefused: Bool {
        guard isFinal else { return false }
        return code == .trajectoryMismatch || code == .metricsConflict || code == .badRequest
    }

    /// Whether a call about a lease is refused for good: the attempt has no say any more. A wrong
    /// or changed token, or a coordinator that does not know the lease, may be a mistake of
    /// somebody's that can be mended; a call that came too often is one that may be repeated.
    var isFinal: Bool {
        guard case .refused(let status, _) = self else { return false }
        return (400..<500).contains(status) && ![401, 403, 404].contains(status)
            && !RetryPolicy.isWorthRetrying(status: status)
    }
}
