import Logging
import ServiceLifecycle
import Shared

/// Takes tasks back from workers that are not heard of any more, so that others can train them.
struct Reaper: Service {
    let store: Store
    let ready: ReadySignal
    var refusals = RefusalLog()
    let logger: Logger
    /// At least four looks a lease, so that a dead worker is noticed soon after its time is up.
    var period: Duration { min(store.liveLeases.leaseDuration / 4, .seconds(1)) }

    func run() async throws {
        var ticks = 0
        var runningTime = RunningTime()
        var (obstacle, nextSearch) = (String?.none, store.environment.instant())
        // Cancelled: another service could not start, or has failed.
        while !Task.isShuttingDownGracefully, !Task.isCancelled {
            // Ends the process: only a new start finds out what the disk has kept.
            if let error = store.commits.brokenBy { throw error }
            await look(&runningTime)
            for sentence in store.hosts.takeNews() { logger.warning("\(sentence)") }
            for sentence in refusals.endWindows(now: store.environment.instant()) {
                logger.warning("\(sentence)")
            }
            if store.environment.instant() >= nextSearch {
                obstacle = await logRecheckObstacle(unless: obstacle)
                nextSearch = store.environment.instant() + .seconds(Limits.obstacleSearchSeconds)
            }
            if ticks % 3_600 == 0 { await forgetOldRequests() }
            ticks += 1
            runningTime.sleeps(now: store.environment.instant())
            try? await cancelWhenGracefulShutdown { try await Task.sleep(for: period) }
        }
    }

    /// One turn of the loop.
    func look(_ runningTime: inout RunningTime) async {
        // One reading of the clock: the process may be stopped between any two of these lines.
        let now = store.environment.instant()
        giveBackLostTime(&runningTime, now: now)
        await sweepOnce(asOf: now)
    }

    /// - Parameter known: what the log has been told.
    private func logRecheckObstacle(unless known: String?) async -> String? {
        do {
            let obstacle = try await store.recheckObstacle()
            if let obstacle, obstacle != known { logger.notice("\(obstacle)") }
            return obstacle
        } catch {
            logger.error("rechecks could not be read", metadata: ["error": "\(error)"])
            return known
        }
    }

    /// Batches keep each transaction short, also when a hundred thousand workers die at once.
    func sweepOnce(asOf instant: ContinuousClock.Instant? = nil) async {
        let now = instant ?? store.environment.instant()
        let expired = store.liveLeases.expired(now: now)
        for start in stride(from: 0, to: expired.count, by: Limits.expiryBatchMax) {
            let batch = Array(expired[start..<min(start + Limits.expiryBatchMax, expired.count)])
            do {
                let ended = try await store.expire(batch, asOf: now)
                guard !ended.isEmpty else { continue }
                logger.warning("leases expired", metadata: ["count": "\(ended.count)"])
                await setAsideSuspects()
                ready.notify()
            } catch {
                // Tried again at the next tick: the leases are still live and still expired.
                logger.error("leases could not be expired", metadata: ["error": "\(error)"])
            }
        }
    }

    private func giveBackLostTime(
        _ runningTime: inout RunningTime, now: ContinuousClock.Instant
    ) {
        let lastLook = runningTime.lastLook
        guard let gap = runningTime.look(period: period, now: now), let lastLook else { return }
        switch gap {
        case .stopped(let time):
            store.liveLeases.giveBack(stopped: time, since: lastLook, now: now)
            if time >= store.liveLeases.leaseDuration / 4 {
                logger.notice(
                    "the coordinator was stopped; leases are extended by this time",
                    metadata: ["seconds": "\(time.seconds.rounded())"])
            }
        case .heldUp: store.liveLeases.giveBack(stopped: .zero, since: lastLook, now: now)
        }
    }

    /// Before anybody is told that there is something to do: the host may be the one that waits.
    private func setAsideSuspects() async {
        do {
            try await store.setAsideSuspects()
        } catch {
            logger.error("a host could not be set aside", metadata: ["error": "\(error)"])
        }
    }

    private func forgetOldRequests() async {
        do {
            try await store.forgetOldRequests()
        } catch {
            logger.error("old requests could not be forgotten", metadata: ["error": "\(error)"])
        }
    }
}
