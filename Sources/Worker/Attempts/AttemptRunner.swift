import Logging
import Shared
import Trainer

/// Trains one leased task and tells the coordinator how it ended.
struct AttemptRunner {
    let access: CoordinatorAccess
    let cache: DatasetCache
    let logger: Logger

    /// How the training itself went.
    private enum Outcome {
        case trained(CompleteRequest)
        case failed(FailRequest)
        case stopped
        case lost(reason: String)
    }

    /// Returns when the coordinator knows, or need not know, or the worker is told to stop.
    func run(_ lease: Lease) {
        var logger = logger
        logger[metadataKey: "task"] = "\(lease.task)"
        logger[metadataKey: "attempt"] = "\(lease.attempt)"
        let start = ContinuousClock.now
        let outcome = outcome(of: lease, logger)
        let seconds = ((ContinuousClock.now - start).seconds * 10).rounded() / 10
        logger[metadataKey: "seconds"] = "\(seconds)"
        do {
            try tell(outcome, of: lease, logger)
        } catch {
            // The lease will expire, and somebody else train the task.
            logger.error("the attempt's end could not be told", metadata: ["error": "\(error)"])
        }
    }

    private func outcome(of lease: Lease, _ logger: Logger) -> Outcome {
        do {
            let reporter = AttemptReporter(lease: lease, logger: logger)
            // Heartbeats go out from here on: fetching data may take long.
            try reporter.start(access)
            let outcome = trainedOutcome(of: lease, reporter)
            reporter.finish()
            if let reason = reporter.lostReason { return .lost(reason: reason) }
            // What is not stored cannot be completed.
            return reporter.isDelivered ? outcome : .stopped
        } catch {
            return .failed(FailRequest(error: "\(error)", isPermanent: false))
        }
    }

    private func trainedOutcome(of lease: Lease, _ reporter: AttemptReporter) -> Outcome {
        do {
            return train(try makeTraining(lease), reporter)
        } catch {
            // Told to stop, the worker also breaks off what it was fetching.
            if access.stop.isSet { return .stopped }
            // Another host would read the same configuration and data, and fail alike.
            let isPermanent = error is SweepMistakes || error is TrainingError
            return .failed(FailRequest(error: "\(error)", isPermanent: isPermanent))
        }
    }

    private func makeTraining(_ lease: Lease) throws -> any Training {
        let configuration = try Configuration(reading: SourceValue(lease.configuration))
        let dataset = try configuration.dataset.map { _ in
            try cache.dataset(lease.dataDigest, from: access.client())
        }
        return try configuration.makeTraining(dataset: dataset)
    }

    private func train(_ training: any Training, _ reporter: AttemptReporter) -> Outcome {
        var trajectory = TrajectoryDigest()
        var rowCount = 0
        while !training.isFinished {
            let rows = training.trainEpoch {
                access.stop.isSet || reporter.lostReason != nil
            }
            guard let rows else { return .stopped }
            for row in rows { trajectory.append(row) }
            rowCount += rows.count
            reporter.add(rows, epochsCompleted: training.epochsCompleted)
        }
        return .trained(
            CompleteRequest(
                epochsCompleted: training.epochsCompleted, rowCount: rowCount,
                trajectory: trajectory.digest))
    }

    private func tell(_ outcome: Outcome, of lease: Lease, _ logger: Logger) throws {
        let client = try access.client()
        switch outcome {
        case .trained(let result):
            _ = try client.complete(result, for: lease)
            logger.notice("trained")
        case .failed(let failure):
            _ = try client.fail(failure, for: lease)
            logger.error("failed", metadata: ["error": "\(failure.error)"])
        case .stopped:
            _ = try client.handBack(lease, reason: "the worker stops: \(access.stop.reason)")
            logger.notice("handed back")
        case .lost(let reason):
            logger.warning("given up", metadata: ["reason": "\(reason)"])
        }
    }
}
