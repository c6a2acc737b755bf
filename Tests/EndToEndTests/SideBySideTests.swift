import Foundation
import Shared
import TestSupport
import Testing

extension EndToEnd {
    /// A worker that decides for itself how many tasks it trains side by side.
    @Suite struct SideBySideTests {
        private static func start(_ deployment: Deployment, _ options: String...) throws
            -> TestProcess
        {
            try deployment.start(
                "gdln-worker",
                ["run", "--coordinator", deployment.address, "--cache-dir", "cache"] + options)
        }

        @Test func `three cores train three tasks, and the report has the same bytes`()
            async throws
        {
            let expected = try await TinySweep.undisturbed.value
            try await Deployment.run { deployment in
                try await deployment.startCoordinator()
                let worker = try Self.start(deployment, "--threads", "3")
                try deployment.write(TinySweep.yaml, to: "tiny.yaml")
                _ = try await deployment.output(of: "submit", "tiny.yaml")
                let view = try await deployment.hold(worker) { $0.running(by: $1).count == 3 }
                #expect(view != nil, "three tasks never ran at once")
                worker.send(SIGCONT)
                let result = try await TinySweep.finish(on: deployment)
                #expect(result.report == expected.report)
                #expect(result.history == expected.history)
                worker.send(SIGTERM)
                #expect(try await worker.exit() == .code(0))
            }
        }

        @Test func `told to end in mid-task it hands all of them back`() async throws {
            try await Deployment.run { deployment in
                try await deployment.startCoordinator()
                let worker = try Self.start(deployment, "--slots", "2", "--threads", "1")
                // So long that none ends before the worker has heard the signal.
                let yaml = TinySweep.yaml.replacing(
                    "epochs: \(TinySweep.epochs)", with: "epochs: 100000")
                try deployment.write(yaml, to: "tiny.yaml")
                _ = try await deployment.output(of: "submit", "tiny.yaml")
                let view = try await deployment.hold(worker) { store, id in
                    store.running(by: id).filter(\.isInMidTask).count == 2
                }
                #expect(view != nil)
                worker.send(SIGTERM)
                worker.send(SIGCONT)
                #expect(try await worker.exit() == .code(0))
                let status = try #require(try await deployment.status(of: worker))
                #expect(status.leased == 0 && status.lost == 0 && status.failed == 0)
                let handedBack = worker.errors.split(separator: "\n")
                    .count { $0.contains("handed back") }
                #expect(handedBack == 2, "\(worker.errors)")
            }
        }

        @Test(arguments: [
            ["train", "task.json", "--threads", "0"],
            ["bench", "--threads", "0"], ["bench", "--hidden-width", "0"],
            ["bench", "--hidden-width", "9223372036854775807"], ["bench", "--seconds", "inf"],
            ["bench", "--evaluation-examples", "9223372036854775807"],
        ])
        func `numbers that nobody can mean are refused, also where nothing is shared out`(
            arguments: [String]
        ) async throws {
            try await Deployment.run { deployment in
                let worker = try deployment.start("gdln-worker", arguments)
                #expect(try await worker.exit() == .code(64))
                #expect(worker.errors.contains(" must be "), "\(worker.errors)")
            }
        }

        @Test(arguments: [["--slots", "0"], ["--threads", "0"], ["--threads", "257"]])
        func `a number that makes no sense is refused`(options: [String]) async throws {
            try await Deployment.run { deployment in
                let worker = try Self.start(deployment, options[0], options[1])
                #expect(try await worker.exit() == .code(64))
                #expect(worker.errors.contains("\(options[0]) must be from 1 to "))
            }
        }
    }
}
