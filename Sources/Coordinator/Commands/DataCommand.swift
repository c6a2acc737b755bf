import ArgumentParser
import Shared

/// The data sets that a coordinator hands out.
struct DataCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "data", abstract: "Add, list and remove data sets.",
        subcommands: [Add.self, List.self, Remove.self])

    struct Add: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Add MNIST, or a data set in its format, under a name.",
            discussion: """
                Example: gdln-coordinator data add mnist ~/mnist

                DIR holds the four IDX files as they are distributed, gzipped or not: \
                train-images-idx3-ubyte, train-labels-idx1-ubyte, t10k-images-idx3-ubyte and \
                t10k-labels-idx1-ubyte.

                A name that holds other bytes is refused without --replace. Tasks that exist keep \
                the bytes that they were submitted with.
                """)

        @Argument(help: "The name that sweep files use.")
        var name: String

        @Argument(help: ArgumentHelp("The folder with the four files.", valueName: "dir"))
        var directory: String

        @Flag(help: "Give the name to these bytes if it holds others.")
        var replace = false

        @Flag(help: "JSON for programs.")
        var json = false

        @OptionGroup var connection: ClientOptions

        func run() async throws {
            try StandardOutput.requireOpen()
            let dataset = try DatasetFolder.read(directory: directory)
            let status = try connection.client().addDataset(
                name, dataset.serialized(), replacing: replace)
            let labels = DatasetLabels(dataset)
            let misreading = CellText.misreading(of: name).map {
                "the name '\(name)' is one \($0)"
            }
            defer { Warnings.write([misreading].compactMap(\.self) + labels.warnings(named: name)) }
            if json { return try printJSON(status) }
            try StandardOutput.print(
                "\(status.name): \(status.trainExamples) examples to train on, "
                    + "\(status.testExamples) to test on, SHA-256 \(status.digest), "
                    + Self.text(labels.labels))
        }

        private static func text(_ labels: Set<Int>) -> String {
            guard let least = labels.min(), let most = labels.max(), least < most else {
                return "one label: \(labels.min() ?? 0)"
            }
            return "\(labels.count) labels from \(least) to \(most)"
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List the data sets.", discussion: "Example: gdln-coordinator data list")

        @Flag(help: "JSON for programs.")
        var json = false

        @OptionGroup var connection: ClientOptions

        func run() async throws {
            let datasets = try connection.client().datasets()
            if json { return try printJSON(DatasetList(datasets: datasets)) }
            guard !datasets.isEmpty else {
                return try StandardOutput.print("There are no data sets yet.")
            }
            var table = TextTable(["name", "train", "test", "features", "sha256"])
            for dataset in datasets {
                table.add([
                    dataset.name, "\(dataset.trainExamples)", "\(dataset.testExamples)",
                    "\(dataset.features)", dataset.digest.hexadecimal,
                ])
            }
            try StandardOutput.print(table.text)
        }
    }

    struct Remove: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "rm", abstract: "Remove a data set.",
            discussion: """
                Example: gdln-coordinator data rm mnist

                It is refused while an unfinished sweep needs the data set. Results, reports and \
                tasks stay; to retry failed tasks, add the same data set again.
                """)

        @Argument(help: "The name that sweep files use.")
        var name: String

        @Flag(help: "JSON for programs.")
        var json = false

        @OptionGroup var connection: ClientOptions

        func run() async throws {
            let status = try connection.client().removeDataset(name)
            if json { return try printJSON(status) }
            try StandardOutput.print(
                "\(status.name.plainLine): removed, SHA-256 \(status.digest)")
        }
    }
}
