import Foundation
import NIOCore
import Shared

/// What `bench` can measure.
enum BenchPart: String, CaseIterable {
    /// How fast the disk takes what it must keep: no commit can be faster.
    case disk
    /// Tasks leased, reported and completed.
    case tasks
    /// The same, encrypted.
    case tasksEncrypted = "tasks-tls"
    /// Metric rows stored.
    case rows
    /// A large sweep from its submission to its files.
    case sweep
    /// Many workers that are only just heard of.
    case heartbeats
}

/// The measurements, one after the other, each against a coordinator of its own.
struct BenchRun {
    var seconds: Double
    var tasks: Int
    var rowsPerTask: Int
    var workers: Int
    /// How many at once, measured one after the other.
    var connections: [Int]
    var folder: String
    /// Told of each number as soon as it is known.
    var report: (BenchLine) throws -> Void

    func measure(_ part: BenchPart) async throws {
        switch part {
        case .disk: try measureDisk()
        case .tasks: try await measureTasks(isEncrypted: false)
        case .tasksEncrypted: try await measureTasks(isEncrypted: true)
        case .rows: try await measureRows()
        case .sweep: try await measureSweep()
        case .heartbeats: try await measureHeartbeats()
        }
    }

    private func withServer(
        leaseSeconds: Int = 60, isEncrypted: Bool = false,
        _ body: (BenchServer) async throws -> Void
    ) async throws {
        let server = try BenchServer(
            leaseSeconds: leaseSeconds, parent: folder, isEncrypted: isEncrypted)
        defer { server.stop() }
        try await body(server)
    }

    private func measureDisk() throws {
        let path = folder + "/gdln-bench-disk-\(UUID())"
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw POSIXFileError(path) }
        defer {
            close(descriptor)
            unlink(path)
        }
        let page = [UInt8](repeating: 7, count: 4096)
        let results = LoadResults()
        let start = ContinuousClock.now
        while (ContinuousClock.now - start).seconds < min(seconds, 2) {
            let before = NIODeadline.now()
            guard write(descriptor, page, page.count) == page.count, fdatasync(descriptor) == 0
            else { throw POSIXFileError(path) }
            results.add("sync", status: 200, nanoseconds: (.now() - before).nanoseconds)
        }
        let count = Double(results.count("sync"))
        var line = BenchLine(
            measure: "writes of 4 KiB with fdatasync",
            value: count / (ContinuousClock.now - start).seconds, unit: "/s")
        line.setLatency(results.latency("sync"))
        try report(line)
    }

    private func measureTasks(isEncrypted: Bool) async throws {
        for connections in connections {
            try await withServer(isEncrypted: isEncrypted) { server in
                let training = try StubTraining(rows: 1)
                let count = min(Limits.tasksPerSweepMax, Int(seconds * 20_000 / 1_000) * 1_000)
                _ = try server.client().submit(
                    StubTraining.sweep(name: "tasks", tasks: max(1_000, count), epochs: 1))
                let (target, meter) = (server.target, ProcessorMeter(server))
                let run = try await LoadGenerator(target: target).run(
                    connections: connections, atMost: .seconds(seconds)
                ) { index in
                    TaskScript(
                        LoadWorker("w\(index)", target), slots: 1, rowsAhead: false, training)
                }
                try run.check()
                try Self.compare(run, try server.client().status("tasks"))
                let measure = "tasks leased and completed" + (isEncrypted ? ", TLS" : "")
                try report(
                    meter.line(
                        measure, run.perSecond("complete"), "/s", connections: connections))
                for kind in ["lease", "complete"] {
                    try report(run.line("  " + kind, kind, connections))
                }
            }
        }
    }

    /// What was counted is what the coordinator has, to the task.
    private static func compare(_ run: LoadRun, _ status: SweepStatus) throws {
        let (counted, stored) = (run.results.count("complete"), status.count(.succeeded))
        guard counted == stored else {
            throw CommandFailure("\(counted) tasks were counted, but \(stored) have succeeded.")
        }
    }

    private func measureRows() async throws {
        for rowsPerCall in [10, 100] {
            try await withServer { server in
                let connections = 16
                _ = try server.client().submit(
                    StubTraining.sweep(name: "rows", tasks: connections, epochs: 1_000_000))
                let script = try MetricsScript(
                    LoadWorker("w", server.target), rowsPerCall: rowsPerCall)
                let meter = ProcessorMeter(server)
                let run = try await LoadGenerator(target: server.target).run(
                    connections: connections, atMost: .seconds(seconds)
                ) { script.playing("w\($0)") }
                try run.check()
                var line = meter.line(
                    "metric rows, \(rowsPerCall) a call",
                    run.perSecond("metrics") * Double(rowsPerCall), "/s", connections: connections)
                line.setLatency(run.results.latency("metrics"))
                try report(line)
            }
        }
    }

    private func measureHeartbeats() async throws {
        try await withServer(leaseSeconds: 45) { server in
            _ = try server.client().submit(
                StubTraining.sweep(name: "heartbeats", tasks: workers, epochs: 1_000_000))
            // The calls of one period are spread over it, as those of real workers are.
            let period = Duration.seconds(15)
            let (workers, target, meter) = (workers, server.target, ProcessorMeter(server))
            let run = try await LoadGenerator(target: target).run(
                connections: workers, over: period, atMost: period * 4
            ) { index in
                HeartbeatScript(LoadWorker("w\(index)", target), period: TimeAmount(period))
            }
            try run.check()
            var line = meter.line(
                "heartbeats, every 15 s each", run.perSecond("metrics"), "/s",
                connections: workers)
            line.setLatency(run.results.latency("metrics"))
            try report(line)
            try report(run.line("  lease", "lease", workers))
            let status = try server.client().status("heartbeats")
            guard status.count(.leased) == workers else {
                throw CommandFailure(
                    "\(status.count(.leased)) of \(workers) leases are held at the end.")
            }
        }
    }
}

extension BenchLine {
    mutating func setLatency(_ latency: LoadResults.Latency?) {
        (p50Milliseconds, p99Milliseconds) = (latency?.p50, latency?.p99)
    }
}

extension LoadRun {
    /// A number is worth nothing where something was refused.
    func check() throws {
        let complaints = results.complaints
        guard complaints.isEmpty else {
            throw CommandFailure("The load met with: " + complaints.joined(separator: "; "))
        }
    }

    /// One kind of call alone.
    func line(_ measure: String, _ kind: String, _ connections: Int) -> BenchLine {
        var line = BenchLine(
            measure: measure, connections: connections, value: perSecond(kind), unit: "/s")
        line.setLatency(results.latency(kind))
        return line
    }
}
