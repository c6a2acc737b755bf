public import FoundationEssentials
public import Shared

/// Trains a reference case from its stored weights on its stored batches, so that another
/// implementation's numbers can be laid beside ours.
///
/// A case is a directory of `case.json`, `initial.safetensors` and, for a k-path network,
/// `batches.safetensors` (`images`, `labels`). There step s trains on rows s B ..< (s + 1) B,
/// unshuffled; evaluation before and after uses the last `evaluation_samples` rows.
public enum Replay {
    public struct Result {
        /// The keys of a reference's `expected.json`.
        public let report: JSONValue
        /// Under PyTorch's names.
        public let parameters: Safetensors
    }

    /// Throws where a file is missing or does not say what it should.
    public static func run(directory: URL) throws -> Result {
        FloatEnvironment.setDefault()
        func read(_ name: String) throws -> Data {
            try InputFile.read(
                directory.appending(path: name).path, bytesMax: Limits.checkpointBytesMax)
        }
        let description = try JSONValue(parsing: read("case.json"))
        let initial = try Safetensors(parsing: read("initial.safetensors"))
        if description["experiment"] == .string(Experiment.routing.rawValue) {
            return try RoutingReplay(description: description, initial: initial).run()
        }
        return try run(
            description: description, initial: initial,
            batches: Safetensors(parsing: read("batches.safetensors")))
    }

    static func run(description: JSONValue, initial: Safetensors, batches: Safetensors) throws
        -> Result
    {
        let replayed = try ReplayCase(description)
        let split = try split(batches)
        let (steps, batch) = (replayed.steps, replayed.configuration.batchSize)
        let samples = replayed.evaluationSamples
        let examples = try ExampleSet(
            split, name: "stored", classes: replayed.configuration.classes, limit: nil)
        guard steps * batch <= examples.count, samples <= examples.count else {
            throw TrainingError(
                "The case has \(examples.count) rows; \(steps) steps of \(batch) and an evaluation "
                    + "of \(samples) were wanted.")
        }
        let network = try KPathNetwork(replayed.configuration, inputs: split.inputs)
        try network.load(initial)
        let optimizer = OptimizerState(
            replayed.configuration.optimizer, count: network.layout.count)
        let machine = try Machine(threads: 1)
        let step = KPathStep(network, optimizer: optimizer, batch: batch, machine: machine)
        let evaluator = KPathEvaluator(network, machine: machine)
        let measured = examples.count - samples..<examples.count

        let before = evaluator.evaluate(examples, rows: measured, shouldStop: { false })
        let losses = step.run(examples, rows: Array(0..<steps * batch)[...]) ?? []
        let after = evaluator.evaluate(examples, rows: measured, shouldStop: { false })
        return Result(
            report: .object([
                "training_loss_per_step": .array(losses.map(replayNumber)),
                "evaluation_before": .object(before?.values.mapValues(replayNumber) ?? [:]),
                "evaluation_after": .object(after?.values.mapValues(replayNumber) ?? [:]),
                "gate": .array(
                    network.gate.rows.map { row in .array(row.map { .integer($0 ? 1 : 0) }) }),
            ]),
            parameters: network.export())
    }

    private static func split(_ batches: Safetensors) throws -> Dataset.Split {
        let images = try batches.tensor("images", .uint8, rank: 3)
        let labels = [UInt8](try batches.tensor("labels", .uint8, rank: 1).bytes)
        let split = Dataset.Split(
            inputs: .images(
                pixels: images.bytes, rows: images.shape[1], columns: images.shape[2]),
            labels: labels)
        // A data set checks that images and labels fit each other.
        return try Dataset(train: split, test: split).train
    }
}
