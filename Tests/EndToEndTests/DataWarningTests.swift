import Foundation
import Shared
import TestSupport
import Testing

extension EndToEnd {
    /// Data that lose examples: what a person is told, by each command.
    @Suite struct DataWarningTests {
        /// Examples of 1 x 1 with these labels, in both splits, in MNIST's format.
        static func write(_ labels: [UInt8], to folder: URL) throws {
            func bytes(_ number: Int) -> [UInt8] {
                [0, 0, UInt8(number >> 8), UInt8(number & 255)]
            }
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            for part in ["train", "t10k"] {
                let images = [0, 0, 8, 3] + bytes(labels.count) + bytes(1) + bytes(1) + labels
                let names = [0, 0, 8, 1] + bytes(labels.count) + labels
                try Data(images).write(to: folder.appending(path: "\(part)-images-idx3-ubyte"))
                try Data(names).write(to: folder.appending(path: "\(part)-labels-idx1-ubyte"))
            }
        }

        /// Two tasks.
        private static func sweep(_ name: String, _ fields: String) -> String {
            """
            name: \(name)
            experiment: k_path
            base: {\(fields), domains: 2, hidden_width: 4, batch_size: 4, epochs: 1,
              gate: {family: plus_mod, k: 1}, optimizer: {name: sgd, learning_rate: 0.02}}
            axes: {seeds.weights: [1, 2]}
            """
        }

        private static func lines(_ sentences: [String]) -> String {
            sentences.map { "warning: \($0)\n" }.joined()
        }

        /// Three labels from 1, in turn.
        private static let letters: [UInt8] = (0..<30).map { 1 + $0 % 3 }
        private static let lettersWarnings = ["test", "training"].flatMap { split in
            [
                "data set 'letters', \(split) split: 10 of 30 examples are left out: their label "
                    + "is 3, and classes is 3",
                "data set 'letters', \(split) split: class 0 has no examples",
            ]
        }

        @Test func `labels from 1 are told by each command, the worker and the manifest`()
            async throws
        {
            try await Deployment.run { deployment in
                try Self.write(Self.letters, to: deployment.folder.appending(path: "letters"))
                try deployment.write(
                    Self.sweep("l", "dataset: letters, classes: 3"), to: "l.yaml")
                try await deployment.startCoordinator()
                let before = try await deployment.command("submit", "l.yaml", "--dry-run")
                #expect(before.exit == .code(0))
                #expect(before.errors.contains("data set 'letters' is not known"))
                let added = try await deployment.command("data", "add", "letters", "letters")
                #expect(added.exit == .code(0))
                #expect(
                    added.output.hasPrefix(
                        "letters: 30 examples to train on, 30 to test on, SHA-256 "))
                #expect(added.output.hasSuffix(", 3 labels from 1 to 3\n"))
                #expect(
                    added.errors
                        == Self.lines(
                            ["training", "test"].map {
                                "data set 'letters', \($0) split: class 0 has no examples"
                            }))
                let dry = try await deployment.command("submit", "l.yaml", "--dry-run")
                #expect(dry.output == before.output && dry.exit == .code(0))
                #expect(dry.errors == Self.lines(Self.lettersWarnings))
                let dryJSON = try await deployment.command(
                    "submit", "l.yaml", "--dry-run", "--json")
                #expect(dryJSON.errors == dry.errors)
                let submitted = try await deployment.command("submit", "l.yaml")
                #expect(submitted.exit == .code(0) && submitted.errors == dry.errors)
                let json = try await deployment.command("submit", "l.yaml", "--json")
                let created = try WireCoding.decode(
                    SweepCreated.self, from: Data(json.output.utf8))
                #expect(created.warnings == Self.lettersWarnings && json.errors.isEmpty)

                let worker = try deployment.startWorker("--idle-exit", "2")
                #expect(try await worker.exit() == .code(0), "\(worker.log)")
                for warning in Self.lettersWarnings {
                    // Of two tasks, said once.
                    #expect(worker.errors.components(separatedBy: warning).count == 2)
                }
                let manifest = try await deployment.output(of: "report", "l", "--manifest")
                let warnings = try JSONValue(parsing: Data(manifest.utf8))["warnings"]
                #expect(warnings == .array(Self.lettersWarnings.map(JSONValue.string)))

                let task = try #require(dryJSON.output.split(separator: "\n").first)
                try deployment.write(String(task), to: "task.json")
                let trained = try await WorkerCommandTests.run(
                    deployment, "train", "task.json", "--data", "letters", "--json")
                for warning in Self.lettersWarnings {
                    #expect(trained.errors.contains("warning: \(warning)\n"))
                }
            }
        }

        @Test func `a sorted set of which only the beginning is used is told of`() async throws {
            try await Deployment.run { deployment in
                let labels = (0..<40).map { UInt8($0 / 4) }
                try Self.write(labels, to: deployment.folder.appending(path: "sorted"))
                try deployment.write(
                    Self.sweep("s", "dataset: sorted, train_examples: 8"), to: "s.yaml")
                try await deployment.startCoordinator()
                let added = try await deployment.command("data", "add", "sorted", "sorted")
                #expect(added.errors.components(separatedBy: "sorted by label").count == 3)
                let submitted = try await deployment.command("submit", "s.yaml")
                #expect(
                    submitted.errors
                        == Self.lines([
                            "data set 'sorted', training split: the first 8 of 40 examples have 2 "
                                + "of 10 classes: the set is sorted by label; shuffle it or raise "
                                + "train_examples"
                        ]))
            }
        }

        @Test func `a dry run needs no coordinator, and says that the data were not checked`()
            async throws
        {
            try await Deployment.run { deployment in
                try deployment.write(
                    Self.sweep("e", "dataset: embedded-digits, classes: 10"), to: "e.yaml")
                try deployment.write(
                    """
                    name: r
                    experiment: routing
                    base: {domains: 3, hidden_width: 6, gate: {family: plus_mod, k: 2}, epochs: 2,
                      init: {gain: 0.1},
                      data: {kind: tree, depth: 1, branching: 2, strengths: [2, 1]},
                      method: {name: gradient_descent, learning_rate: 0.1}}
                    axes: {seeds.weights: [1, 2]}
                    """, to: "r.yaml")
                func dryRun(_ file: String, _ more: String...) async throws -> TestProcess {
                    let process = try deployment.start(
                        "gdln-coordinator", ["submit", file, "--dry-run"] + more)
                    let exit = try await process.exit()
                    #expect(exit == .code(0), "\(process.log)")
                    return process
                }
                let away = try await dryRun("e.yaml", "--json")
                #expect(away.errors.hasPrefix("warning: the data were not checked: "))
                #expect(away.errors.contains("127.0.0.1:9"))
                #expect(away.errors.split(separator: "\n").count == 1)
                let tasks = away.output.split(separator: "\n")
                #expect(tasks.count == 2)
                for task in tasks {
                    let json = try JSONValue(parsing: Data(task.utf8))
                    #expect(throws: Never.self) { try Configuration(reading: SourceValue(json)) }
                }
                #expect(try await dryRun("r.yaml").errors.isEmpty)
                try await deployment.startCoordinator()
                let reached = try await dryRun("e.yaml", "--json")
                #expect(reached.errors.isEmpty && reached.output == away.output)
                let list = try await deployment.output(of: "status", "--json")
                let sweeps = try WireCoding.decode(SweepList.self, from: Data(list.utf8)).sweeps
                #expect(sweeps.isEmpty)
            }
        }
    }
}
