import ArgumentParser
import FoundationEssentials
import Shared
import Trainer

/// Trains one configuration here and now, without a coordinator.
struct Train: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Train one configuration, without a coordinator.",
        discussion: """
            Example: gdln-coordinator submit SWEEP.yaml --dry-run --json | head -n 1 > task.json \
            && gdln-worker train task.json --data ~/mnist
            """)

    @Argument(help: "The configuration, as JSON; - for the standard input.")
    var file: String

    @Option(
        help: """
            The folder with the data set's four IDX files; not needed for the embedded data set.
            """)
    var data: String?

    @Option(help: "Also write every metric row to this file, as JSON, one a line.")
    var metrics: String?

    @Option(help: "How many threads to train with. Changes no result.")
    var threads = 1

    @Option(help: "Stop after this epoch, as if the training were longer: for a checkpoint.")
    var untilEpoch: Int?

    @Option(help: "Write all that the training goes on from to this file, when it stops.")
    var checkpoint: String?

    @Option(help: "Go on from such a file, of the same configuration and data.")
    var resume: String?

    @Flag(help: "JSON for programs.")
    var json = false

    func validate() throws {
        guard !(1...Limits.threadsMax).contains(threads) else { return }
        throw ValidationError("--threads must be from 1 to \(Limits.threadsMax).")
    }

    func run() throws {
        // What it prints is then not all that it is for.
        if metrics != nil || checkpoint != nil { ProcessSignals.ignoreBrokenPipes() }
        try StandardOutput.requireOpen()
        for path in [metrics, checkpoint] { if let path { try OutputFile.check(path) } }
        let configuration = try readConfiguration()
        let dataset = try readDataset(configuration)
        if let dataset, let selection = configuration.exampleSelection {
            Warnings.write(DatasetLabels(dataset).warnings(of: selection))
        }
        let data = try dataset.map { Digest(of: try $0.serialized()) }
        let task = try configuration.identity(dataDigest: data)
        let found = try resume.map { path in
            let file = try TrainCheckpoint.read(
                InputFile.read(path, bytesMax: Limits.checkpointBytesMax), path: path, task: task)
            return TrainingCheckpoint(state: file, rows: try TrainCheckpoint.rows(file))
        }
        let before = Host.here.processBytes("VmRSS:")
        let need = try configuration.need(dataset: dataset, threadsMax: threads)
        let training = try configuration.makeTraining(
            dataset: dataset, threads: threads, resuming: found)
        var all = found?.rows ?? []
        var trajectory = TrajectoryDigest()
        for row in all { trajectory.append(row) }
        if !json, let gated = training as? GatedTraining {
            try StandardOutput.print("theory \(gated.theoryNote)")
        }
        while !isDone(training), let rows = training.trainEpoch(shouldStop: { false }) {
            for row in rows {
                trajectory.append(row)
                if !json { try StandardOutput.print(Self.line(row)) }
            }
            all += rows
        }
        let most = Host.here.processBytes("VmHWM:")
        if let checkpoint {
            try TrainCheckpoint.write(
                training.checkpoint(), rows: all, task: task, to: checkpoint)
        }
        if let metrics { try write(all, to: metrics) }
        if json {
            let summary = Summary(
                epochsCompleted: training.epochsCompleted, divergedEpoch: training.divergedEpoch,
                trajectory: trajectory.digest,
                metrics: all.filter { $0.epoch == training.epochsCompleted },
                estimatedBytes: need.bytes,
                peakBytes: before.flatMap { before in most.map { $0 - before } })
            try StandardOutput.print(json: WireCoding.encode(summary))
        } else {
            if let epoch = training.divergedEpoch {
                try StandardOutput.print(
                    "diverged at epoch \(epoch): the training loss is not finite")
            }
            try StandardOutput.print("trajectory \(trajectory.digest)")
        }
    }

    private func isDone(_ training: any Training) -> Bool {
        training.isFinished || untilEpoch.map { training.epochsCompleted >= $0 } ?? false
    }

    private struct Summary: Encodable {
        var epochsCompleted: Int
        /// The first epoch whose training loss was NaN or infinite; nil: none.
        var divergedEpoch: Int?
        var trajectory: Digest
        /// After the last epoch.
        var metrics: [MetricRow]
        /// Memory beyond the program and the data set: computed before, and measured.
        var estimatedBytes: Int
        var peakBytes: Int?

        enum CodingKeys: String, CodingKey {
            case metrics
            case epochsCompleted = "epochs_completed"
            case divergedEpoch = "diverged_epoch"
            case trajectory = "trajectory_sha256"
            case estimatedBytes = "estimated_bytes"
            case peakBytes = "peak_bytes"
        }
    }

    private func readConfiguration() throws -> Configuration {
        let data = try InputFile.read(file, bytesMax: Limits.taskFileBytesMax)
        if let type = FileType.name(of: data) {
            throw FileError("\(InputFile.name(file)) is \(type), wanted a task as JSON")
        }
        return try Configuration(reading: SourceValue(JSONValue(parsing: data)))
    }

    private func readDataset(_ configuration: Configuration) throws -> Dataset? {
        guard let name = configuration.dataset else { return nil }
        if let data { return try DatasetFolder.read(directory: data) }
        guard name == EmbeddedDataset.name else {
            throw ValidationError(
                "The configuration wants the data set '\(name)': name the folder "
                    + "that holds its four files with --data.")
        }
        return EmbeddedDataset.make()
    }

    private func write(_ rows: [MetricRow], to path: String) throws {
        try OutputFile.write(Data(TrainCheckpoint.lines(rows).utf8), to: path)
    }

    private static func line(_ row: MetricRow) -> String {
        let values = row.values.keys.sorted().compactMap { name in
            row.values[name].map { "\(name) \($0.text)" }
        }
        return "epoch \(row.epoch) \(row.split.rawValue): " + values.joined(separator: ", ")
    }
}
