import Foundation
import Shared
import TestSupport
import Testing

extension EndToEnd {
    /// A sweep that nothing disturbs.
    @Suite struct UndisturbedTests {
        @Test func `two workers train all tasks, and the report has a row for each`() async throws {
            let table = Table(try await TinySweep.undisturbed.value.report)
            #expect(table.rows.count == TinySweep.taskCount)
            #expect(table.column("position") == (0..<TinySweep.taskCount).map(String.init))
            #expect(Set(table.column("state")) == ["succeeded"])
            #expect(Set(table.column("epochs_completed")) == ["\(TinySweep.epochs)"])
            #expect(Set(table.column("trajectory_sha256")).count == TinySweep.taskCount)
            #expect(table.column("accuracy_trained_paths").allSatisfy { Double($0) != nil })
        }

        @Test func `the history has every metric of every epoch`() async throws {
            let table = Table(try await TinySweep.undisturbed.value.history)
            let (splits, metrics) = (2, 4)
            #expect(table.rows.count == TinySweep.taskCount * TinySweep.epochs * splits * metrics)
            #expect(table.columns == ["task", "epoch", "split", "metric", "value"])
            #expect(Set(table.column("task")).count == TinySweep.taskCount)
        }

        @Test func `the manifest is complete`() async throws {
            let text = try await TinySweep.undisturbed.value.manifest
            let manifest = try JSONDecoder().decode(Manifest.self, from: Data(text.utf8))
            #expect(manifest.complete)
            #expect(manifest.tasks.map(\.position) == Array(0..<TinySweep.taskCount))
            #expect(Set(manifest.tasks.map(\.task)).count == TinySweep.taskCount)
        }

        private struct Manifest: Decodable {
            struct Entry: Decodable {
                var position: Int
                var task: String
            }

            var tasks: [Entry]
            var complete: Bool
        }

        @Test func `a task trained alone, without a coordinator, takes the same course`()
            async throws
        {
            let expected = try await TinySweep.undisturbed.value.firstTrajectory
            try await Deployment.run { deployment in
                try deployment.write(TinySweep.yaml, to: "tiny.yaml")
                let lines = try await deployment.output(
                    of: "submit", "tiny.yaml", "--dry-run", "--json")
                let first = try #require(lines.split(separator: "\n").first)
                try deployment.write(String(first), to: "task.json")
                let worker = try deployment.start("gdln-worker", ["train", "task.json", "--json"])
                #expect(try await worker.exit() == .code(0))
                #expect(worker.output.contains("\"trajectory_sha256\":\"\(expected)\""))
            }
        }

        @Test(.enabled("Python is needed") { Python.path != nil })
        func `Python reads the report as it is`() async throws {
            let report = try await TinySweep.undisturbed.value.report
            let python = try #require(Python.path)
            try await Deployment.run { deployment in
                try deployment.write(report, to: "report.csv")
                let process = try TestProcess(
                    python, ["-c", Python.script], name: "python", folder: deployment.folder,
                    environment: ProcessInfo.processInfo.environment)
                defer { process.kill() }
                #expect(try await process.exit() == .code(0))
                #expect(process.output == "12 rows, all succeeded: True\n", "\(process.log)")
            }
        }
    }
}

private enum Python {
    static var path: URL? {
        (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
            .map { URL(filePath: String($0)).appending(path: "python3") }
            .first { FileManager.default.isExecutableFile(atPath: $0.path) }
    }

    /// With pandas where it is, else with the csv module.
    static let script = """
        try:
            import pandas
            rows = pandas.read_csv("report.csv").to_dict("records")
        except ImportError:
            import csv
            rows = list(csv.DictReader(open("report.csv", newline="", encoding="utf-8")))
        accuracies = [float(row["accuracy_untrained_paths"]) for row in rows]
        assert all(0 <= accuracy <= 1 for accuracy in accuracies), accuracies
        good = all(row["state"] == "succeeded" for row in rows)
        print(f"{len(rows)} rows, all succeeded: {good}")
        """
}
