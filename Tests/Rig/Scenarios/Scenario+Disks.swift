import Foundation
import Glibc
import Shared
import TestSupport

/// What disks do.
extension Scenario {
    static let powerCut = Scenario(
        "power-cut", "what reached the disk at a random moment, started again",
        needs: PowerDisk.needs, quick: 10, long: 50
    ) { run in
        defer { run.powerDisk?.remove() }
        let lost = try await run.cutPower()
        return try await lost + run.finish()
    }

    /// Without syncs a power cut must lose, or the scenario above could not see it.
    static let powerCutControl = Scenario(
        "power-cut-control", "the same without syncs: acknowledged calls must be lost",
        needs: PowerDisk.needs + Shim.needs, quick: 2, long: 10
    ) { run in
        let shim = try Shim(.noSync, in: run.deployment.folder)
        run.deployment.options.environment.merge(shim.environment) { $1 }
        defer { run.powerDisk?.remove() }
        let lost = try await run.cutPower()
        let acknowledged = lost.filter { $0.invariant == .acknowledgedIsStored }.count
        run.note("\(acknowledged) acknowledged calls lost or more")
        guard acknowledged >= run.input.cycles else {
            throw TestFailure("no power cut lost anything: the rig does not see what it should")
        }
        return []
    }

    static let diskFull = Scenario(
        "disk-full", "a disk without a free byte, then freed", needs: SmallDisk.needs,
        quick: 2, long: 20
    ) { run in
        let disk = try SmallDisk(in: run.deployment.folder.path, megabytes: 24)
        defer { disk.remove() }
        run.deployment.options.dataDirectory = disk.path + "/data"
        try await run.start()
        try run.startWorkers(4, .restless)
        for _ in 0..<run.input.cycles {
            try await run.submit().value
            try await run.waitForCalls(10...100)
            try disk.fill()
            run.recorder.mark(.fault, "disk full")
            let submitted = try await run.submitUntilRefused()
            let refused = run.recorder.now
            // Reads go on.
            _ = try await run.deployment.output(of: "status", "--json")
            try disk.free()
            try await run.waitForAcceptance(since: refused)
            for task in submitted { try await task.value }
        }
        guard try run.coordinator().isRunning else { throw TestFailure("the coordinator ended") }
        return try await run.finish()
    }

    static let failedSync = Scenario(
        "failed-sync",
        "a disk whose syncs fail: the coordinator must end, and find all when it is back",
        needs: Shim.needs, quick: 2, long: 30
    ) { run in
        let shim = try Shim(.failedSync, in: run.deployment.folder)
        run.deployment.options.environment.merge(shim.environment) { $1 }
        try await run.start()
        try run.startWorkers(4, .restless)
        for _ in 0..<run.input.cycles {
            let submitted = try run.submit()
            try await run.waitForCalls(10...100)
            try shim.set(1)
            run.recorder.mark(.fault, "syncs fail")
            let broken = run.recorder.now
            let exit = try await run.coordinator().exit()
            guard exit == .code(1) else { throw TestFailure("it ended with \(exit)") }
            try run.expectNothingAccepted(since: broken)
            try shim.set(0)
            try await run.startCoordinator()
            try await submitted.value
        }
        return try await run.finish()
    }

    static let readOnly = Scenario(
        "read-only", "a file system that turns read-only under the coordinator, then mounted anew",
        needs: PowerDisk.needs + [.tool("e2fsck")], quick: 2, long: 20
    ) { run in
        let disk = try PowerDisk(in: run.deployment.folder.path)
        defer { disk.remove() }
        run.deployment.options.dataDirectory = disk.path + "/data"
        try await run.start()
        try run.startWorkers(4, .restless)
        for _ in 0..<run.input.cycles {
            let submitted = try run.submit()
            try await run.waitForCalls(10...100)
            let from = run.recorder.now
            try disk.breakDown()
            run.recorder.mark(.fault, "read-only")
            let broken = run.recorder.now
            run.doubtful.append(from...broken)
            try await run.waitForCalls(5...30)
            try run.expectNothingAccepted(since: broken)
            try run.coordinator().kill()
            try disk.mountAgain()
            try await run.startCoordinator()
            try await submitted.value
        }
        return try await run.finish()
    }
}

extension RigRun {
    /// Traffic on a disk whose power is cut again and again. Each image is started, checked and
    /// compared with what had been acknowledged before the cut. The disk stays until the end.
    fileprivate func cutPower() async throws -> [Violation] {
        let disk = try PowerDisk(in: deployment.folder.path)
        powerDisk = disk
        deployment.options.dataDirectory = disk.path + "/data"
        try await start()
        // What is lost from here on is lost by the coordinator's fault.
        try Machine.run("sync", "--file-system", disk.path)
        try startWorkers(6, .restless)
        var violations: [Violation] = []
        for _ in 0..<input.cycles {
            let submitted = try submit()
            try await waitForCalls(1...100)
            let from = recorder.now
            try disk.cut()
            let to = recorder.now
            recorder.mark(.fault, "power cut")
            violations += try await disk.withCut { path in
                try await judgeImage(path + "/data", from: from, to: to)
            }
            try await submitted.value
        }
        return violations
    }

    private func judgeImage(_ path: String, from: Int64, to: Int64) async throws -> [Violation] {
        guard FileManager.default.fileExists(atPath: path + "/coordinator.sqlite") else {
            return [Violation(invariant: .acknowledgedIsStored, sentence: "there is no store")]
        }
        let process = try deployment.start(
            "gdln-coordinator",
            ["serve", "--data-dir", path, "--listen", "127.0.0.1:0"], as: deployment.options)
        do {
            _ = try await process.line(after: "listening on ")
        } catch {
            guard process.errors.contains("is incomplete: ") else { throw error }
            // It saw by itself that acknowledged commits are missing.
            return [Violation(invariant: .acknowledgedIsStored, sentence: process.errors)]
        }
        process.kill()
        var bounds = Evidence.Bounds()
        bounds.callsMin = 0
        let evidence = Evidence(
            history: try recorder.history().cut(from: from, to: to),
            store: try StoredState(dataDirectory: path), tasksPerSweep: tasksPerSweep,
            bounds: bounds)
        return Checker.violations(in: evidence)
    }

    /// The store's log has some room of its own, which has to be used up first.
    fileprivate func submitUntilRefused() async throws -> [Task<Void, any Error>] {
        let since = recorder.now
        var submitted: [Task<Void, any Error>] = []
        try await eventually("a call is refused for the full disk") {
            submitted.append(try self.submit())
            try await Task.sleep(for: .milliseconds(50))
            return try self.recorder.history().calls.contains {
                $0.status == 503 && $0.end > since
            }
        }
        return submitted
    }

    fileprivate func waitForAcceptance(since: Int64) async throws {
        try await eventually("calls are taken again") {
            try self.recorder.history().calls.contains { call in
                call.start > since && call.isOK && call.operation == .complete
            }
        }
    }

    /// A call that began after the disk had failed cannot have been stored. Heartbeats and calls
    /// that were answered before are not.
    fileprivate func expectNothingAccepted(since: Int64) throws {
        let calls = try recorder.history().calls
        // A repeat of an end that is on disk changes nothing, and may be answered.
        let ended = Set(
            calls.filter { $0.operation == .complete && $0.start <= since }.compactMap(\.lease))
        let accepted = calls.first { call in
            call.operation == .complete && call.start > since && call.isOK
                && !ended.contains(call.lease ?? "")
        }
        if let accepted { throw TestFailure("call \(accepted.number) was accepted") }
    }
}
