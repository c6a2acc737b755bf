import Dispatch
import Logging
import Shared
import Synchronization

/// Sends what one attempt measures, and its heartbeats, from a thread of its own: training never
/// waits for the network, and a coordinator that is away for a while costs nothing.
///
/// Rows are written to the attempt's journal, then sent in order and kept until they are
/// acknowledged; a call that is repeated is recognized by the rows' sequence numbers.
final class AttemptReporter: Sendable {
    private let lease: Lease
    private let journal: AttemptJournal
    /// How many rows the journal has; held while it is written.
    private let journaled = Mutex(0)
    private let logger: Logger
    private let state = Mutex(State())
    /// Raised when there is something to send.
    private let wake = DispatchSemaphore(value: 0)
    /// Raised once, when the thread ends.
    private let ended = DispatchSemaphore(value: 0)

    private struct State {
        var pending: [MetricRow] = []
        var acknowledged = 0
        var epochsCompleted = 0
        /// Calls that the coordinator has taken.
        var taken = 0
        var isFinished = false
        var refusal: ClientError?
    }

    init(lease: Lease, journal: AttemptJournal, logger: Logger) {
        self.lease = lease
        self.journal = journal
        self.logger = logger
    }

    /// Why the attempt may not go on; nil while it may.
    var lostReason: String? { state.withLock { $0.refusal?.description } }

    /// Whether what the attempt measured is refused, though it may hold the task still.
    var areRowsRefused: Bool { state.withLock { $0.refusal?.isResultRefused ?? false } }

    /// Whether the coordinator lacks rows that it acknowledged before, as after a loss of its disk.
    var areRowsMissing: Bool { state.withLock { $0.refusal?.code == .metricsGap } }

    /// How many calls the coordinator has taken, heartbeats and others.
    var takenCount: Int { state.withLock { $0.taken } }

    func add(_ rows: [MetricRow], epochsCompleted: Int) {
        state.withLock {
            $0.pending += rows
            $0.epochsCompleted = epochsCompleted
        }
        if !rows.isEmpty { wake.signal() }
    }

    /// Writes to the journal what is not there yet.
    /// - Parameter end: the last thing that the attempt has to tell.
    func write(_ end: AttemptEnd? = nil) throws {
        try journaled.withLock { journaled in
            let rows = state.withLock { state in
                // Rows that were sent while the disk was full are not needed any more.
                journaled = max(journaled, state.acknowledged)
                return Array(state.pending.dropFirst(journaled - state.acknowledged))
            }
            for start in stride(from: 0, to: rows.count, by: Limits.rowsPerRequestMax) {
                let batch = Array(rows[start...].prefix(Limits.rowsPerRequestMax))
                try journal.append(batch)
                journaled += batch.count
            }
            if let end { try journal.append(end) }
        }
    }

    /// Waits until all rows are acknowledged, or the lease is lost, or the worker is to stop, or
    /// whoever is asked does not want to hear them.
    func finish() {
        state.withLock { $0.isFinished = true }
        wake.signal()
        ended.wait()
    }

    /// Whether nothing is left to be acknowledged.
    var isDelivered: Bool { state.withLock { $0.pending.isEmpty } }

    /// Begins to send. Call once.
    func start(_ access: CoordinatorAccess) throws {
        let client = HandedOver(try access.client(for: lease))
        DispatchQueue(label: "reporter").async { [self] in
            send(with: client.value, stop: access.stop)
            ended.signal()
        }
    }

    private func send(with client: CoordinatorClient, stop: StopSignal) {
        let heartbeat = lease.expiresInSeconds / Limits.heartbeatsPerLease
        while true {
            _ = wake.wait(timeout: .now() + heartbeat)
            let (batch, isDone) = nextBatch()
            if isDone { return }
            do throws(ClientError) {
                writeWherePossible()
                _ = try client.report(batch, for: lease)
                state.withLock {
                    $0.pending.removeFirst(batch.rows.count)
                    $0.acknowledged += batch.rows.count
                    $0.taken += 1
                }
            } catch {
                if error.isFinal {
                    state.withLock { $0.refusal = error }
                    return
                }
                logger.warning("metrics not sent", metadata: ["error": "\(error)"])
                // The client gave up because the worker is to stop, or no repeat helps for now: the
                // rest is told from the journal.
                if stop.isPast(share: 1) || state.withLock({ $0.isFinished }) { return }
                stop.pause(seconds: Limits.refusedPauseSeconds)
            }
            if state.withLock({ !$0.pending.isEmpty || $0.isFinished }) { wake.signal() }
        }
    }

    /// A disk that is full must not keep from the coordinator what could be told.
    private func writeWherePossible() {
        do {
            try write()
        } catch {
            logger.warning("the journal cannot be written", metadata: ["error": "\(error)"])
        }
    }

    private func nextBatch() -> (MetricsRequest, isDone: Bool) {
        state.withLock {
            let batch = MetricsRequest(
                firstSequence: $0.acknowledged,
                rows: Array($0.pending.prefix(Limits.rowsPerRequestMax)),
                epochsCompleted: $0.epochsCompleted)
            return (batch, $0.isFinished && $0.pending.isEmpty)
        }
    }
}

/// Carries a value that is not `Sendable` to the one thread that will use it from then on.
/// The maker must not touch it again: that is what makes it sound.
struct HandedOver<Value>: @unchecked Sendable {
    let value: Value

    init(_ value: Value) { self.value = value }
}
