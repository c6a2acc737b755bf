import Foundation
import Shared
import TestSupport

/// Real workers, whose right results are those of an undisturbed run.
extension RigRun {
    /// How often a training is kept, and so the most that a fault may cost it.
    static let everyEpochs = 5
    private static let hostCount = 3

    /// Twelve short trainings, that no sweep takes from another.
    private static func yaml(_ name: String) -> String {
        """
        name: \(name)
        experiment: k_path
        attempts: 100
        share_results: false
        checkpoint: {every_epochs: \(everyEpochs)}
        base:
          dataset: \(SimulatedSweep.dataset)
          domains: 3
          hidden_width: 8
          batch_size: 4
          epochs: 60
          optimizer: {name: sgd, learning_rate: 0.02, momentum: 0.9}
        axes:
          seeds.weights: [1, 2, 3]
          gate:
            - {family: plus_mod, k: [1, 2]}
          init.gain: [1, 0.1]
        """
    }

    /// Three real workers train twelve tasks undisturbed, and then again and again until all faults
    /// are done: each time to the same bytes, and without training much twice.
    /// - Parameter calls: how many calls there are between two faults.
    func withRealWorkers(
        after calls: ClosedRange<Int>, _ fault: (inout RealWorkers) async throws -> Void
    ) async throws -> [Violation] {
        try await start()
        let proxy = try FaultProxy(
            to: deployment.address, faults: .init(), recording: .everything, recorder: recorder,
            control: control, seed: input.seed)
        try deployment.letIn(at: proxy.address)
        tasksPerSweep = 12
        var workers = RealWorkers(deployment, address: proxy.address)
        for host in 0..<Self.hostCount { try workers.start(on: host) }
        let expected = try await realSweep(0, proxy.address, after: nil) {}
        var (done, number) = (0, 1)
        while done < input.cycles {
            let found = try await realSweep(number, proxy.address, after: calls) {
                guard done < input.cycles else { return }
                try await fault(&workers)
                done += 1
            }
            guard found == expected else {
                throw TestFailure("sweep \(number) came to another result than undisturbed")
            }
            number += 1
        }
        let violations = try await finish(proxy: proxy)
        workers.kill()
        try expectLittleTrainedAgain(workers)
        return violations
    }

    /// Submits, and does `fault` after so many calls, again and again until all is trained.
    /// Returns the report.
    private func realSweep(
        _ number: Int, _ address: String, after calls: ClosedRange<Int>?,
        fault: () async throws -> Void
    ) async throws -> [String] {
        let name = "real-\(number)"
        try deployment.write(Self.yaml(name), to: name + ".yaml")
        _ = try await deployment.output(of: "submit", name + ".yaml", "--coordinator", address)
        var wanted: Int?
        while try await !deployment.status(of: name).isFinished {
            guard !control.isStopped else { throw TestFailure("\(name) is not finished") }
            guard let calls else {
                try await Task.sleep(for: .milliseconds(100))
                continue
            }
            // A round ends also without enough calls: a sweep that is finished makes none.
            let count = wanted ?? recorder.callCount + calls.lowerBound + random.below(calls.count)
            let end = ContinuousClock.now + .seconds(1)
            while recorder.callCount < count, ContinuousClock.now < end {
                try await Task.sleep(for: .milliseconds(1))
            }
            wanted = recorder.callCount < count ? count : nil
            if wanted == nil { try await fault() }
        }
        return Table(try await deployment.output(of: "report", name)).column("trajectory_sha256")
    }

    /// Who goes on from a checkpoint trains again what came after it: an interval at most, where
    /// the checkpoint was taken within the second that a training waits for that. On a busy machine
    /// some are not: twice that on average is too much.
    private func expectLittleTrainedAgain(_ workers: RealWorkers) throws {
        let again = try workers.trainedAgain(StoredState(dataDirectory: dataDirectory))
        let sum = again.reduce(0, +)
        note(
            "\(again.count) trainings went on elsewhere or later, \(sum) epochs trained again, "
                + "\(again.max() ?? 0) at most")
        let most = 2 * Self.everyEpochs * again.count
        guard sum <= most else {
            throw TestFailure(
                "\(sum) epochs were trained again, wanted \(most) at most: \(again)")
        }
    }
}

/// A worker on each host, and all that were there before them. A host is a folder.
struct RealWorkers {
    private let deployment: Deployment
    private let address: String
    private var byHost: [TestProcess] = []
    private var all: [TestProcess] = []

    /// - Parameter address: a proxy's, so that their calls are written down.
    init(_ deployment: Deployment, address: String) {
        self.deployment = deployment
        self.address = address
    }

    var count: Int { byHost.count }
    subscript(host: Int) -> TestProcess { byHost[host] }

    /// Starts one that finds what the last one on its host has left.
    mutating func start(on host: Int) throws {
        let worker = try deployment.start(
            "gdln-worker",
            [
                "run", "--coordinator", address, "--slots", "1", "--cache-dir", "host-\(host)",
            ])
        all.append(worker)
        if byHost.indices.contains(host) { byHost[host] = worker } else { byHost.append(worker) }
    }

    func kill() { for worker in byHost { worker.kill() } }

    /// Of each attempt that was followed by another: the epochs that the coordinator knows it had
    /// trained, beyond the one from which the task went on.
    func trainedAgain(_ store: StoredState) -> [Int] {
        let starts = starts()
        var reached: [Int64: [(attempt: Int, epoch: Int)]] = [:]
        for metric in store.metrics {
            if let last = reached[metric.task]?.last, last.attempt == metric.attempt {
                reached[metric.task]?.removeLast()
            }
            reached[metric.task, default: []].append((metric.attempt, metric.epoch))
        }
        let sweeps = Dictionary(store.sweeps.map { ($0.id, $0.name) }) { first, _ in first }
        return store.tasks.flatMap { task in
            let attempts = reached[task.number] ?? []
            let name = "\(sweeps[task.sweep] ?? "") \(task.id)"
            return zip(attempts, attempts.dropFirst()).map { before, next in
                max(0, before.epoch - (starts["\(name) \(next.attempt)"] ?? 0))
            }
        }
    }

    /// From which epoch each attempt went on, by sweep, task and number, as the workers say it.
    private func starts() -> [String: Int] {
        var starts: [String: Int] = [:]
        for line in all.flatMap({ $0.errors.split(separator: "\n") })
        where line.contains("goes on") {
            guard let sweep = line.firstMatch(of: /sweep=([\w-]+)/),
                let task = line.firstMatch(of: /task=(\w+)/),
                let attempt = line.firstMatch(of: /attempt=(\d+)/),
                let epochs = line.firstMatch(of: /epochs=(\d+)/).flatMap({ Int($0.1) })
            else { continue }
            starts["\(sweep.1) \(task.1) \(attempt.1)"] = epochs
        }
        return starts
    }
}
