import Logging
import Shared
import Trainer

/// Trains one leased task and tells the coordinator how it ended.
struct AttemptRunner {
    let access: CoordinatorAccess
    let cache: DatasetCache
    let shelf: CheckpointShelf
    let spool: Spool
    let logger: Logger

    /// How the training itself went.
    private enum Outcome {
        case ended(AttemptEnd)
        /// Nothing to tell but that the task is free again.
        case stopped(reason: String)
        case lost(reason: String)
    }

    /// Returns when the coordinator knows, or need not know, or the worker is told to stop.
    func run(_ lease: Lease) {
        var logger = logger
        logger[metadataKey: "task"] = "\(lease.task)"
        logger[metadataKey: "attempt"] = "\(lease.attempt)"
        do {
            let journal = try spool.journal(of: lease)
            let keeper = CheckpointKeeper(lease, shelf: shelf, access: access, logger: logger)
            try run(lease, journal, keeper, logger)
        } catch {
            // The lease will expire, and somebody else train the task.
            logger.error("the attempt could not begin", metadata: ["error": "\(error)"])
        }
    }

    private func run(
        _ lease: Lease, _ journal: AttemptJournal, _ keeper: CheckpointKeeper, _ logger: Logger
    ) throws {
        let start = ContinuousClock.now
        let reporter = AttemptReporter(lease: lease, journal: journal, logger: logger)
        // Heartbeats go out from here on: fetching data may take long.
        try reporter.start(access)
        var outcome = trainedOutcome(of: lease, reporter, keeper, logger)
        if case .ended(let end) = outcome {
            do {
                try reporter.write(end)
            } catch {
                logger.warning("the journal cannot be written", metadata: ["error": "\(error)"])
            }
        }
        reporter.finish()
        if let reason = reporter.lostReason { outcome = .lost(reason: reason) }
        var logger = logger
        let seconds = ((ContinuousClock.now - start).seconds * 10).rounded() / 10
        logger[metadataKey: "seconds"] = "\(seconds)"
        if tell(outcome, of: lease, keeper, logger) { journal.remove() }
    }

    private func trainedOutcome(
        of lease: Lease, _ reporter: AttemptReporter, _ keeper: CheckpointKeeper, _ logger: Logger
    ) -> Outcome {
        do {
            let start = try makeStart(lease, logger)
            return train(start, lease, reporter, keeper)
        } catch {
            // Told to stop, the worker also breaks off what it was fetching.
            if access.stop.isSet { return .stopped(reason: stopReason) }
            // Another host would read the same configuration and data, and fail alike.
            let isPermanent = error is SweepMistakes || error is TrainingError
            return .ended(.failed(FailRequest(error: "\(error)", isPermanent: isPermanent)))
        }
    }

    private func makeStart(_ lease: Lease, _ logger: Logger) throws -> TrainingStart {
        let configuration = try Configuration(reading: SourceValue(lease.configuration))
        let client = try access.client()
        let dataset = try cache.dataset(lease.dataDigest, from: client)
        let starter = TrainingStarter(lease: lease, shelf: shelf, client: client, logger: logger)
        return try starter.start { checkpoint in
            try configuration.makeTraining(dataset: dataset, resuming: checkpoint)
        }
    }

    private func train(
        _ start: TrainingStart, _ lease: Lease, _ reporter: AttemptReporter,
        _ keeper: CheckpointKeeper
    ) -> Outcome {
        let training = start.training
        var (metrics, trajectory) = (start.metrics, TrajectoryDigest())
        func add(_ rows: [MetricRow]) {
            for row in rows { trajectory.append(row) }
            reporter.add(rows, epochsCompleted: training.epochsCompleted)
        }
        add(metrics.rows)
        var schedule = CheckpointSchedule(
            everyEpochs: lease.checkpointEveryEpochs, epochs: training.epochsCompleted, now: .now)
        while !training.isFinished {
            if access.stop.isSet {
                let epochs = training.epochsCompleted
                if epochs > schedule.keptEpochs {
                    _ = keeper.keep(checkpoint(of: training, metrics, lease), epochs: epochs)
                }
                return .stopped(reason: stopReason)
            }
            let rows = training.trainEpoch {
                access.stop.isPast(share: Limits.graceShareForEpoch) || reporter.lostReason != nil
            }
            guard let rows else { return .stopped(reason: stopReason) }
            for row in rows { metrics.append(row) }
            add(rows)
            let epochs = training.epochsCompleted
            if !training.isFinished, !access.stop.isSet, schedule.isDue(epochs: epochs, now: .now),
                keeper.keep(checkpoint(of: training, metrics, lease), epochs: epochs)
            {
                schedule.kept(epochs: epochs, now: .now)
            }
        }
        return .ended(
            .trained(
                CompleteRequest(
                    epochsCompleted: training.epochsCompleted, rowCount: metrics.count,
                    trajectory: trajectory.digest)))
    }

    private func checkpoint(
        of training: any Training, _ metrics: MetricTable, _ lease: Lease
    ) -> Safetensors {
        TrainingStarter.checkpoint(of: training, metrics, task: lease.task)
    }

    private var stopReason: String { "the worker stops: \(access.stop.reason)" }

    /// - Returns: whether nothing is left to be told.
    private func tell(
        _ outcome: Outcome, of lease: Lease, _ keeper: CheckpointKeeper, _ logger: Logger
    ) -> Bool {
        switch outcome {
        case .ended(let end):
            keeper.end()
            return tell(end, of: lease, keeper, logger)
        case .stopped(let reason):
            let left = access.stop.timeLeft(untilShare: Limits.graceShareForCheckpoint)
            keeper.settle(within: left ?? .zero)
            keeper.end()
            do {
                _ = try access.client().handBack(lease, reason: reason)
                logger.notice("handed back")
            } catch {
                // The lease will expire.
                logger.warning("not handed back", metadata: ["error": "\(error)"])
            }
            return true
        case .lost(let reason):
            keeper.endAndRemove()
            logger.warning("given up", metadata: ["reason": "\(reason)"])
            return true
        }
    }

    private func tell(
        _ end: AttemptEnd, of lease: Lease, _ keeper: CheckpointKeeper, _ logger: Logger
    ) -> Bool {
        switch Delivery(access: access).tell(end, of: lease) {
        case .taken:
            switch end {
            case .trained: logger.notice("trained")
            case .failed(let failure):
                logger.error("failed", metadata: ["error": "\(failure.error)"])
            }
            keeper.endAndRemove()
            return true
        case .refused(let reason):
            keeper.endAndRemove()
            logger.warning("given up", metadata: ["reason": "\(reason)"])
            return true
        case .notNow(let reason):
            logger.warning("the result waits in the spool", metadata: ["reason": "\(reason)"])
            return false
        }
    }
}
