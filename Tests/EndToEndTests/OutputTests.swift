import Foundation
import Shared
import TestSupport
import Testing

extension EndToEnd {
    /// What becomes of an answer that cannot be written, of every command that has one.
    ///
    /// None of them writes to a path in `/dev`: run by root, a fault that they look for would
    /// replace the file there.
    @Suite struct OutputTests {
        private static let offline = [
            "gdln-coordinator --help", "gdln-coordinator --version",
            "gdln-coordinator help report", "gdln-coordinator submit tiny.yaml --dry-run",
            "gdln-coordinator submit tiny.yaml --dry-run --json",
            "gdln-coordinator gates tiny.yaml", "gdln-coordinator gates tiny.yaml --json",
            "gdln-coordinator bench disk --seconds 0.1",
            "gdln-worker --help", "gdln-worker --version", "gdln-worker train task.json",
            "gdln-worker train task.json --json", "gdln-worker self-test --threads 1",
            "gdln-worker train task.json --metrics /proc/self/fd/1",
        ]
        private static let online = [
            "status", "status --json", "watch tiny", "report tiny", "report tiny --history",
            "report tiny --manifest", "report tiny --summary", "report tiny -o -",
            "report tiny -o /proc/self/fd/1", "workers", "workers --json", "data list",
            "data list --json",
            "token list", "token list --json", "token create read", "join-string",
            "submit tiny.yaml", "cancel tiny", "retry tiny", "check --data-dir idle",
        ].map { "gdln-coordinator " + $0 + ($0 == "join-string" ? " --data-dir data" : "") }

        /// A deployment with a sweep that is finished because all its tasks are cancelled, and a
        /// data directory that no coordinator uses.
        private static func run(_ body: (Deployment) async throws -> Void) async throws {
            try await Deployment.run { deployment in
                try await WorkerCommandTests.write("task.json", to: deployment, ["epochs": "1"])
                try deployment.write(TinySweep.yaml, to: "tiny.yaml")
                deployment.options.dataDirectory = "idle"
                try await deployment.startCoordinator()
                deployment.coordinator?.send(SIGTERM)
                try await deployment.coordinator?.exit()
                deployment.options.dataDirectory = "data"
                try await deployment.startCoordinator()
                _ = try await deployment.output(of: "submit", "tiny.yaml")
                _ = try await deployment.output(of: "cancel", "tiny")
                try await body(deployment)
            }
        }

        /// Runs a shell's line for a command: its exit code and standard error.
        private static func shell(_ line: String, _ deployment: Deployment) async throws
            -> (code: TestProcess.Exit, output: String, errors: String)
        {
            let process = try deployment.start(
                URL(filePath: "/bin/sh"), ["-c", line],
                environment: [
                    "PATH": Executables.directory.path + ":/usr/bin:/bin",
                    "GDLN_COORDINATOR": deployment.address, "SWIFT_BACKTRACE": "enable=no",
                ])
            let exit = try await process.exit()
            return (exit, process.output, process.errors)
        }

        @Test(.timeLimit(.minutes(5)))
        func `a full or closed standard output is one sentence and exit code 1`() async throws {
            try await Self.run { deployment in
                for command in Self.offline + Self.online {
                    for place in [">/dev/full", ">&-"] {
                        let (code, _, errors) = try await Self.shell(
                            "\(command) \(place)", deployment)
                        let lines = errors.split(separator: "\n").filter {
                            // About the data or the sweep, not about the output.
                            !$0.hasPrefix("warning: ")
                        }
                        // watch ends with 1 for a cancelled sweep, but with a sentence only here.
                        #expect(code == .code(1), "\(command) \(place): \(errors)")
                        #expect(lines.count == 1, "\(command) \(place): \(errors)")
                        #expect(
                            lines.first?.hasPrefix("Error: cannot write to ") == true,
                            "\(command) \(place): \(errors)")
                    }
                }
            }
        }

        @Test func `a command whose answer goes to a file needs no standard output`() async throws {
            try await Self.run { deployment in
                let (code, _, errors) = try await Self.shell(
                    "gdln-coordinator report tiny -o out.csv >&- <&-", deployment)
                #expect(code == .code(0), "\(errors)")
                let report = try await deployment.output(of: "report", "tiny")
                let file = deployment.folder.appending(path: "out.csv")
                #expect(try Data(contentsOf: file) == Data(report.utf8))
                // As a shell's own redirection would: what stands around it stays.
                let around = try await Self.shell(
                    """
                    { echo before; \
                    gdln-coordinator report tiny -o /proc/self/fd/1; echo after; } >all
                    """, deployment)
                #expect(around.code == .code(0))
                let all = try String(
                    contentsOf: deployment.folder.appending(path: "all"), encoding: .utf8)
                #expect(all == "before\n\(report)after\n")
            }
        }

        @Test func `a reader that has gone ends a command without a word`() async throws {
            try await Self.run { deployment in
                for command in [
                    "gdln-coordinator report tiny", "gdln-coordinator status",
                    "gdln-coordinator --help", "gdln-coordinator report tiny -o /proc/self/fd/1",
                    "gdln-coordinator gates tiny.yaml", "gdln-worker train task.json",
                ] {
                    for trap in ["", "trap '' PIPE; "] {
                        // The reader has ended before the command begins.
                        let (_, output, errors) = try await Self.shell(
                            """
                            mkfifo p; true <p & exec 3>p; wait; \(trap)\(command) >&3; \
                            echo $?; rm p
                            """, deployment)
                        #expect(errors.isEmpty, "\(command): \(errors)")
                        #expect(output == "141\n", "\(command): \(output)")
                    }
                }
            }
        }

        @Test func `a silent pipe as an input ends with a sentence`() async throws {
            try await Deployment.run { deployment in
                let (code, _, errors) = try await Self.shell(
                    """
                    mkfifo p; exec 3<>p; gdln-coordinator submit p --dry-run & \
                    gdln-worker train p & gdln-coordinator gates - <&3; code=$?; wait; exit $code
                    """, deployment)
                #expect(code == .code(1))
                let lines = errors.split(separator: "\n")
                #expect(lines.count == 3, "\(errors)")
                #expect(lines.allSatisfy { $0.hasSuffix("it gave no byte for 10 seconds") })
            }
        }

        @Test func `a sweep and a task come through a pipe or the standard input`() async throws {
            try await Deployment.run { deployment in
                try await WorkerCommandTests.write("task.json", to: deployment, ["epochs": "1"])
                let (code, output, errors) = try await Self.shell(
                    """
                    gdln-coordinator submit - --dry-run --json <task.json.yaml >a
                    mkfifo p; exec 3<>p; cat task.json.yaml >p; exec 4<p 3>&-
                    gdln-coordinator submit /dev/fd/4 --dry-run --json >b
                    exec 3<>p; cat task.json >p; exec 5<p 3>&-
                    gdln-worker train - --json <&5 >c; gdln-worker train a --json >d
                    cmp a task.json && cmp a b && cmp -n 40 c d && echo same
                    """, deployment)
                #expect(code == .code(0) && output == "same\n", "\(errors)")
            }
        }
    }
}
