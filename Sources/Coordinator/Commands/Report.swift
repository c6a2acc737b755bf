import ArgumentParser
import Foundation
import Shared

/// Fetches a sweep's files.
struct Report: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Fetch a sweep's report.",
        discussion: """
            Example: gdln-coordinator report mnist-small -o report.csv

            The report has a row for each task, at any moment. Rows with complete = true have the \
            metrics of a finished training. A task that is running, pruned, cancelled or failed \
            has complete = false and the metrics of its last evaluation, if there was one.

            Every result is first compared with the hash of its stored metric rows. If the rows of \
            a task are damaged, no file is written; see --skip-damaged.
            """)

    @Argument(help: "The sweep: its id, or its name for the newest of that name.")
    var sweep: String

    @Option(
        name: .shortAndLong,
        help: """
            The file to write; without it, or with -, the standard output. A file that is there is \
            replaced as a whole and keeps its mode; a pipe or device is written to.
            """)
    var output: String?

    @Flag(help: "What to fetch.")
    var kind: Kind = .table

    @Flag(help: "Add attempts, host, start and duration, which differ from run to run.")
    var runtime = false

    @Flag(help: "Only tasks that are finished: the rows of report.csv with complete = true.")
    var finished = false

    @Flag(help: "Write tasks whose stored rows are damaged without numbers, with an error text.")
    var skipDamaged = false

    @OptionGroup var connection: ClientOptions

    func validate() throws {
        if finished, kind != .table {
            throw ValidationError("--finished selects rows of report.csv; found --\(kind).")
        }
    }

    enum Kind: String, EnumerableFlag {
        /// A row a task.
        case table
        /// The table in short, for a person.
        case summary
        /// Every metric of every evaluation.
        case history
        /// Each configuration, and what became of it.
        case manifest

        static func name(for value: Kind) -> NameSpecification { .long }

        static func help(for value: Kind) -> ArgumentHelp? {
            switch value {
            case .table: "report.csv, a row a task (the default)."
            case .summary:
                "Trained against untrained pathways, or who won the race, as a table to read."
            case .history: "history.csv, every metric of every evaluation."
            case .manifest: "manifest.json, each configuration and what became of it."
            }
        }

        /// Nil for a text that no program reads.
        var format: OutputCheck.Format? {
            switch self {
            case .table, .history: .csv
            case .manifest: .json
            case .summary: nil
            }
        }

        var file: String {
            switch self {
            case .table, .summary: "report.csv"
            case .history: "history.csv"
            case .manifest: "manifest.json"
            }
        }
    }

    func run() async throws {
        let options =
            (runtime && kind == .table ? ["runtime=1"] : []) + (finished ? ["finished=1"] : [])
            + (skipDamaged ? ["skip_damaged=1"] : [])
        let name = kind.file + (options.isEmpty ? "" : "?" + options.joined(separator: "&"))
        let client = try connection.client()
        var file = try client.file(name, of: sweep)
        if kind == .summary {
            let specification = try JSONValue(
                parsing: client.file("specification.json", of: sweep))
            let summary = try Summary(
                report: String(decoding: file, as: UTF8.self),
                sortedBy: SummaryRanking.Order(specification: specification))
            file = Data((summary.text.plainText + "\n").utf8)
        }
        let warning = OutputCheck.warning(of: file, as: kind.format)
        defer { Warnings.write([warning].compactMap(\.self)) }
        try OutputFile.write(file, to: output ?? "-")
    }
}
