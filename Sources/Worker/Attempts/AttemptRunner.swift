import Logging
import Shared
import Trainer

/// Trains one leased task and tells the coordinator how it ended.
struct AttemptRunner {
    let access: CoordinatorAccess
    let cache: DatasetCache
    let shelf: CheckpointShelf
    let spool: Spool
    let roster: Roster
    let logger: Logger
    /// Of the process: shared by all copies.
    let dataWarnings = DataWarnings()

    /// What belongs to one attempt alone.
    private struct Attempt {
        let lease: Lease
        let arrival: Roster.Arrival
        let reporter: AttemptReporter
        let keeper: CheckpointKeeper
        var logger: Logger
    }

    /// How the training itself went.
    private enum Outcome {
        case ended(AttemptEnd)
        /// Nothing to tell but that the task is free again.
        case stopped(reason: String)
        /// This host cannot train it now: it has too little memory, or cannot fetch what is needed.
        case notHere(reason: String, pauseSeconds: Double)
        case lost(reason: String)
    }

    /// Returns when the coordinator knows, or need not know, or the worker is told to stop.
    /// - Parameter arrival: settled as soon as the worker may ask for the next task.
    func run(_ lease: Lease, _ arrival: Roster.Arrival) {
        var logger = logger
        logger[metadataKey: "sweep"] = "\(lease.sweep)"
        logger[metadataKey: "task"] = "\(lease.task)"
        logger[metadataKey: "attempt"] = "\(lease.attempt)"
        do {
            let journal = try spool.journal(of: lease)
            let attempt = Attempt(
                lease: lease, arrival: arrival,
                reporter: AttemptReporter(lease: lease, journal: journal, logger: logger),
                keeper: CheckpointKeeper(lease, shelf: shelf, access: access, logger: logger),
                logger: logger)
            // Heartbeats go out from here on: fetching data may take long.
            do {
                try attempt.reporter.start(access)
            } catch {
                journal.remove()
                throw error
            }
            if run(attempt) { journal.remove() } else { spool.leave(journal) }
        } catch {
            handBack(lease, .error, reason: "the attempt could not begin: \(error)", logger)
            access.stop.sleep(seconds: Limits.refusedPauseSeconds)
        }
        arrival.settle()
    }

    /// - Returns: whether nothing is left to be told.
    private func run(_ attempt: Attempt) -> Bool {
        let start = ContinuousClock.now
        var outcome = trainedOutcome(of: attempt)
        if case .ended(let end) = outcome {
            do {
                try attempt.reporter.write(end)
            } catch {
                attempt.logger.warning(
                    "the journal cannot be written", metadata: ["error": "\(error)"])
            }
        }
        attempt.reporter.finish()
        if let reason = attempt.reporter.lostReason { outcome = .lost(reason: reason) }
        var attempt = attempt
        let seconds = ((ContinuousClock.now - start).seconds * 10).rounded() / 10
        attempt.logger[metadataKey: "seconds"] = "\(seconds)"
        return tell(outcome, of: attempt)
    }

    private func trainedOutcome(of attempt: Attempt) -> Outcome {
        FloatEnvironment.setDefault()
        do {
            let configuration = try Configuration(reading: SourceValue(attempt.lease.configuration))
            let dataset = try configuration.dataset.map { _ in
                try cache.dataset(
                    attempt.lease.dataDigest, from: fetchingClient(attempt),
                    waitingUntil: { !mayBegin(attempt) })
            }
            if let dataset, let selection = configuration.exampleSelection {
                dataWarnings.log(
                    selection, of: dataset, attempt.lease.dataDigest, to: attempt.logger)
            }
            let need = try configuration.need(
                dataset: dataset, threadsMax: roster.admission.cores)
            switch enter(need, attempt) {
            case .wait: return .stopped(reason: stopReason)
            case .tooLarge(let available):
                return .notHere(
                    reason: tooLargeReason(need, available),
                    pauseSeconds: roster.refusalPauseSeconds)
            case .seated(let seat):
                defer { roster.leave(seat) }
                return try train(configuration, dataset, seat, attempt)
            }
        } catch {
            // Told to stop, the worker also breaks off what it was fetching.
            if access.stop.isSet { return .stopped(reason: stopReason) }
            if error is FetchError {
                return .notHere(
                    reason: "\(error)", pauseSeconds: Limits.refusedPauseSeconds)
            }
            // Another host would read the same configuration and data, and fail alike.
            let isPermanent = error is SweepMistakes || error is TrainingError
            return .ended(.failed(FailRequest(error: "\(error)", isPermanent: isPermanent)))
        }
    }

    /// Waits until there is room beside the others; `wait` where it may wait no longer.
    private func enter(_ need: TrainingNeed, _ attempt: Attempt) -> Roster.Entry {
        while mayBegin(attempt) {
            let entry = roster.enter(need, isAlone: attempt.lease.isAlone)
            guard case .wait = entry else { return entry }
            access.stop.sleep(seconds: 0.1)
        }
        return .wait
    }

    private func mayBegin(_ attempt: Attempt) -> Bool {
        !access.stop.isSet && attempt.reporter.lostReason == nil
    }

    /// For what is fetched before the training: broken off where the attempt may not go on, and
    /// given up where the coordinator answers but does not give it.
    private func fetchingClient(_ attempt: Attempt) throws -> CoordinatorClient {
        let patience = FetchPatience { attempt.reporter.takenCount }
        return try access.client(
            for: attempt.lease,
            givingUpWhen: { !mayBegin(attempt) || patience.isOver() },
            cancelledWhen: { !mayBegin(attempt) })
    }

    private func tooLargeReason(_ need: TrainingNeed, _ available: Int) -> String {
        "the task needs \(Admission.bytesWanted(need) >> 20) MB of memory, and the host has "
            + "\(available >> 20) MB left; a host with more may take it"
    }

