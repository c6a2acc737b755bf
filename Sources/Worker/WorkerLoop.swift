import Dispatch
import FoundationEssentials
import Logging
import Shared
import Synchronization

/// Asks for tasks and trains them, in so many slots side by side, until told to stop or idle for
/// too long. Each slot is a thread: a training keeps a processor busy for hours, and would starve
/// whatever shared a pool with it.
struct WorkerLoop {
    let name: WorkerName
    let host: String
    let slots: Int
    /// Ends the worker once it has had nothing to do for so long; nil: never.
    let idleExit: Duration?
    let access: CoordinatorAccess
    let cache: DatasetCache
    let shelf: CheckpointShelf
    let spool: Spool
    let logger: Logger

    /// Returns when all slots have ended.
    func run() {
        deliverForTheDead()
        let group = DispatchGroup()
        for slot in 0..<slots {
            group.enter()
            DispatchQueue(label: "slot \(slot)").async {
                runSlot(slot)
                group.leave()
            }
        }
        group.wait()
    }

    /// Beside the slots: a coordinator that is away must not keep them from what they can do.
    private func deliverForTheDead() {
        let delivery = ForsakenDelivery(
            spool: spool, access: access, logger: logger, now: { Timestamp(Date()) })
        DispatchQueue(label: "forsaken").async {
            shelf.removeOlder(thanDays: Limits.daysKeptMax, now: delivery.now())
            delivery.run()
        }
    }

    private func runSlot(_ slot: Int) {
        var logger = logger
        logger[metadataKey: "slot"] = "\(slot)"
        let runner = AttemptRunner(
            access: access, cache: cache, shelf: shelf, spool: spool, logger: logger)
        var idleSince = ContinuousClock.now
        while !access.stop.isSet {
            let leases = lease(logger)
            for lease in leases { runner.run(lease) }
            if !leases.isEmpty { idleSince = .now }
            if let idleExit, ContinuousClock.now - idleSince >= idleExit { return }
        }
    }

    private func lease(_ logger: Logger) -> [Lease] {
        let request = LeaseRequest(
            worker: name, host: host, slots: 1, waitSeconds: waitSeconds)
        do {
            // What could not be kept is not asked for.
            try spool.check()
            return try access.client().lease(request)
        } catch {
            if !access.stop.isSet {
                logger.error("no task", metadata: ["error": "\(error)"])
                access.stop.sleep(seconds: Limits.refusedPauseSeconds)
            }
            return []
        }
    }

    /// Never longer than the worker may be idle.
    private var waitSeconds: Int {
        guard let idleExit else { return Limits.leaseWaitSecondsDefault }
        return min(Limits.leaseWaitSecondsDefault, Int(idleExit.seconds.rounded(.up)))
    }
}
