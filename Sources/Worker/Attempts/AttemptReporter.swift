import Dispatch
import Logging
import Shared
import Synchronization

/// Sends what one attempt measures, and its heartbeats, from a thread of its own: training never
/// waits for the network, and a coordinator that is away for a while costs nothing.
///
/// Rows are sent in order and kept until they are acknowledged; a call that is repeated is recognized
/// by the rows' sequence numbers.
final class AttemptReporter: Sendable {
    private let lease: Lease
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
        var isFinished = false
        var lostReason: String?
    }

    init(lease: Lease, logger: Logger) {
        self.lease = lease
        self.logger = logger
    }

    /// Why the attempt may not go on; nil while it may.
    var lostReason: String? { state.withLock { $0.lostReason } }

    func add(_ rows: [MetricRow], epochsCompleted: Int) {
        state.withLock {
            $0.pending += rows
            $0.epochsCompleted = epochsCompleted
        }
        if !rows.isEmpty { wake.signal() }
    }

    /// Waits until all rows are acknowledged, or the lease is lost, or the worker is to stop.
    func finish() {
        state.withLock { $0.isFinished = true }
        wake.signal()
        ended.wait()
    }

    /// Whether nothing is left to be acknowledged.
    var isDelivered: Bool { state.withLock { $0.pending.isEmpty } }

    /// Begins to send. Call once.
    func start(_ access: CoordinatorAccess) throws {
        let client = HandedOver(try access.client())
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
                _ = try client.report(batch, for: lease)
                state.withLock {
                    $0.pending.removeFirst(batch.rows.count)
                    $0.acknowledged += batch.rows.count
                }
            } catch {
                if let reason = Self.lossReason(error) {
                    state.withLock { $0.lostReason = reason }
                    return
                }
                logger.warning("metrics not sent", metadata: ["error": "\(error)"])
                // The client gave up because the worker is to stop.
                if stop.isSet { return }
            }
            if state.withLock({ !$0.pending.isEmpty || $0.isFinished }) { wake.signal() }
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

    /// A refusal that no repeat will change: the attempt is over.
    static func lossReason(_ error: ClientError) -> String? {
        guard case .refused(let status, let body) = error, status < 500 else { return nil }
        return body.message
    }
}

/// Carries a value that is not `Sendable` to the one thread that will use it from then on.
/// The maker must not touch it again: that is what makes it sound.
struct HandedOver<Value>: @unchecked Sendable {
    let value: Value

    init(_ value: Value) { self.value = value }
}
