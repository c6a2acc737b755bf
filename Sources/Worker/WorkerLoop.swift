import Dispatch
import FoundationEssentials
import Logging
import Shared
import Synchronization

/// Asks for tasks and trains them, as many side by side as there is room for (`Roster`), until told
/// to stop or idle for too long. Each training has a thread of its own, which keeps a processor
/// busy for hours and would starve whatever shared a pool with it.
struct WorkerLoop {
    let name: WorkerName
    let host: String
    let roster: Roster
    /// Ends the worker once it has had nothing to do for so long; nil: never.
    let idleExit: Duration?
    let access: CoordinatorAccess
    let cache: DatasetCache
    let shelf: CheckpointShelf
    let spool: Spool
    let logger: Logger
    /// How long what dead workers have left may keep this one from asking for tasks.
    var waitForTheDead = Duration.seconds(Limits.forsakenWaitSecondsMax)

    /// Returns when all trainings have ended.
    func run() {
        deliverForTheDead()
        let runner = AttemptRunner(
            access: access, cache: cache, shelf: shelf, spool: spool, roster: roster,
            logger: logger)
        let group = DispatchGroup()
        var (idleSince, seatedCount) = (ContinuousClock.now, 0)
        while !access.stop.isSet {
            if let arrival = roster.expectOne() {
                for lease in lease() {
                    group.enter()
                    roster.attemptBegins()
                    DispatchQueue(label: "training").async {
                        runner.run(lease, arrival)
                        roster.attemptEnded()
                        group.leave()
                    }
                }
            } else {
                roster.waitForChange()
            }
            if roster.isBusy || roster.seatedCount > seatedCount { idleSince = .now }
            seatedCount = roster.seatedCount
            if let idleExit, ContinuousClock.now - idleSince >= idleExit { break }
        }
        group.wait()
    }

    /// What is there is told before anything is asked for: it might be granted the very task that
    /// a dead worker has finished. But not for ever, should it be something that the coordinator
    /// cannot take. What comes to be there later is told beside the trainings.
    private func deliverForTheDead() {
        let delivery = ForsakenDelivery(
            spool: spool, access: access, logger: logger, now: { Timestamp(Date()) })
        let isTold = DispatchSemaphore(value: 0)
        DispatchQueue(label: "forsaken").async {
            let waiting = delivery.deliverAll(butNot: [])
            isTold.signal()
            shelf.removeOlder(thanDays: Limits.daysKeptMax, now: delivery.now())
            delivery.run(butNot: waiting)
        }
        let end = ContinuousClock.now + waitForTheDead
        while !access.stop.isSet, ContinuousClock.now < end {
            if isTold.wait(timeout: .now() + .milliseconds(100)) == .success { return }
        }
    }

    /// One task: what it needs is known when it is here.
    private func lease() -> [Lease] {
        let request = LeaseRequest(
            worker: name, host: host, slots: 1, waitSeconds: waitSeconds)
        do {
            // What could not be kept is not asked for.
            try spool.check()
            let (stop, roster) = (access.stop, roster)
            return try access.client(
                givingUpWhen: { stop.isSet }, holdingWhile: { roster.hasEndToTell }
            ).lease(request)
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
