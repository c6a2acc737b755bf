public import Foundation
public import Shared

/// A coordinator and workers as a person runs them: real processes on loopback, in a folder of
/// their own, all killed at the end of the test, however that ends.
public final class Deployment {
    /// Everything of this test lies here; the commands run in it.
    public let folder: URL
    public private(set) var coordinator: TestProcess?
    private var processes: [TestProcess] = []
    /// Where the coordinator listens, once it has said so.
    public private(set) var address = "http://127.0.0.1:9"

    /// How the coordinator is started.
    public var options = CoordinatorOptions()

    private init() throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "gdln-\(UUID())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }

    /// Runs the body with a fresh deployment, in which nothing is started yet.
    public static func run<Value>(
        isolation: isolated (any Actor)? = #isolation,
        _ body: (Deployment) async throws -> Value
    ) async throws -> Value {
        let deployment = try Deployment()
        defer { deployment.tearDown() }
        return try await body(deployment)
    }

    private func tearDown() {
        for process in processes { process.kill() }
        try? FileManager.default.removeItem(at: folder)
    }

    // MARK: - Processes

    /// Starts the coordinator on a free port, or, started before, on the one it had.
    /// - Parameter more: options of `serve`, beside those in `options`.
    public func startCoordinator(_ more: String...) async throws {
        let port = coordinator == nil ? "0" : String(address.split(separator: ":").last ?? "0")
        let process = try start(
            "gdln-coordinator",
            [
                "serve", "--data-dir", options.dataDirectory, "--listen",
                "\(options.host):\(port)", "--lease-seconds", "\(options.leaseSeconds)",
            ] + options.arguments + more, as: options)
        coordinator = process
        let line = try await process.line(after: "listening on ")
        address = line.components(separatedBy: ", data in ")[0]
    }

    /// Where the coordinator keeps everything, as an absolute path.
    public var dataDirectory: String {
        let name = options.dataDirectory
        return name.hasPrefix("/") ? name : folder.path + "/" + name
    }

    /// How to reach the coordinator, which must have been started, with the token of that role.
    public func join(_ role: Role) throws -> Join {
        let path = dataDirectory + "/join-\(role.rawValue)"
        let join = try Join(parsing: String(contentsOfFile: path, encoding: .utf8))
        return Join(address: address, token: join.token, pin: join.pin)
    }

