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
    let bootID: String?
    let selfTest: SelfTestReport
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
    var spoolSearchSeconds = Limits.spoolSearchSeconds

    /// Why a worker ends.
    enum Ending: Equatable {
        /// It was told to, or had nothing to do for too long.
        case regular
        /// The coordinator does not want what this host computes.
        case refused(reason: String)
    }

    /// Returns when all trainings have ended.
    func run() -> Ending {
        deliverForTheDead()
        let runner = AttemptRunner(
            access: access, cache: cache, shelf: shelf, spool: spool, roster: roster,
            logger: logger)
        let group = DispatchGroup()
        var (idleSince, seatedCount) = (ContinuousClock.now, 0)
        var patience = Patience()
        var notices = RefusalNotices()
        var ending = Ending.regular
        while !access.stop.isSet {
            if let arrival = roster.expectOne() {
                switch ask() {
                case .leases(let leases):
                    patience = Patience()
                    notices = RefusalNotices()
                    for lease in leases {
                        group.enter()
                        roster.attemptBegins()
                        DispatchQueue(label: "training").async {
                            runner.run(lease, arrival)
                            roster.attemptEnded()
                            group.leave()
                        }
                    }
                case .notNow(let error):
                    if let text = notices.text(for: error, at: .now), !access.stop.isSet {
                        logger.error("got no task, will ask again", metadata: ["error": "\(text)"])
                    }
                    wait(patience.seconds(after: error))
                case .never(let reason):
                    ending = .refused(reason: reason)
                }
            } else {
                roster.waitForChange()
            }
            if roster.isBusy || roster.seatedCount > seatedCount { idleSince = .now }
            seatedCount = roster.seatedCount
            if let idleExit, ContinuousClock.now - idleSince >= idleExit { break }
            if ending != .regular { break }
        }
        if access.stop.isSet { spool.noteStopping() }
        group.wait()
        return ending
    }

    private enum Answer {
        /// Empty where there was no task.
        case leases([Lease])
        case notNow(any Error)
        case never(reason: String)
    }

    /// What is there is told before anything is asked for: it might be granted the very task that
    /// a dead worker has finished. But not for ever, should it be something that the coordinator
    /// cannot take. What comes to be there later is told beside the trainings.
    private func deliverForTheDead() {
        let delivery = ForsakenDelivery(
            spool: spool, access: access, shelf: shelf, logger: logger, now: { Timestamp(Date()) },
            pauseSeconds: spoolSearchSeconds)
        let isTold = DispatchSemaphore(value: 0)
        DispatchQueue(label: "forsaken").async {
            let waiting = delivery.deliverAll([])
            isTold.signal()
            shelf.removeOlder(thanDays: Limits.daysKeptMax, now: delivery.now())
            delivery.run(waiting)
        }
        let end = ContinuousClock.now + waitForTheDead
        while !access.stop.isSet, ContinuousClock.now < end {
            if isTold.wait(timeout: .now() + .milliseconds(100)) == .success { return }
        }
    }

    /// One task: what it needs is known when it is here.
    private func ask() -> Answer {
        do {
            // What could not be kept is not asked for.
            try spool.check()
            let (stop, roster) = (access.stop, roster)
            let client = try access.client(
                givingUpWhen: { stop.isSet }, holdingWhile: { roster.hasEndToTell })
            return .leases(try client.lease(request(waitSeconds: waitSeconds)))
        } catch {
            let isFinal = (error as? ClientError)?.code == .selfTestFailed
            return isFinal ? .never(reason: "\(error)") : .notNow(error)
        }
    }

    private func request(waitSeconds: Int) -> LeaseRequest {
        LeaseRequest(
            worker: name, host: host, bootID: bootID, slots: 1, waitSeconds: waitSeconds,
            selfTest: selfTest)
    }

    /// A self-test that came out wrong gets no task from any coordinator; the call lets people see
    /// it there.
    /// - Returns: what was wrong.
    func tellOfFailedSelfTest() -> String {
        let end = ContinuousClock.now + .seconds(Limits.partingSecondsMax)
        do {
            let client = try access.client(givingUpWhen: { ContinuousClock.now > end })
            _ = try client.lease(request(waitSeconds: 0))
        } catch let error as ClientError where error.code == .selfTestFailed {
            return error.description
        } catch {
            logger.warning("the coordinator does not know", metadata: ["error": "\(error)"])
        }
        return selfTest.differences.joined(separator: " ")
    }

    private func wait(_ seconds: Double) {
        access.stop.sleep(seconds: min(seconds, idleExit?.seconds ?? seconds))
    }

    /// Never longer than the worker may be idle.
    private var waitSeconds: Int {
        guard let idleExit else { return Limits.leaseWaitSecondsDefault }
        return min(Limits.leaseWaitSecondsDefault, Int(idleExit.seconds.rounded(.up)))
    }
}

/// How long to wait after a refusal. A host that was set aside waits for a person, who may be long
/// in coming: it asks less and less often.
struct Patience {
    private var setAsideCount = 0

    mutating func seconds(after error: any Error) -> Double {
        guard (error as? ClientError)?.code == .setAside else { return Limits.refusedPauseSeconds }
        defer { setAsideCount += 1 }
        let pause = Limits.refusedPauseSeconds * Double(1 << min(setAsideCount, 16))
        return min(pause, Limits.setAsidePauseSecondsMax)
    }
}

/// Why the worker got no task, at once and then each minute. Nothing of what `CoordinatorContact`
/// says already: that the coordinator cannot be reached or does not accept the token.
struct RefusalNotices {
    private var last: (text: String, at: ContinuousClock.Instant)?

    /// Nil: nothing is to be said.
    mutating func text(for error: any Error, at now: ContinuousClock.Instant) -> String? {
        switch error {
        case is JoinError, is TransportError, ClientError.unreachable: return nil
        case ClientError.refused(status: 401, _): return nil
        default: break
        }
        let text = "\(error)"
        if let last, last.text == text, now - last.at < .seconds(Limits.noticeSecondsMin) {
            return nil
        }
        last = (text, now)
        return text
    }
}
