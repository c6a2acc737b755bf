import Foundation
import Glibc
import Shared
import Synchronization
import TestSupport

/// One run: a coordinator, simulated or real workers, what is done to them, and the evidence.
final class RigRun {
    let deployment: Deployment
    let recorder: Recorder
    let control = RunControl()
    let input: Scenario.Input
    var random: SeededRandom
    /// Of each sweep that `submit` submits.
    var tasksPerSweep = 20
    private var sweepCount = 0
    private let threads = UnderWay()
    private(set) var notes: [String] = []
    /// Unmounted with the run.
    var powerDisk: PowerDisk?
    /// When a file system broke down. Linux then tells some callers that appended data is on disk
    /// although it never will be, so that what was under way may have been done or not.
    var doubtful: [ClosedRange<Int64>] = []
    /// In seconds.
    var slowestAnswer = 0.0

    init(_ deployment: Deployment, _ input: Scenario.Input) throws {
        self.deployment = deployment
        self.input = input
        random = SeededRandom(seed: input.seed, purpose: .dataOrder)
        recorder = try Recorder(file: deployment.folder.appending(path: "history.jsonl"))
        deployment.options.leaseSeconds = 1
        deployment.options.executables = input.executables
        deployment.options.environment = input.environment
    }

    func seconds(_ range: ClosedRange<Double>) -> Double {
        range.lowerBound + (range.upperBound - range.lowerBound) * random.uniform()
    }

    /// How long a fault lasts, in seconds. When it comes follows the work: see `waitForCalls`.
    func wait(_ range: ClosedRange<Double>) async throws {
        try await Task.sleep(for: .seconds(seconds(range)))
    }

    /// Waits until so many further calls have begun. Faults come after a number of calls, not after
    /// a time: how far the work is by then does not depend on how busy the machine is.
    func waitForCalls(_ range: ClosedRange<Int>) async throws {
        let wanted = recorder.callCount + range.lowerBound + random.below(range.count)
        try await waitUntil("\(wanted) calls have begun") { self.recorder.callCount >= wanted }
    }

    /// Waits until a call that is under way, or begins, ends without a known outcome.
    func waitForUnknownOutcome() async throws {
        let count = recorder.unknownCount
        try await waitUntil("a call is cut off") { self.recorder.unknownCount > count }
    }

    /// Looks a thousand times a second, where `eventually` would come late.
    func waitUntil(_ what: String, _ isSo: () throws -> Bool) async throws {
        let end = ContinuousClock.now + .stuck
        while try !isSo() {
            guard ContinuousClock.now < end else { throw TestFailure("waited in vain: \(what)") }
            try await Task.sleep(for: .milliseconds(1))
        }
    }

    func note(_ text: String) { notes.append(text) }

    // MARK: - The coordinator

    /// Starts it and gives it the data set that all sweeps use.
    func start() async throws {
        try await startCoordinator()
        _ = try await deployment.output(
            of: "data", "add", SimulatedSweep.dataset, Fixtures.mnistExtractDirectory())
    }

    /// Starts it for the first time, or again. Every lease is a whole one from then on.
    func startCoordinator() async throws {
        recorder.mark(.started)
        try await deployment.startCoordinator()
    }

    func coordinator() throws -> TestProcess {
        guard let coordinator = deployment.coordinator else {
            throw TestFailure("no coordinator was started")
        }
        return coordinator
    }

    func killCoordinator() throws {
        sampleUsage()
        recorder.mark(.fault, "coordinator killed")
        try coordinator().kill()
        recorder.mark(.killed)
    }

    /// What the coordinator uses at this moment.
    func sampleUsage() {
        guard let coordinator = deployment.coordinator, coordinator.isRunning else { return }
        let folder = "/proc/\(coordinator.processID)"
        let status = (try? String(contentsOfFile: folder + "/status", encoding: .utf8)) ?? ""
        let files = (try? FileManager.default.contentsOfDirectory(atPath: folder + "/fd")) ?? []
        guard let memory = status.firstMatch(of: /VmRSS:\s+(\d+)/)?.1 else { return }
        let log = dataDirectory + "/coordinator.sqlite-wal"
        let attributes = try? FileManager.default.attributesOfItem(atPath: log)
        let size = (attributes?[.size] as? Int) ?? 0
        recorder.mark(.usage, "rss_kib=\(memory) files=\(files.count) wal_kib=\(size >> 10)")
    }

    var dataDirectory: String { deployment.dataDirectory }

    // MARK: - Clients

    func caller(_ process: String, address: String? = nil) throws -> RecordedCaller {
        try RecordedCaller(
            process, address: address ?? deployment.address,
            headers: deployment.callHeaders(.worker),
            recorder: recorder)
    }

    /// Begins to submit a sweep; the task ends when it is known to be stored.
    func submit(address: String? = nil, inside network: Network? = nil) throws
        -> Task<Void, any Error>
    {
        let number = sweepCount
        sweepCount += 1
        let json = SimulatedSweep.json(number, tasks: tasksPerSweep)
        let (address, headers) = (address ?? deployment.address, try deployment.callHeaders(.admin))
        let (recorder, control) = (recorder, control)
        return Task {
            try await onThread {
                try network?.enterAsClient()
                let caller = try RecordedCaller(
                    "person", address: address, headers: headers, recorder: recorder)
                caller.timeoutSeconds = 20
                let outcome = caller.settled(
                    .submit, "/v1/sweeps", json, request: "submit-\(number)", control: control)
                guard case .ok = outcome else { throw TestFailure("not submitted: \(outcome)") }
            }
        }
    }

    func startWorkers(
        _ count: Int, _ character: WorkerCharacter, address: String? = nil,
        inside network: Network? = nil
    ) throws {
        let (address, headers) = (
            address ?? deployment.address, try deployment.callHeaders(.worker)
        )
        let (recorder, control, threads) = (recorder, control, threads)
        let (seed, lease) = (input.seed, deployment.options.leaseSeconds)
        for number in 0..<count {
            threads.begin()
            Thread.detachNewThread {
                defer { threads.end() }
                let name = "worker-\(number)"
                guard (try? network?.enterAsClient()) != nil || network == nil,
                    let caller = try? RecordedCaller(
                        name, address: address, headers: headers, recorder: recorder)
                else { return }
                var worker = SimulatedWorker(
                    name, caller: caller, control: control, leaseSeconds: lease,
                    character: character,
                    random: SeededRandom(
                        seed: seed, purpose: .dataOrder, index: UInt64(number + 1)))
                worker.run()
            }
        }
    }

    func waitForThreads() async throws {
        try await eventually("all threads end") { threads.count == 0 }
    }
}

/// Counts what is still under way.
final class UnderWay: Sendable {
    private let running = Mutex(0)

    func begin() { running.withLock { $0 += 1 } }
    func end() { running.withLock { $0 -= 1 } }
    var count: Int { running.withLock { $0 } }
}
