import Foundation
import Shared

/// The life of one large sweep: how long a person waits for what.
extension BenchRun {
    func measureSweep() async throws {
        let server = try BenchServer(leaseSeconds: 60, parent: folder)
        defer { server.stop() }
        let training = try StubTraining(rows: rowsPerTask)
        let client = try server.client()
        let sweep = StubTraining.sweep(
            name: "large", tasks: tasks, epochs: (rowsPerTask + 1) / 2)
        try await time("submit", server) { _ = try client.submit(sweep) }
        let connections = 16
        try await time("run with stub training", server, connections: connections) {
            let target = server.target
            let run = try await LoadGenerator(target: target).run(
                connections: connections, atMost: .seconds(3_600)
            ) { index in
                TaskScript(LoadWorker("w\(index)", target), slots: 16, rowsAhead: true, training)
            }
            try run.check()
        }
        let status = try client.status("large")
        guard status.count(.succeeded) == tasks else {
            throw CommandFailure("\(status.count(.succeeded)) of \(tasks) tasks have succeeded.")
        }
        try await time("status", server) { _ = try client.status("large") }
        try await file("report.csv", lines: tasks, client, server)
        // Four metrics a row.
        try await file("history.csv", lines: tasks * rowsPerTask * 4, client, server)
        try await file("manifest.json", lines: nil, client, server)
        try report(
            BenchLine(
                measure: "  the most memory of it all", value: server.peakMegabytes, unit: "MB"))
    }

    private func time(
        _ measure: String, _ server: BenchServer, connections: Int? = nil,
        _ body: () async throws -> Void
    ) async throws {
        let (meter, start) = (ProcessorMeter(server), ContinuousClock.now)
        try await body()
        let seconds = (ContinuousClock.now - start).seconds
        try report(
            meter.line("\(tasks) tasks: \(measure)", seconds, "s", connections: connections))
    }

    /// - Parameter lines: how many there must be, the header apart.
    private func file(
        _ name: String, lines: Int?, _ client: CoordinatorClient, _ server: BenchServer
    ) async throws {
        var bytes = Data()
        try await time(name, server) { bytes = try client.file(name, of: "large") }
        guard let lines else { return }
        let found = bytes.count { $0 == UInt8(ascii: "\n") } - 1
        guard found == lines else {
            throw CommandFailure("\(name) has \(found) lines, where \(lines) were wanted.")
        }
    }
}
