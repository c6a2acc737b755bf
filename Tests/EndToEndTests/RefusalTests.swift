import Foundation
import TestSupport
import Testing

extension EndToEnd {
    /// What the executables say and return where something is missing or taken.
    @Suite struct RefusalTests {
        /// Nobody listens on the discard service's port.
        private static let nobody = "http://127.0.0.1:9"

        @Test func `a worker without a coordinator keeps trying, and ends when told`()
            async throws
        {
            try await Deployment.run { deployment in
                // Stands for what was a coordinator, and counts the calls.
                let server = try ScriptedServer([.hangUp])
                defer { server.stop() }
                let worker = try deployment.startWorker(address: server.address)
                try await eventually("it tries again", log: { worker.log }) {
                    server.received.count >= 4
                }
                #expect(worker.isRunning)
                worker.send(SIGTERM)
                #expect(try await worker.exit() == .code(0))
            }
        }

        @Test func `a command without a coordinator says so in one sentence`() async throws {
            try await Deployment.run { deployment in
                let status = try await deployment.command(
                    "status", "--coordinator", Self.nobody)
                #expect(status.exit == .code(69))
                #expect(status.output.isEmpty)
                #expect(status.errors.contains(Self.nobody))
                #expect(status.errors.split(separator: "\n").count == 1, "\(status.errors)")
            }
        }

        @Test func `a data directory has one coordinator at a time`() async throws {
            try await Deployment.run { deployment in
                try await deployment.startCoordinator()
                let second = try await deployment.command(
                    "serve", "--data-dir", "data", "--listen", "127.0.0.1:0")
                #expect(second.exit == .code(1))
                #expect(
                    second.errors.contains("Another coordinator is using the data directory"))
                #expect(deployment.coordinator?.isRunning == true)
            }
        }

        @Test func `a port that is taken is refused in a sentence`() async throws {
            try await Deployment.run { deployment in
                try await deployment.startCoordinator()
                let port = try #require(deployment.address.split(separator: ":").last)
                let second = try await deployment.command(
                    "serve", "--data-dir", "other", "--listen", "127.0.0.1:\(port)")
                #expect(second.exit == .code(1))
                let sentence =
                    "Error: The coordinator cannot listen on 127.0.0.1:\(port): Address already "
                    + "in use.\n"
                #expect(second.errors == sentence)
            }
        }

        @Test(arguments: [
            (["--host-name", "a,b"], Int32(64), "--host-name: found 'a,b', wanted a name"),
            (["--host-name", ""], 64, "--host-name: found '', wanted a name"),
            (["--listen", "x.invalid:0"], 1, "cannot listen on x.invalid:0: this host knows"),
        ])
        func `a name that no host can have is refused in a sentence`(
            options: [String], code: Int32, sentence: String
        ) async throws {
            try await Deployment.run { deployment in
                let serve = try deployment.start(
                    "gdln-coordinator",
                    ["serve", "--data-dir", "data", "--listen", "127.0.0.1:0"] + options)
                #expect(try await serve.exit() == .code(code), "\(serve.log)")
                #expect(serve.errors.contains(sentence), "\(serve.log)")
            }
        }
    }
}
