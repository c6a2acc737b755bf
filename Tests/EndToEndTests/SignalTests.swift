import Foundation
import Shared
import TestSupport
import Testing

extension EndToEnd {
    /// What terminals, batch systems and log collectors do to processes.
    @Suite struct SignalTests {
        /// Few short tasks.
        private static let short = TinySweep.yaml
            .replacing("seeds.weights: [1, 2, 3]", with: "seeds.weights: [1]")
            .replacing("epochs: \(TinySweep.epochs)", with: "epochs: 6")
        private static let long = TinySweep.yaml
            .replacing("epochs: \(TinySweep.epochs)", with: "epochs: 100000")

        /// Starts a program of the package through a shell: `"$@"` is its command line.
        private static func start(
            _ deployment: Deployment, _ script: String, _ program: String, _ arguments: [String],
            environment: [String: String] = [:]
        ) throws -> TestProcess {
            let path = Executables.directory.appending(path: program).path
            return try deployment.start(
                URL(filePath: "/bin/sh"), ["-c", script, "sh", path] + arguments,
                environment: environment)
        }

        private static func worker(_ deployment: Deployment, _ options: String...) -> [String] {
            ["run", "--coordinator", deployment.address, "--slots", "1", "--cache-dir", "cache"]
                + options
        }

        private static func holdInMidTask(_ worker: TestProcess, _ deployment: Deployment)
            async throws
        {
            let held = try await deployment.hold(worker) { store, id in
                store.running(by: id).contains { $0.isInMidTask }
            }
            try #require(held != nil, "\(worker.log)")
        }

        @Test func `signals of batch systems and terminals end a worker as SIGTERM does`()
            async throws
        {
            try await Deployment.run { deployment in
                try await deployment.startCoordinator()
                try deployment.write(Self.long, to: "long.yaml")
                _ = try await deployment.output(of: "submit", "long.yaml")
                for (signal, name) in [
                    (SIGTERM, "SIGTERM"), (SIGHUP, "SIGHUP"), (SIGUSR1, "SIGUSR1"),
                    (SIGUSR2, "SIGUSR2"), (SIGXCPU, "SIGXCPU"),
                ] {
                    let worker = try deployment.startWorker()
                    try await Self.holdInMidTask(worker, deployment)
                    // A log without its reader and a limit on files' sizes change nothing.
                    for harmless in [SIGPIPE, SIGXFSZ] { worker.send(harmless) }
                    worker.send(signal)
                    worker.send(SIGCONT)
                    #expect(try await worker.exit() == .code(0), "\(name): \(worker.log)")
                    #expect(worker.errors.contains("handed back"), "\(name): \(worker.log)")
                    #expect(worker.errors.contains("ended reason=\(name)\n"), "\(worker.log)")
                    let status = try await deployment.status(of: TinySweep.name)
                    #expect(status.count(.leased) == 0, "\(name)")
                }
            }
        }

        @Test func `under nohup a worker and a coordinator outlive their terminal`() async throws {
            try await Deployment.run { deployment in
                try await deployment.startCoordinator()
                try deployment.write(Self.long, to: "long.yaml")
                _ = try await deployment.output(of: "submit", "long.yaml")
                let script = #"trap '' HUP; exec "$@""#
                let worker = try Self.start(
                    deployment, script, "gdln-worker", Self.worker(deployment))
                try await Self.holdInMidTask(worker, deployment)
                worker.send(SIGHUP)
                worker.send(SIGCONT)
                let other = try Self.start(
                    deployment, script, "gdln-coordinator",
                    ["serve", "--data-dir", "other", "--listen", "127.0.0.1:0"])
                _ = try await other.line(after: "listening on ")
                other.send(SIGHUP)
                for process in [worker, other] {
                    // The signals come in this order if both are there at once.
                    process.send(SIGTERM)
                    #expect(try await process.exit() == .code(0), "\(process.log)")
                }
                #expect(worker.errors.contains("ended reason=SIGTERM\n"), "\(worker.log)")
            }
        }

        @Test func `a coordinator outlives user signals, and drains when its terminal closes`()
            async throws
        {
            try await Deployment.run { deployment in
                try await deployment.startCoordinator()
                let coordinator = try #require(deployment.coordinator)
                for signal in [SIGUSR1, SIGUSR2, SIGPIPE, SIGXFSZ] { coordinator.send(signal) }
                _ = try await deployment.output(of: "status")
                #expect(coordinator.isRunning)
                coordinator.send(SIGHUP)
                #expect(try await coordinator.exit() == .code(0), "\(coordinator.log)")
            }
        }

        // MARK: - Logs that nobody reads