    private func train(
        _ configuration: Configuration, _ dataset: Dataset?, _ seat: Roster.Seat, _ attempt: Attempt
    ) throws -> Outcome {
        while !roster.mayBegin(seat), mayBegin(attempt) { access.stop.sleep(seconds: 0.01) }
        let threads = seat.threads
        seat.hasTaken(threads)
        let starter = TrainingStarter(
            lease: attempt.lease, shelf: shelf, client: { try fetchingClient(attempt) },
            isOver: { !mayBegin(attempt) }, logger: attempt.logger)
        let start = try starter.start { checkpoint in
            try configuration.makeTraining(
                dataset: dataset, threads: threads, threadsMax: seat.threadsMax,
                resuming: checkpoint)
        }
        attempt.arrival.settle()
        return train(start, seat, attempt)
    }

    private func train(_ start: TrainingStart, _ seat: Roster.Seat, _ attempt: Attempt) -> Outcome {
        let (training, reporter) = (start.training, attempt.reporter)
        var (metrics, trajectory) = (start.metrics, TrajectoryDigest())
        func add(_ rows: [MetricRow]) {
            for row in rows { trajectory.append(row) }
            reporter.add(rows, epochsCompleted: training.epochsCompleted)
        }
        add(metrics.rows)
        var schedule = CheckpointSchedule(
            everyEpochs: attempt.lease.checkpointEveryEpochs, epochs: training.epochsCompleted,
            now: .now)
        while !training.isFinished {
            if access.stop.isSet {
                let epochs = training.epochsCompleted
                if epochs > schedule.keptEpochs { _ = keep(training, metrics, attempt) }
                return .stopped(reason: stopReason)
            }
            let rows = training.trainEpoch {
                if training.threads != seat.threads { training.threads = seat.threads }
                seat.hasTaken(training.threads)
                return access.stop.isPast(share: Limits.graceShareForEpoch)
                    || reporter.lostReason != nil
            }
            guard let rows else { return .stopped(reason: stopReason) }
            for row in rows { metrics.append(row) }
            add(rows)
            let epochs = training.epochsCompleted
            if !training.isFinished, !access.stop.isSet, schedule.isDue(epochs: epochs, now: .now),
                keep(training, metrics, attempt)
            {
                schedule.kept(epochs: epochs, now: .now)
            }
        }
        if let epoch = training.divergedEpoch {
            attempt.logger.warning(
                "diverged: the training loss is not finite", metadata: ["epoch": "\(epoch)"])
        }
        return .ended(
            .trained(
                CompleteRequest(
                    epochsCompleted: training.epochsCompleted, rowCount: metrics.count,
                    trajectory: trajectory.digest)))
    }

    /// Hands the training's state over, unless the one before is still being written.
    private func keep(
        _ training: any Training, _ metrics: MetricTable, _ attempt: Attempt
    ) -> Bool {
        let file = TrainingStarter.checkpoint(of: training, metrics, task: attempt.lease.task)
        return attempt.keeper.keep(file, epochs: training.epochsCompleted)
    }

    private var stopReason: String { "the worker stops: \(access.stop.reason)" }
}

// MARK: - The attempt's end

extension AttemptRunner {
    /// - Returns: whether nothing is left to be told.
    private func tell(_ outcome: Outcome, of attempt: Attempt) -> Bool {
        let (keeper, logger) = (attempt.keeper, attempt.logger)
        switch outcome {
        case .ended(let end):
            keeper.end()
            return tell(end, of: attempt)
        case .stopped(let reason):
            let left = access.stop.timeLeft(untilShare: Limits.graceShareForCheckpoint)
            keeper.settle(within: left ?? .zero)
            keeper.end()
            handBack(attempt.lease, .notice, reason: reason, logger)
        case .notHere(let reason, let pauseSeconds):
            handBack(attempt.lease, .warning, reason: reason, logger)
            access.stop.sleep(seconds: pauseSeconds)
        case .lost(let reason) where attempt.reporter.areRowsMissing:
            // The next attempt posts the rows of the checkpoint that it resumes from.
            keeper.end()
            handBack(attempt.lease, .warning, reason: reason, logger)
        case .lost(let reason):
            keeper.endAndRemove()
            if attempt.reporter.areRowsRefused {
                Delivery(access: access).discardCheckpoint(of: attempt.lease, reason: reason)
            }
            logger.warning("given up", metadata: ["reason": "\(reason)"])
        }
        return true
    }

    private func handBack(
        _ lease: Lease, _ level: Logger.Level, reason: String, _ logger: Logger
    ) {
        do {
            _ = try access.client().handBack(lease, reason: reason)
            logger.log(level: level, "handed back", metadata: ["reason": "\(reason)"])
        } catch {
            // The lease will expire.
            logger.warning(
                "not handed back", metadata: ["reason": "\(reason)", "error": "\(error)"])
        }
    }

    private func tell(_ end: AttemptEnd, of attempt: Attempt) -> Bool {
        let logger = attempt.logger
        // Rows that nobody would hear come first; the journal has them.
        let outcome =
            attempt.reporter.isDelivered
            ? Delivery(access: access).tell(end, of: attempt.lease)
            : .notNow(reason: "metrics were not taken")
        switch outcome {
        case .taken:
            switch end {
            case .trained: logger.notice("trained")
            case .failed(let failure):
                logger.error("failed", metadata: ["error": "\(failure.error)"])
            }
        case .refused(let reason):
            logger.warning("given up", metadata: ["reason": "\(reason)"])
        case .notNow(let reason):
            logger.warning("the result waits in the spool", metadata: ["reason": "\(reason)"])
            return false
        }
        attempt.keeper.endAndRemove()
        return true
    }
}