    /// Has commands and workers find their tokens also for another address, at which a proxy stands
    /// before the coordinator.
    public func letIn(at proxy: String) throws {
        for role in [Role.admin, .worker] {
            let known = try join(role)
            let join = Join(address: proxy, token: known.token, pin: known.pin)
            let state = LocalAccess.folder(environment: EnvironmentVariables(environment))
            guard let path = LocalAccess.path(in: state, address: proxy, role: role) else {
                throw TestFailure("'\(proxy)' is no plain address")
            }
            try Data(join.text.utf8).write(to: URL(filePath: path))
            try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path)
        }
    }

    /// Starts a worker of one slot, unless the options say otherwise.
    /// - Parameter address: of a proxy before the coordinator.
    public func startWorker(_ options: String..., address: String? = nil) throws -> TestProcess {
        if let address, coordinator != nil { try letIn(at: address) }
        return try start(
            "gdln-worker",
            [
                "run", "--coordinator", address ?? self.address, "--cache-dir",
                "cache-\(processes.count)",
            ] + (options.contains("--slots") ? [] : ["--slots", "1"]) + options)
    }

    /// Starts one of the package's executables.
    /// - Parameters:
    ///   - more: beside what every process gets in its environment.
    ///   - special: where it is to run otherwise than everybody.
    public func start(
        _ executable: String, _ arguments: [String], environment more: [String: String] = [:],
        as special: CoordinatorOptions? = nil
    ) throws -> TestProcess {
        let executables = special?.executables ?? Executables.directory
        return try start(
            options.prefix + [executables.appending(path: executable).path], arguments,
            name: executable,
            environment: (special?.environment ?? [:]).merging(more) { $1 })
    }

    /// Starts any other program likewise.
    public func start(
        _ program: URL, _ arguments: [String], environment more: [String: String] = [:]
    ) throws -> TestProcess {
        try start(
            [program.path], arguments, name: program.lastPathComponent, environment: more)
    }

    private func start(
        _ command: [String], _ arguments: [String], name: String, environment more: [String: String]
    ) throws -> TestProcess {
        let process = try TestProcess(
            URL(filePath: command[0]), command.dropFirst() + arguments,
            name: "\(processes.count)-\(name)-\(arguments.first ?? "")", folder: folder,
            environment: environment.merging(more) { $1 })
        processes.append(process)
        return process
    }

    /// Nothing of the machine's own, so that a test means the same everywhere. Commands and workers
    /// find the coordinator's tokens as a person's do, in a folder of this test's own.
    private var environment: [String: String] {
        var environment = [
            "GDLN_COORDINATOR": address, "XDG_STATE_HOME": folder.path + "/state",
        ]
        for name in ["PATH", "LD_LIBRARY_PATH"] {
            environment[name] = ProcessInfo.processInfo.environment[name]
        }
        return environment
    }

    /// Of all processes that run, as everybody on the host can read them.
    public func argumentLists() -> [Data] {
        processes.filter(\.isRunning).compactMap {
            FileManager.default.contents(atPath: "/proc/\($0.processID)/cmdline")
        }
    }

    // MARK: - Calls

    /// What a call that a test makes by hand must carry, to a coordinator that has been started.
    public func callHeaders(_ role: Role) throws -> [(name: String, value: String)] {
        guard let token = try join(role).token else { throw TestFailure("no token of \(role)") }
        return [("Authorization", "Bearer \(token.text)")]
    }

    // MARK: - Commands

    /// A command that has ended.
    public struct Finished {
        public var exit: TestProcess.Exit
        public var output: String
        public var errors: String
    }

    /// Runs a coordinator's command to its end.
    public func command(_ arguments: String..., within limit: Duration = .stuck)
        async throws -> Finished
    {
        let process = try start("gdln-coordinator", arguments)
        let exit = try await process.exit(within: limit)
        return Finished(exit: exit, output: process.output, errors: process.errors)
    }

    /// What a command that must succeed prints.
    public func output(of arguments: String..., within limit: Duration = .stuck)
        async throws -> String
    {
        let process = try start("gdln-coordinator", arguments)
        guard try await process.exit(within: limit) == .code(0) else {
            throw TestFailure("\(arguments) failed\n\(process.log)")
        }
        return process.output
    }

    /// Writes a file into the folder.
    public func write(_ text: String, to name: String) throws {
        try Data(text.utf8).write(to: folder.appending(path: name))
    }

    public func status(of sweep: String) async throws -> SweepStatus {
        let json = try await output(of: "status", sweep, "--json")
        let list = try WireCoding.decode(SweepList.self, from: Data(json.utf8))
        guard let status = list.sweeps.first else { throw TestFailure("no status in \(json)") }
        return status
    }

    /// What the coordinator says of a worker; nil before its first call.
    public func status(of worker: TestProcess) async throws -> WorkerStatus? {
        let json = try await output(of: "workers", "--json")
        return try WireCoding.decode(WorkerList.self, from: Data(json.utf8)).workers
            .first { $0.name.rawValue.contains("-\(worker.processID)-") }
    }
}

/// How a test wants the coordinator run.
public struct CoordinatorOptions {
    /// In the deployment's folder, or absolute.
    public var dataDirectory = "data"
    public var host = "127.0.0.1"
    /// Longer than any test: no worker loses a task because the machine is busy. A test that waits
    /// for a lost worker's task sets less.
    public var leaseSeconds = 3_600.0
    /// Further ones of `serve`.
    public var arguments: [String] = []
    /// Beside what every process of the deployment gets.
    public var environment: [String: String] = [:]
    /// What runs it and all other processes, by its path, such as `ip netns exec NAME`.
    public var prefix: [String] = []
    /// Where the executables lie, if not beside the tests.
    public var executables: URL?

    public init() {}
}

/// Where the package's executables lie: beside the tests, which were built with them.
public enum Executables {
    /// Looked up once: a build may put another file in this one's place.
    public static let directory = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
        .deletingLastPathComponent()
}