        enum Log: String, CaseIterable {
            /// The reader ends after the first line.
            case readerDies = "(RUN 2>&1; echo $? >exit) | head -n 1 >/dev/null"
            /// The reader is there and does not read, and the pipe is full before the first line.
            case readerSleeps = "RUN >fifo 2>&1; echo $? >exit"
            case diskIsFull = "RUN >/dev/full 2>&1; echo $? >exit"
            case isClosed = "RUN <&- >&- 2>&-; echo $? >exit"

            /// In the foreground: a shell that was started with signals blocked waits in vain for
            /// a job in the background.
            var script: String {
                rawValue.replacing("RUN", with: #"sh -c 'echo $$ >pid; exec "$@"' sh "$@""#)
            }
        }

        /// A pipe by name that is full, for as long as the returned file is open.
        private static func fullPipe(_ path: String) throws -> FileHandle {
            guard mkfifo(path, 0o600) == 0 else { throw TestFailure("no pipe at \(path)") }
            let file = open(path, O_RDWR | O_NONBLOCK)
            let bytes = [UInt8](repeating: 0x2E, count: 4_096)
            while Glibc.write(file, bytes, bytes.count) > 0 {}
            while Glibc.write(file, bytes, 1) > 0 {}
            return FileHandle(fileDescriptor: file, closeOnDealloc: true)
        }

        @Test(arguments: Log.allCases)
        func `a worker whose log goes nowhere trains all its tasks and ends well`(log: Log)
            async throws
        {
            try await Deployment.run { deployment in
                try await deployment.startCoordinator()
                try deployment.write(Self.short, to: "short.yaml")
                _ = try await deployment.output(of: "submit", "short.yaml")
                let pipe = try Self.fullPipe(deployment.folder.path + "/fifo")
                let shell = try Self.start(
                    deployment, log.script, "gdln-worker", Self.worker(deployment))
                func number(in name: String) -> Int32? {
                    let file = deployment.folder.appending(path: name)
                    let text = try? String(contentsOf: file, encoding: .utf8)
                    return text.flatMap { $0.hasSuffix("\n") ? Int32($0.dropLast()) : nil }
                }
                try await eventually("it is there") { number(in: "pid") != nil }
                let worker = try #require(number(in: "pid"))
                try await eventually("all is trained, or it has ended", log: { shell.log }) {
                    let status = try await deployment.status(of: TinySweep.name)
                    return status.count(.succeeded) == 4 || number(in: "exit") != nil
                }
                if number(in: "exit") == nil { kill(worker, SIGTERM) }
                try await eventually("it ends", log: { shell.log }) { number(in: "exit") != nil }
                #expect(number(in: "exit") == 0, "\(shell.log)")
                #expect(try await deployment.status(of: TinySweep.name).count(.succeeded) == 4)
                withExtendedLifetime(pipe) {}
            }
        }

        @Test(arguments: [#"exec "$@" <&- >&- 2>&-"#, #"exec "$@" >/dev/full 2>&1"#])
        func `a coordinator without standard descriptors serves and drains`(script: String)
            async throws
        {
            try await Deployment.run { deployment in
                let coordinator = try Self.start(
                    deployment, script, "gdln-coordinator",
                    ["serve", "--data-dir", "data", "--listen", "127.0.0.1:0"])
                // It cannot say where it listens; the file for `join-string` does.
                let join = deployment.folder.appending(path: "data/join-admin")
                try await eventually("it listens", log: { coordinator.log }) {
                    let text = try? String(contentsOf: join, encoding: .utf8)
                    return text.map { !$0.contains(":0,") } ?? false
                }
                _ = try await deployment.output(of: "status", "--join-file", join.path)
                coordinator.send(SIGTERM)
                #expect(try await coordinator.exit() == .code(0), "\(coordinator.log)")
            }
        }

        /// Else the first files that a process opens get these numbers, and its log is written into
        /// them.
        @Test(arguments: ["gdln-worker", "gdln-coordinator"])
        func `closed standard descriptors lead to the null device`(program: String) async throws {
            try await Deployment.run { deployment in
                let process = try Self.start(
                    deployment, #"exec "$@" <&- >&- 2>&-"#, program,
                    program == "gdln-worker"
                        ? Self.worker(deployment)
                        : ["serve", "--data-dir", "data", "--listen", "127.0.0.1:0"])
                let lock = program == "gdln-worker" ? "cache/spool" : "data/lock"
                try await eventually("it runs") {
                    FileManager.default.fileExists(atPath: deployment.folder.path + "/" + lock)
                }
                for descriptor in 0...2 {
                    let path = "/proc/\(process.processID)/fd/\(descriptor)"
                    let file = try FileManager.default.destinationOfSymbolicLink(atPath: path)
                    #expect(file == "/dev/null")
                }
            }
        }
    }
}
