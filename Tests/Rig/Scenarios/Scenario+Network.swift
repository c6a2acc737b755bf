import Foundation
import Glibc
import Shared
import TestSupport

/// What networks and clients do to calls.
extension Scenario {
    static let requests = Scenario(
        "requests", "calls doubled, late, overtaken, cut before and after commit; one restart",
        quick: 4, long: 40
    ) { run in
        try await run.start()
        let proxy = try FaultProxy(
            to: run.deployment.address, faults: .all, recording: .copies, recorder: run.recorder,
            control: run.control, seed: run.input.seed)
        try run.startWorkers(6, .restless, address: proxy.address)
        for cycle in 0..<run.input.cycles {
            try await run.submit(address: proxy.address).value
            for _ in 0..<3 {
                try await run.waitForCalls(10...50)
                try await run.expectOneMoment(in: SimulatedSweep.name(cycle))
            }
            if cycle == run.input.cycles / 2 {
                try run.killCoordinator()
                try await run.startCoordinator()
            }
        }
        let violations = try await run.finish(proxy: proxy)
        let calls = try run.recorder.history().calls
        let copies = calls.filter { $0.process == "proxy" }.count
        run.note("\(calls.count) calls, \(copies) of them copies")
        guard copies > 10 * run.input.cycles else {
            throw TestFailure("\(copies) copies are too few to say anything")
        }
        return violations
    }

    static let partition = Scenario(
        "partition", "one-way and full partitions and resets between two hosts",
        needs: Network.needs, quick: 4, long: 40
    ) { run in
        let network = try Network()
        defer { network.remove() }
        run.deployment.options.prefix = try network.prefix()
        run.deployment.options.host = Network.serverAddress
        run.deployment.options.arguments = ["--insecure"]
        try await run.start()
        try run.startWorkers(6, .restless, inside: network)
        for cycle in 0..<run.input.cycles {
            try await run.submit(inside: network).value
            try await run.waitForCalls(10...60)
            let kind = Network.Partition.allCases[cycle % Network.Partition.allCases.count]
            run.recorder.mark(.fault, "\(kind)")
            try network.part(kind)
            // Until it is felt: a call without an answer is given up after three seconds.
            try await run.waitForUnknownOutcome()
            try network.heal()
        }
        let violations = try await run.finish()
        let unknown = try run.recorder.history().calls.filter {
            if case .unknown = $0.outcome { true } else { false }
        }
        run.note("\(unknown.count) calls of unknown outcome")
        guard unknown.count >= run.input.cycles else {
            throw TestFailure("the partitions were not felt")
        }
        return violations
    }

    static let drain = Scenario(
        "drain", "SIGTERM while clients are idle, poll, send slowly and read slowly",
        quick: 5, long: 6
    ) { run in
        try await run.start()
        run.tasksPerSweep = 100
        var longest = 0.0
        try run.startWorkers(4, .honest)
        for cycle in 0..<run.input.cycles {
            try await run.submit().value
            // Once with nothing to do, so that all polls wait; once in full traffic.
            if cycle % 2 == 0 { try await run.waitUntilDone() }
            let seconds = try await run.terminateAmongSlowClients()
            longest = max(longest, seconds)
            try await run.startCoordinator()
        }
        run.note(String(format: "longest %.1f s", longest))
        // Ten seconds by its own clock. These clients would hold it for sixty at least, and a busy
        // machine needs some of its own.
        guard longest <= 45 else { throw TestFailure("it took \(longest) s to end, wanted 10") }
        return try await run.finish()
    }
}

extension RigRun {
    /// How long the coordinator took to end.
    fileprivate func terminateAmongSlowClients() async throws -> Double {
        let clients = try SlowClients(
            address: deployment.address, headers: deployment.callHeaders(.admin),
            sweep: SimulatedSweep.name(0), recorder: recorder)
        defer { clients.stop() }
        // A connection that came later is served: so the others have been heard.
        let address = deployment.address
        let isServed = try await onThread {
            try HTTPConnection(base: address).send(HTTPRequest(.get, "/healthz")).status == 200
        }
        guard isServed else { throw TestFailure("the coordinator is not healthy") }
        recorder.mark(.fault, "SIGTERM")
        let start = ContinuousClock.now
        let process = try coordinator()
        process.send(SIGTERM)
        let exit = try await process.exit()
        guard let end = process.ended else { throw TestFailure("nobody saw it end") }
        let seconds = (end - start).seconds
        note(String(format: "ended after %.1f s, \(exit)", seconds))
        guard exit == .code(0) else {
            throw TestFailure("the coordinator ended with \(exit)\n\(process.log)")
        }
        return seconds
    }
}
