import ArgumentParser
import FoundationEssentials
import Shared
import Trainer

/// Trains a stored reference case from its stored weights and batches.
struct ReplayCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "replay",
        abstract: "Train a stored case, to compare with another implementation's numbers.",
        discussion: """
            Example: gdln-worker replay cases/sgd-momentum --output out.json

            The folder holds case.json, initial.safetensors and, for a k-path network, \
            batches.safetensors. The output has the losses and evaluations that expected.json has.
            """)

    @Argument(help: "The case's folder.")
    var directory: String

    @Option(help: "Where to write the numbers, as JSON.")
    var output: String

    @Option(help: "Also write the final parameters there, as safetensors.")
    var weights: String?

    func run() throws {
        for path in [output, weights] { if let path { try OutputFile.check(path) } }
        let result = try Replay.run(directory: URL(filePath: directory))
        try OutputFile.write(result.report.readableData(), to: output)
        if let weights {
            try OutputFile.write(result.parameters.serialized(), to: weights)
        }
    }
}
