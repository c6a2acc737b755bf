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
            guard !access.stop.isSet else { return left }
            left.formUnion(reportKilled(forsaken, waiting))
            for path in forsaken.journals where !left.contains(path) {
                deliver(path, "delivered for a worker that died")
            }
            forsaken.remove()
        }
        return left
    }

    /// Reports the attempts that were under way when a worker's process ended without a word. All
    /// journals stay until all attempts are reported: how many there are is part of the report.
    /// - Returns: the journals of those that could not be reported.
    private func reportKilled(_ forsaken: Spool.Forsaken, _ waiting: Set<String>) -> Set<String> {
        guard let reason = spool.killReason(of: forsaken) else { return [] }
        let unfinished = forsaken.journals.compactMap { path in
            ForsakenJournal.unfinished(at: path).map { (path, lease: $0) }
        }
        var left: Set<String> = []
        for (path, lease) in unfinished {
            var logger = logger
            logger[metadataKey: "task"] = "\(lease.task)"
            logger[metadataKey: "attempt"] = "\(lease.attempt)"
            let outcome = Delivery(access: access).reportKilled(
                lease, reason: reason, beside: unfinished.count - 1)
            switch outcome {
            case .taken, .refused:
                logger.warning(
                    "a worker ended in mid-attempt",
                    metadata: [
                        "reason": "\(reason)", "tasks beside it": "\(unfinished.count - 1)",
                    ])
            case .notNow(let error):
                if !waiting.contains(path) {
                    logger.warning(
                        "a killed attempt waits to be reported",
                        metadata: ["reason": "\(reason)", "error": "\(error)"])
                }
                if !isOld(path) { left.insert(path) }
            }
        }
        if !left.isEmpty { left.formUnion(unfinished.map(\.0)) }
        return left
    }

    /// - Returns: whether the journal is gone.
    private func deliver(_ path: String, _ success: Logger.Message, isTold: Bool) -> Bool {
        var logger = logger
        logger[metadataKey: "file"] = "\(path)"
        let outcome: Delivery.Outcome
        do {
            // Without an end there is nothing more to say: a checkpoint goes on.
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
