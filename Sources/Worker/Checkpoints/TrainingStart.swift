import FoundationEssentials
import Logging
import Shared
import Trainer

/// A training as an attempt begins it: new, or where an earlier attempt was.
struct TrainingStart {
    let training: any Training
    /// What was measured before.
    let metrics: MetricTable
}

/// Finds the furthest checkpoint of a task that can be used: one that arrives whole, passes every
/// check of its numbers, and that the training itself resumes from. Any other is logged with the
/// reason, removed from this disk, and not used again in this attempt; the one before follows, and
/// in the end the training starts from scratch.
struct TrainingStarter {
    let lease: Lease
    let shelf: CheckpointShelf
    /// Made only where something is to be fetched.
    let client: () throws -> CoordinatorClient
    /// Whether the attempt may not go on.
    let isOver: () -> Bool
    let logger: Logger

    private enum Source {
        case shelf(CheckpointShelf.Entry)
        case coordinator(CheckpointReference)

        var epochs: Int {
            switch self {
            case .shelf(let entry): entry.reference.epochsCompleted
            case .coordinator(let reference): reference.epochsCompleted
            }
        }
    }

    /// Throws where the task cannot be trained at all, or the attempt may not go on.
    /// - Parameter make: makes the training, from a checkpoint where there is one.
    func start(_ make: (TrainingCheckpoint?) throws -> any Training) throws -> TrainingStart {
        for source in sources {
            let found: Safetensors
            do {
                found = try read(source)
            } catch {
                if isOver() || error is FetchError { throw error }
                tell(of: source, error)
                continue
            }
            do {
                let start = try resume(found, epochs: source.epochs, make)
                logger.notice("goes on", metadata: ["epochs": "\(source.epochs)"])
                return start
            } catch {
                if isOver() { throw error }
                tell(of: source, error)
            }
        }
        return TrainingStart(training: try make(nil), metrics: MetricTable())
    }

    /// - Parameter epochs: as the file's name or the lease says.
    private func resume(
        _ file: Safetensors, epochs: Int, _ make: (TrainingCheckpoint) throws -> any Training
    ) throws -> TrainingStart {
        let metrics = try MetricTable(reading: file)
        let training = try make(TrainingCheckpoint(state: file, rows: metrics.rows))
        guard training.epochsCompleted == epochs else {
            throw TrainingError(
                "The checkpoint has \(training.epochsCompleted) epochs; \(epochs) was wanted.")
        }
        return TrainingStart(training: training, metrics: metrics)
    }

    /// The furthest first; of equal ones that on this disk, which need not be fetched.
    private var sources: [Source] {
        let kept = shelf.entries(of: lease.task)
        var sources = kept.map(Source.shelf)
        if let reference = lease.checkpoint {
            let place = sources.firstIndex { $0.epochs < reference.epochsCompleted }
            sources.insert(.coordinator(reference), at: place ?? sources.endIndex)
        }
        return sources
    }

    private func read(_ source: Source) throws -> Safetensors {
        let file: Safetensors
        switch source {
        case .shelf(let entry):
            file = try Safetensors(parsing: shelf.contents(of: entry))
        case .coordinator(let reference):
            file = try Safetensors(parsing: fetch(reference))
        }
        let task = file.metadata[Self.taskKey]
        guard task == lease.task.rawValue else {
            throw TrainingError("The checkpoint is of the task \(task ?? "without a name").")
        }
        return file
    }

    private func fetch(_ reference: CheckpointReference) throws -> Data {
        let client: CoordinatorClient
        do {
            client = try self.client()
        } catch {
            throw FetchError("the checkpoint could not be asked for: \(error)")
        }
        let file = try client.checkpoint(reference, of: lease)
        let found = Digest(of: file)
        guard found == reference.digest else {
            throw CheckpointDamage(found: found, wanted: reference.digest)
        }
        return file
    }

    private func tell(of source: Source, _ error: any Error) {
        logger.warning(
            "a checkpoint is not used",
            metadata: ["epochs": "\(source.epochs)", "error": "\(error)"])
        // A file that cannot be read now may be whole.
        if case .shelf(let entry) = source, !(error is CocoaError) { shelf.remove(entry) }
    }

    static let taskKey = "task"

    /// All that a training of the task goes on from, in one file.
    static func checkpoint(
        of training: any Training, _ metrics: MetricTable, task: SweepTaskID
    ) -> Safetensors {
        var file = training.checkpoint()
        metrics.export(to: &file)
        file.metadata[taskKey] = task.rawValue
        return file
    }
}
