import Logging
import Shared
import Trainer

/// Trains one leased task and tells the coordinator how it ended.
struct AttemptRunner {
    let access: CoordinatorAccess
    let cache: DatasetCache
    let roster: Roster
    let logger: Logger

    /// How the training itself went.
    private enum Outcome {
        case trained(CompleteRequest)
        case failed(FailRequest)
        case stopped
        /// This host has too little memory.
        case tooLarge(reason: String)
        case lost(reason: String)
    }

    /// Returns when the coordinator knows, or need not know, or the worker is told to stop.
    /// - Parameter arrival: settled as soon as the worker may ask for the next task.
    func run(_ lease: Lease, _ arrival: Roster.Arrival) {
        var logger = logger
        logger[metadataKey: "task"] = "\(lease.task)"
        logger[metadataKey: "attempt"] = "\(lease.attempt)"
        let start = ContinuousClock.now
        let outcome = outcome(of: lease, arrival, logger)
        let seconds = ((ContinuousClock.now - start).seconds * 10).rounded() / 10
        logger[metadataKey: "seconds"] = "\(seconds)"
        do {
            try tell(outcome, of: lease, logger)
        } catch {
            // The lease will expire, and somebody else train the task.
            logger.error("the attempt's end could not be told", metadata: ["error": "\(error)"])
        }
        if case .tooLarge = outcome { access.stop.sleep(seconds: roster.refusalPauseSeconds) }
        arrival.settle()
    }

    private func outcome(of lease: Lease, _ arrival: Roster.Arrival, _ logger: Logger) -> Outcome {
        do {
            let reporter = AttemptReporter(lease: lease, logger: logger)
            // Heartbeats go out from here on: fetching data may take long.
            try reporter.start(access)
            let outcome = trainedOutcome(of: lease, reporter, arrival)
            reporter.finish()
            if let reason = reporter.lostReason { return .lost(reason: reason) }
            // What is not stored cannot be completed.
            return reporter.isDelivered ? outcome : .stopped
        } catch {
            return .failed(FailRequest(error: "\(error)", isPermanent: false))
        }
    }

    private func trainedOutcome(
        of lease: Lease, _ reporter: AttemptReporter, _ arrival: Roster.Arrival
    ) -> Outcome {
        do {
            let configuration = try Configuration(reading: SourceValue(lease.configuration))
            let dataset = try configuration.dataset.map { _ in
                try cache.dataset(lease.dataDigest, from: access.client())
            }
            let need = try configuration.need(
                dataset: dataset, threadsMax: roster.admission.cores)
            switch enter(need, reporter) {
            case .wait: return .stopped
            case .tooLarge(let available):
                return .tooLarge(reason: tooLargeReason(need, available))
            case .seated(let seat):
                defer { roster.leave(seat) }
                return try train(configuration, dataset, seat, reporter, arrival)
            }
        } catch {
            // Told to stop, the worker also breaks off what it was fetching.
            if access.stop.isSet { return .stopped }
            // Another host would read the same configuration and data, and fail alike.
            let isPermanent = error is SweepMistakes || error is TrainingError
            return .failed(FailRequest(error: "\(error)", isPermanent: isPermanent))
        }
    }

    /// Waits until there is room beside the others; `wait` where it may wait no longer.
    private func enter(_ need: TrainingNeed, _ reporter: AttemptReporter) -> Roster.Entry {
        while !mayNotGoOn(reporter) {
            let entry = roster.enter(need)
            guard case .wait = entry else { return entry }
            access.stop.sleep(seconds: 0.1)
        }
        return .wait
    }

    private func mayNotGoOn(_ reporter: AttemptReporter) -> Bool {
        access.stop.isSet || reporter.lostReason != nil
    }

    private func tooLargeReason(_ need: TrainingNeed, _ available: Int) -> String {
        "the task needs \(Admission.bytesWanted(need) >> 20) MB of memory, and the host has "
            + "\(available >> 20) MB left; a host with more may take it"
    }

    private func train(
        _ configuration: Configuration, _ dataset: Dataset?, _ seat: Roster.Seat,
        _ reporter: AttemptReporter, _ arrival: Roster.Arrival
    ) throws -> Outcome {
        while !roster.mayBegin(seat), !mayNotGoOn(reporter) { access.stop.sleep(seconds: 0.01) }
        seat.hasTaken(seat.threads)
        let training = try configuration.makeTraining(
            dataset: dataset, threads: seat.threads, threadsMax: seat.threadsMax)
        arrival.settle()
        return train(training, seat, reporter)
    }

    private func train(
        _ training: any Training, _ seat: Roster.Seat, _ reporter: AttemptReporter
    ) -> Outcome {
        var trajectory = TrajectoryDigest()
        var rowCount = 0
        while !training.isFinished {
            let rows = training.trainEpoch {
                if training.threads != seat.threads { training.threads = seat.threads }
                seat.hasTaken(training.threads)
                return mayNotGoOn(reporter)
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
        case .tooLarge(let reason):
            _ = try client.handBack(lease, reason: reason)
            logger.warning("handed back", metadata: ["reason": "\(reason)"])
        case .lost(let reason):
            logger.warning("given up", metadata: ["reason": "\(reason)"])
        }
    }
}
