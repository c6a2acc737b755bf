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
                var most = 0
                try await eventually("three tasks run", within: .seconds(30)) {
                    most = max(most, try await deployment.status(of: worker)?.leased ?? 0)
                    return most >= 3
                }
                let result = try await TinySweep.finish(on: deployment)
                #expect(result.report == expected.report)
                #expect(result.history == expected.history)
                worker.send(SIGTERM)
                #expect(try await worker.exit(within: .seconds(10)) == .code(0))
            }
        }

        @Test func `told to end in mid-task it hands all of them back`() async throws {
            try await Deployment.run { deployment in
                try await deployment.startCoordinator()
                let worker = try Self.start(deployment, "--slots", "2", "--threads", "1")
                try deployment.write(TinySweep.yaml, to: "tiny.yaml")
                _ = try await deployment.output(of: "submit", "tiny.yaml")
                try await eventually("two tasks run", within: .seconds(30)) {
                    try await deployment.status(of: worker)?.leased == 2
                }
                worker.send(SIGTERM)
                #expect(try await worker.exit(within: .seconds(10)) == .code(0))
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
                #expect(try await worker.exit(within: .seconds(20)) == .code(64))
                #expect(worker.errors.contains(" must be "), "\(worker.errors)")
            }
        }

        @Test(arguments: [["--slots", "0"], ["--threads", "0"], ["--threads", "257"]])
        func `a number that makes no sense is refused`(options: [String]) async throws {
            try await Deployment.run { deployment in
                let worker = try Self.start(deployment, options[0], options[1])
                #expect(try await worker.exit(within: .seconds(20)) == .code(64))
                #expect(worker.errors.contains("\(options[0]) must be from 1 to "))
            }
        }
    }
}
