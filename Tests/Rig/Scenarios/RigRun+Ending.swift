import Foundation
import Glibc
import Shared
import TestSupport

/// How a run ends: no more faults, everything done, and the evidence gathered.
extension RigRun {
    /// Heals everything, waits until nothing is left to do, ends the coordinator, and judges.
    /// - Parameter drainSeconds: how long the rest may take.
    func finish(drainSeconds: Double = 300, proxy: FaultProxy? = nil) async throws -> [Violation] {
        control.heal()
        recorder.mark(.healed)
        try await waitUntilDone(within: drainSeconds + 30)
        recorder.mark(.drained)
        sampleUsage()
        control.stop()
        try await waitForThreads()
        try await eventually("all copies are sent") {
            (proxy?.copiesPending ?? 0) == 0
        }
        proxy?.stop()
        let reports = try await fetchReports()
        let arguments = deployment.argumentLists()
        let tokens = try [Role.admin, .worker].compactMap { try deployment.join($0).token?.text }
        try await endCoordinator()
        var evidence = Evidence(
            history: try recorder.history().doubting(doubtful),
            store: try StoredState(dataDirectory: dataDirectory),
            tasksPerSweep: tasksPerSweep, reports: reports,
            texts: texts(reports) + arguments.map { Evidence.Text(name: "arguments", bytes: $0) },
            bounds: Evidence.Bounds(drainSeconds: drainSeconds))
        evidence.accessTokens = tokens
        evidence.leaseSeconds = deployment.options.leaseSeconds
        return try await judge(evidence)
    }

    func judge(_ evidence: Evidence) async throws -> [Violation] {
        var violations = Checker.violations(in: evidence)
        let check = try await deployment.command(
            "check", "--data-dir", deployment.options.dataDirectory)
        if check.exit != .code(0) {
            violations.append(
                Violation(invariant: .storeIsSound, sentence: check.output + check.errors))
        }
        return violations
    }

    func waitUntilDone(within seconds: Double = 300) async throws {
        try await eventually("nothing is left to do", within: .seconds(seconds)) {
            let json = try await deployment.output(of: "status", "--json")
            let list = try WireCoding.decode(SweepList.self, from: Data(json.utf8))
            return !list.sweeps.isEmpty && list.sweeps.allSatisfy(\.isFinished)
        }
    }

    /// A report that is written while workers report: what it says of a task must have been true at
    /// one moment. The last loss follows from the task and from how many epochs are completed.
    func expectOneMoment(in sweep: String) async throws {
        let table = Table(try await deployment.output(of: "report", sweep))
        for row in table.rows {
            let epochs = Int(row["epochs_completed"] ?? "") ?? 0
            let task = SweepTaskID(unchecked: row["task"] ?? "")
            let measured = SimulatedSweep.rows(task, attempt: 1).prefix(epochs).last
            let loss = measured?.values[MetricName.lossTrainedPaths]?.text ?? ""
            let isSucceeded = row["state"] == "succeeded"
            guard row[MetricName.lossTrainedPaths] == loss,
                isSucceeded == (row["trajectory_sha256"]?.isEmpty == false),
                !isSucceeded || epochs == SimulatedSweep.epochs
            else { throw TestFailure("a report shows a task at two moments: \(row)") }
        }
    }

    /// Of the newest sweeps: all of them would take longer than the run.
    private func fetchReports() async throws -> [Evidence.Reports] {
        let json = try await deployment.output(of: "status", "--json")
        let list = try WireCoding.decode(SweepList.self, from: Data(json.utf8))
        var reports: [Evidence.Reports] = []
        for sweep in list.sweeps.prefix(2) {
            let id = sweep.id.rawValue
            reports.append(
                Evidence.Reports(
                    sweep: id, report: try await deployment.output(of: "report", id),
                    reportAgain: try await deployment.output(of: "report", id),
                    history: try await deployment.output(of: "report", id, "--history")))
        }
        return reports
    }

    /// As an administrator does. It must end with code 0; `drain` measures how soon.
    func endCoordinator() async throws {
        try coordinator().send(SIGTERM)
        let exit = try await coordinator().exit()
        guard exit == .code(0) else { throw TestFailure("the coordinator ended with \(exit)") }
    }

    /// Everything in which a token could have been left behind.
    private func texts(_ reports: [Evidence.Reports]) -> [Evidence.Text] {
        let folder = deployment.folder
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        let logs = names.filter { $0.hasSuffix(".err") || $0.hasSuffix(".out") }
            .map { folder.path + "/" + $0 }
        let store = ["coordinator.sqlite", "coordinator.sqlite-wal", "tokens.json"]
            .map { "\(dataDirectory)/\($0)" }
        let files = (logs + store).compactMap { path -> Evidence.Text? in
            guard let bytes = FileManager.default.contents(atPath: path) else { return nil }
            return Evidence.Text(name: path, bytes: bytes)
        }
        return files
            + reports.map { Evidence.Text(name: "a report", bytes: Data($0.report.utf8)) }
    }
}
