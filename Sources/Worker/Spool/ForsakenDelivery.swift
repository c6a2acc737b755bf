import FoundationEssentials
import Glibc
import Logging
import Shared

/// Delivers what dead workers of this host have left, and ends of this worker's own that nobody
/// would hear, now and then, for as long as the worker lives.
struct ForsakenDelivery: Sendable {
    let spool: Spool
    let access: CoordinatorAccess
    let shelf: CheckpointShelf
    let logger: Logger
    let now: @Sendable () -> Timestamp
    var pauseSeconds = Limits.spoolSearchSeconds

    /// - Parameter waiting: as `deliverAll` has left it.
    func run(_ waiting: Set<String>) {
        var waiting = waiting
        while true {
            access.stop.sleep(seconds: pauseSeconds)
            if access.stop.isSet { return }
            waiting = deliverAll(waiting)
        }
    }

    /// - Parameter waiting: what could not be delivered before; it is tried again, as the one who
    ///   refused it may not have been the right one to ask, but not told of again.
    /// - Returns: what waits now.
    func deliverAll(_ waiting: Set<String>) -> Set<String> {
        var left: Set<String> = []
        func deliver(_ path: String, _ success: Logger.Message) {
            guard !access.stop.isSet else { return }
            let isTold = waiting.contains(path)
            if !self.deliver(path, success, isTold: isTold) { left.insert(path) }
        }
        for path in spool.unheard { deliver(path, "delivered what was not heard before") }
        for forsaken in spool.forsaken() {
            for path in forsaken.journals { deliver(path, "delivered for a worker that died") }
            forsaken.remove()
        }
        return left
    }

    /// - Returns: whether the journal is gone.
    private func deliver(_ path: String, _ success: Logger.Message, isTold: Bool) -> Bool {
        var logger = logger
        logger[metadataKey: "file"] = "\(path)"
        let outcome: Delivery.Outcome
        do {
            // Without an end there is nothing to say: the lease expires, and a checkpoint goes on.
            guard let journal = try ForsakenJournal(at: path) else {
                logger.notice("an attempt had not ended")
                unlink(path)
                return true
            }
            logger[metadataKey: "task"] = "\(journal.lease.task)"
            logger[metadataKey: "attempt"] = "\(journal.lease.attempt)"
            if journal.damagedLines > 0, !isTold {
                logger.warning(
                    "a journal is damaged, but has its end",
                    metadata: ["lines": "\(journal.damagedLines)"])
            }
            outcome = Delivery(access: access, removeCheckpoints: shelf.removeAll(of:))
                .deliver(journal)
        } catch {
            outcome = .notNow(reason: "\(error)")
        }
        switch outcome {
        case .taken:
            logger.notice(success)
        case .refused(let reason):
            logger.warning("a result is refused", metadata: ["reason": "\(reason)"])
        case .notNow(let reason):
            if !isTold { logger.warning("a result waits", metadata: ["reason": "\(reason)"]) }
            guard isOld(path) else { return false }
            logger.error("a journal is given up: it is too old", metadata: ["reason": "\(reason)"])
        }
        unlink(path)
        return true
    }

    private func isOld(_ path: String) -> Bool {
        guard let modified = Spool.modified(path) else { return false }
        let age = Double(now().milliseconds) / 1_000 - Double(modified) / 1e9
        return age > Limits.daysKeptMax * 86_400
    }
}
