import Logging
import ServiceLifecycle
import Shared

/// Takes tasks back from workers that are not heard of any more, so that others can train them.
struct Reaper: Service {
    let store: Store
    let ready: ReadySignal
    let logger: Logger
    /// At least four looks a lease, so that a dead worker is noticed soon after its time is up.
    var period: Duration { min(store.liveLeases.leaseDuration / 4, .seconds(1)) }

    func run() async throws {
        var ticks = 0
        var (obstacle, nextSearch) = (String?.none, store.environment.instant())
        // Cancelled: another service could not start, or has failed.
        while !Task.isShuttingDownGracefully, !Task.isCancelled {
            // Ends the process: only a new start finds out what the disk has kept.
            if let error = store.commits.brokenBy { throw error }
            await sweepOnce()
            for sentence in store.hosts.takeNews() { logger.warning("\(sentence)") }
            if store.environment.instant() >= nextSearch {
                obstacle = await logRecheckObstacle(unless: obstacle)
                nextSearch = store.environment.instant() + .seconds(Limits.obstacleSearchSeconds)
            }
            if ticks % 3_600 == 0 { await forgetOldRequests() }
            ticks += 1
            try? await cancelWhenGracefulShutdown { try await Task.sleep(for: period) }
        }
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
    func sweepOnce() async {
        let expired = store.liveLeases.expired(now: store.environment.instant())
        for start in stride(from: 0, to: expired.count, by: Limits.expiryBatchMax) {
            let batch = Array(expired[start..<min(start + Limits.expiryBatchMax, expired.count)])
            do {
                let ended = try await store.expire(batch)
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
