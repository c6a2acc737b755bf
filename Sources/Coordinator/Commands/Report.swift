import ArgumentParser
import Foundation
import Shared

/// Fetches a sweep's files.
struct Report: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Fetch a sweep's report.",
        discussion: """
            Example: gdln-coordinator report mnist-small -o report.csv

            The report has a row a task, at any moment: what is not trained yet has empty metrics.
            """)

    @Argument(help: "The sweep: its id, or its name for the newest of that name.")
    var sweep: String

    @Option(name: .shortAndLong, help: "Where to write it; else to the standard output.")
    var output: String?

    @Flag(help: "What to fetch.")
    var kind: Kind = .table

    @Flag(help: "Add attempts, host, start and duration, which differ from run to run.")
    var runtime = false

    @OptionGroup var connection: ClientOptions

    enum Kind: String, EnumerableFlag {
        /// A row a task.
        case table
        /// Every metric of every evaluation.
        case history
        /// Each configuration, and what became of it.
        case manifest

        static func name(for value: Kind) -> NameSpecification { .long }

        static func help(for value: Kind) -> ArgumentHelp? {
            switch value {
            case .table: "report.csv, a row a task (the default)."
            case .history: "history.csv, every metric of every evaluation."
            case .manifest: "manifest.json, each configuration and what became of it."
            }
        }

        var file: String {
            switch self {
            case .table: "report.csv"
            case .history: "history.csv"
            case .manifest: "manifest.json"
            }
        }
    }

    func run() async throws {
        let name = kind.file + (runtime && kind == .table ? "?runtime=1" : "")
        let file = try connection.client().file(name, of: sweep)
        if let output {
            try file.write(to: URL(filePath: output), options: .atomic)
        } else {
            FileHandle.standardOutput.write(file)
        }
    }
}
