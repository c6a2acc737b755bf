import Foundation
import Glibc
import Shared
import TestSupport

/// One system call that goes wrong, whichever it is.
extension Scenario {
    static let brokenCall = Scenario(
        "broken-call",
        "one write, sync, truncation, creation, renaming, removal or answer fails, does half, or "
            + "is never made because the coordinator is killed before it, also at its first start",
        needs: Shim.needs, quick: 30, long: 100
    ) { run in
        let folder = run.deployment.folder
        let shim = try Shim(.brokenCall(below: folder.path + "/data"), in: folder)
        run.deployment.options.environment.merge(shim.environment) { $1 }
        var counts = CallFaultCounts()
        for number in 0..<run.input.cycles / 5 {
            try await run.startOnce(in: "data-\(number)", shim, &counts)
        }
        guard counts.undisturbed < run.input.cycles / 5 else {
            throw TestFailure("no first start was disturbed")
        }
        run.deployment.options.dataDirectory = "data"
        try await run.start()
        try run.startWorkers(4, .restless)
        for _ in 0..<run.input.cycles - run.input.cycles / 5 {
            try await run.waitForCalls(1...15)
            try run.arm(shim, upTo: 60)
            try await run.submitWhatever(shim, &counts)
        }
        // A coordinator that has to end takes nothing more; whoever takes this one goes on.
        try await run.submitWhatever(shim, &counts)
        let violations = try await run.finish()
        let calls = try run.recorder.history().calls
        run.note("\(counts), \(calls.count(where: \.isPutOff)) calls put off")
        let other = calls.compactMap { call -> String? in
            guard case .unknown(let text) = call.outcome, text.hasPrefix("HTTP") else { return nil }
            return "call \(call.number): \(text), wanted 503"
        }
        guard violations.isEmpty, let first = other.first else { return violations }
        throw TestFailure(first)
    }
}

/// What became of coordinators.
private struct CallFaultCounts: CustomStringConvertible {
    var killed = 0
    var ended = 0
    /// First starts that made fewer calls.
    var undisturbed = 0
    var description: String {
        "\(killed) killed, \(ended) ended by themselves, \(undisturbed) first starts undisturbed"
    }
}

extension RigRun {
    fileprivate func arm(_ shim: Shim, upTo most: Int) throws {
        let faults = Shim.CallFault.allCases
        let fault = faults[random.below(faults.count)]
        let count = 1 + random.below(most)
        try shim.arm(fault, at: count)
        recorder.mark(.fault, "\(fault) at call \(count)")
    }

    /// A first start that is disturbed, and a second one, which must find its way whatever the
    /// first has left.
    fileprivate func startOnce(in directory: String, _ shim: Shim, _ counts: inout CallFaultCounts)
        async throws
    {
        let arguments = ["serve", "--data-dir", directory, "--listen", "127.0.0.1:0"]
        try arm(shim, upTo: 150)
        let first = try deployment.start("gdln-coordinator", arguments, as: deployment.options)
        try await eventually("it listens or has ended") {
            !first.isRunning || first.output.contains("listening on ")
        }
        if first.isRunning { first.kill() } else { try await note(first, &counts) }
        if try shim.isArmed { counts.undisturbed += 1 }
        try shim.set(0)
        let second = try deployment.start("gdln-coordinator", arguments, as: deployment.options)
        _ = try await second.line(after: "listening on ")
        second.kill()
        _ = try await second.exit()
        let check = try await deployment.command("check", "--data-dir", directory)
        guard check.exit == .code(0) else { throw TestFailure(check.output + check.errors) }
    }

    /// Submits a sweep. A coordinator that ends is started again, until the sweep is stored and the
    /// call that goes wrong has come.
    fileprivate func submitWhatever(_ shim: Shim, _ counts: inout CallFaultCounts) async throws {
        let submitted = try submit()
        let pending = UnderWay()
        pending.begin()
        let watch = Task {
            defer { pending.end() }
            try await submitted.value
        }
        try await eventually("the call comes and a sweep is stored") {
            guard try self.coordinator().isRunning else {
                try await self.note(self.coordinator(), &counts)
                try shim.set(0)
                try await self.startCoordinator()
                return false
            }
            return try pending.count == 0 && !shim.isArmed
        }
        try await watch.value
    }

    /// A coordinator that is not killed ends with a word, and never by a trap.
    private func note(_ process: TestProcess, _ counts: inout CallFaultCounts) async throws {
        switch try await process.exit() {
        case .signal(SIGKILL): counts.killed += 1
        case .code(1) where process.errors.contains("Error: "): counts.ended += 1
        case let exit: throw TestFailure("it ended with \(exit)\n\(process.log)")
        }
    }
}
