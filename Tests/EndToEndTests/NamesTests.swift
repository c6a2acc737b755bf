import Foundation
import Shared
import TestSupport
import Testing

extension EndToEnd {
    /// Names, data and counts as the commands show them.
    @Suite struct NamesTests {
        private static func sweep(
            _ name: String, dataset: String = "embedded-digits", more: String = ""
        ) -> String {
            """
            name: "\(name)"
            experiment: k_path
            base: {dataset: \(dataset), train_examples: 40, test_examples: 20, domains: 3,
              hidden_width: 4, batch_size: 4, epochs: 2,
              optimizer: {name: sgd, learning_rate: 0.02}}
            axes:
              gate: [{family: plus_mod, k: 1}, {family: diagonal, name: "-eye"}]
            \(more)
            """
        }

        @Test func `names are found again in every form, and come back as they were`() async throws
        {
            try await Deployment.run { deployment in
                try await deployment.startCoordinator()
                for (file, name) in [("minus", "-x"), ("accent", "e\u{301}tat")] {
                    try deployment.write(Self.sweep(name), to: file + ".yaml")
                    let submitted = try await deployment.command("submit", file + ".yaml")
                    #expect(submitted.exit == .code(0), "\(submitted.errors)")
                    #expect(submitted.errors.contains("\"-eye\", which spreadsheets take for"))
                }
                #expect(try await deployment.output(of: "status", "--", "-x").contains("\n-x "))
                let report = try await deployment.output(of: "report", "--", "-x")
                let table = Table(report)
                #expect(table.column("sweep") == ["-x", "-x"])
                #expect(table.column("gate_name") == ["", "-eye"])
                for name in ["\u{e9}tat", "e\u{301}tat"] {
                    let status = try await deployment.output(of: "status", name)
                    #expect(status.utf8.contains(0xc3), "stored in normal form C")
                }
                try deployment.write(Self.sweep(".."), to: "dots.yaml")
                let refused = try await deployment.command("submit", "dots.yaml")
                #expect(refused.exit == .code(1) && refused.errors.contains("found \"..\""))
            }
        }

        @Test func `gates and submit state the same counts, and a cancelled sweep is not done`()
            async throws
        {
            try await Deployment.run { deployment in
                try await deployment.startCoordinator()
                let halving = "halving: {metric: loss_trained_paths, mode: min, rungs: [1, 7]}"
                try deployment.write(Self.sweep("study", more: halving), to: "study.yaml")
                let gates = try await deployment.output(of: "gates", "study.yaml")
                #expect(gates.hasSuffix("\n2 gates of 1 pattern in 1 class\n"))
                let dry = try await deployment.command("submit", "study.yaml", "--dry-run")
                #expect(
                    dry.output == """
                        study: 2 tasks
                          gate: 2 values
                          2 gates of 1 pattern in 1 class

                        """)
                // Once each, although the coordinator says the same.
                let warnings = dry.errors.split(separator: "\n")
                #expect(warnings.count { $0.contains("where no task is compared") } == 1)
                #expect(warnings.allSatisfy { $0.hasPrefix("warning: ") })
                let submitted = try await deployment.command("submit", "study.yaml")
                #expect(submitted.errors == dry.errors)
                _ = try await deployment.output(of: "cancel", "study")
                let watched = try await deployment.command("watch", "study")
                #expect(watched.exit == .code(1))
                #expect(watched.output.contains("] 0%  cancelled, 0 of 2 done, 2 cancelled"))
                let status = try await deployment.output(of: "status", "study")
                #expect(status.contains("\nstudy: cancelled, 0 of 2 done\n"))
                #expect(status.contains(" 0/4"))
            }
        }

        @Test func `the same bytes are the same data, and other bytes need --replace`() async throws
        {
            try await Deployment.run { deployment in
                for (folder, offset) in [("one", 0), ("two", 1)] {
                    try DataWarningTests.write(
                        (0..<60).map { UInt8(($0 + offset) % 3) },
                        to: deployment.folder.appending(path: folder))
                }
                try await deployment.startCoordinator()
                for (name, folder) in [("a", "one"), ("b", "one"), ("a", "one")] {
                    _ = try await deployment.output(of: "data", "add", name, folder)
                }
                let refused = try await deployment.command("data", "add", "a", "two")
                #expect(refused.exit == .code(1) && refused.errors.contains("--replace"))
                for name in ["a", "b"] {
                    let yaml = Self.sweep(name, dataset: name)
                        .replacing("domains: 3", with: "classes: 3, domains: 3")
                    try deployment.write(yaml, to: name + ".yaml")
                }
                let worker = try deployment.startWorker("--idle-exit", "2")
                _ = try await deployment.output(of: "submit", "a.yaml", "--watch")
                #expect(try await worker.exit() == .code(0), "\(worker.log)")
                let submitted = try await deployment.output(of: "submit", "b.yaml")
                #expect(submitted.contains("2 of them trained before for other sweeps"))
                _ = try await deployment.output(of: "data", "add", "--replace", "a", "two")
                let again = try await deployment.output(of: "submit", "a.yaml")
                #expect(!again.contains("trained before"))
            }
        }
    }
}
