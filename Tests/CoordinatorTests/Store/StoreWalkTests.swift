import Foundation
import Shared
import TestSupport
import Testing

@testable import Coordinator

/// A random walk over all verbs. The store and a model of a few lines take the same steps, and
/// after each must agree on what every task's state is; no invariant may break on the way.
@Suite struct StoreWalkTests {
    /// What must be stored, said in the plainest way.
    private struct Model {
        struct Task {
            var state = TaskState.ready
            /// Leases in their order; only the last may speak.
            var leases: [LeaseID] = []
            var isLastLost = false
            var charged = 0
            var rows = 0
        }
        var tasks: [String: Task] = [:]
        let attemptMax = 3
        let epochs = 3

        func mayspeak(_ lease: LeaseID, _ task: Task) -> Bool {
            task.leases.last == lease
                && (task.state == .leased
                    || (task.isLastLost && [.ready, .failed].contains(task.state)))
        }

        mutating func change(_ lease: LeaseID, _ body: (inout Task) -> Void) -> Bool {
            guard let (id, task) = tasks.first(where: { $0.value.leases.contains(lease) }),
                mayspeak(lease, task)
            else { return false }
            var changed = task
            if task.state == .ready { changed.charged = max(1, task.charged) }
            changed.state = .leased
            changed.isLastLost = false
            body(&changed)
            tasks[id] = changed
            return true
        }
    }

    /// `GDLN_WALKS` takes another number of short ones.
    private static let shortWalks =
        ProcessInfo.processInfo.environment["GDLN_WALKS"].flatMap { UInt64($0) } ?? 2_000
    /// At one time: others want the processors, too.
    private static let batches: UInt64 = 4

    @Test(arguments: UInt64(1)...24)
    func `the store and its model agree after every step`(seed: UInt64) async throws {
        #expect(try await walk(seed, steps: 120) > 60)
    }

    @Test(arguments: 0..<batches)
    func `the store and its model agree in two thousand short histories`(batch: UInt64)
        async throws
    {
        var steps = 0
        for number in stride(from: batch, to: Self.shortWalks, by: Int(Self.batches)) {
            steps += try await walk(1_000 + number, steps: 20)
        }
        #expect(steps >= Int(Self.shortWalks / Self.batches) * 10)
    }

    /// Returns how many steps were taken: not every one that is thought of can be.
    private func walk(_ seed: UInt64, steps count: Int) async throws -> Int {
        let world = try StoreWorld(seed: seed)
        var model = Model()
        var leases: [LeaseID] = []
        var steps = 0
        for step in 0..<count {
            let lease = leases.isEmpty ? nil : leases[world.random.below(leases.count)]
            switch world.random.below(10) {
            case 0 where model.tasks.count < 8:
                try await world.create(tasks: 2, attempts: 3, epochs: 3, name: "s\(step)")
                for position in 0..<2 { model.tasks["s\(step)-\(position)"] = Model.Task() }
            case 1, 2:
                for grant in try await world.lease(slots: 1 + world.random.below(2)) {
                    #expect(model.tasks[grant.task.rawValue]?.state == .ready)
                    model.tasks[grant.task.rawValue]?.state = .leased
                    model.tasks[grant.task.rawValue]?.isLastLost = false
                    model.tasks[grant.task.rawValue]?.leases.append(grant.lease)
                    model.tasks[grant.task.rawValue]?.charged += 1
                    model.tasks[grant.task.rawValue]?.rows = 0
                    leases.append(grant.lease)
                }
            case 3: try world.reopen()
            case 4:
                if let name = model.tasks.keys.sorted().first {
                    try await Self.change(name, isCancel: world.random.chance(0.3), world, &model)
                }
            default:
                guard let lease else { continue }
                try await Self.speak(lease, world, &model)
            }
            steps += 1
            try await Self.compare(world, model)
            // The thorough look costs more than all that was done.
            if steps % 40 == 0 { try await Self.expectSound(world, seed) }
        }
        try await Self.expectSound(world, seed)
        return steps
    }

    /// One of a worker's calls, or its silence.
    private static func speak(_ lease: LeaseID, _ world: StoreWorld, _ model: inout Model)
        async throws
    {
        let found: String
        let wanted: Bool
        switch world.random.below(6) {
        case 0:
            found = await outcome {
                try await world.append(StoreWorld.rows(epochs: 3), epochs: 3, to: lease)
                return "good"
            }
            wanted = model.change(lease) { $0.rows = 3 }
        case 1:
            found = await outcome { try await world.fail(lease).rawValue }
            let attemptMax = model.attemptMax
            wanted = model.change(lease) {
                $0.state = $0.charged < attemptMax ? .ready : .failed
            }
        case 2:
            let request = HandBackRequest(reason: "drain")
            found = await outcome {
                try await world.store.handBack(lease, request, world.key()).rawValue
            }
            wanted = model.change(lease) {
                $0.state = .ready
                $0.charged -= 1
            }
        case 3:
            let task = model.tasks.values.first { $0.leases.contains(lease) }
            let isRepeat = task?.state == .succeeded && task?.leases.last == lease
            let hasRows = task?.rows == 3
            found = await outcome {
                try await world.store.complete(lease, StoreWorld.result(epochs: 3))
                return "good"
            }
            if let task, model.mayspeak(lease, task), !hasRows {
                #expect(found == "metrics_gap")
                return
            }
            wanted = isRepeat || model.change(lease) { $0.state = .succeeded }
        default:
            try await silence(lease, world, &model)
            return
        }
        #expect((found != "lease_lost") == wanted, "\(found)")
    }

    /// The worker is not heard of for a whole lease, and all others are.
    private static func silence(_ lease: LeaseID, _ world: StoreWorld, _ model: inout Model)
        async throws
    {
        world.clock.advance(by: world.leaseDuration)
        for task in model.tasks.values where task.state == .leased {
            guard let other = task.leases.last, other != lease else { continue }
            try await world.append([], from: task.rows, epochs: 0, to: other)
        }
        let expired = world.store.liveLeases.expired(now: world.clock.instant)
        _ = try await world.store.expire(expired)
        for (id, task) in model.tasks where task.state == .leased && task.leases.last == lease {
            model.tasks[id]?.isLastLost = true
            model.tasks[id]?.state = task.charged < model.attemptMax ? .ready : .failed
        }
    }

    /// A person cancels or retries the sweep of a task.
    private static func change(
        _ task: String, isCancel: Bool, _ world: StoreWorld, _ model: inout Model
    ) async throws {
        let sweep = String(task.prefix { $0 != "-" })
        if isCancel {
            _ = try await world.store.cancel(sweep, world.key())
        } else {
            _ = try await world.store.retry(sweep, world.key())
        }
        for (id, task) in model.tasks where id.hasPrefix(sweep + "-") {
            if isCancel, !task.state.isFinal {
                if task.state == .leased { model.tasks[id]?.isLastLost = false }
                model.tasks[id]?.state = .cancelled
            } else if !isCancel, task.state == .failed || task.state == .cancelled {
                model.tasks[id]?.state = .ready
                model.tasks[id]?.charged = 0
            }
        }
    }

    private static func expectSound(_ world: StoreWorld, _ seed: UInt64) async throws {
        #expect(try await world.store.brokenInvariants() == [], "seed \(seed)")
    }

    private static func compare(_ world: StoreWorld, _ model: Model) async throws {
        let rows = try await world.tasks()
        let stored = rows.map { "\($0.state.rawValue) \($0.attempt) \($0.charged)" }
        let wanted = model.tasks.values.map {
            "\($0.state.rawValue) \($0.leases.count) \($0.charged)"
        }
        #expect(stored.sorted() == wanted.sorted())
        let held = model.tasks.values.filter { $0.state == .leased }.compactMap(\.leases.last)
        for lease in held { #expect(world.store.liveLeases.entry(lease) != nil) }
        world.clock.advance(by: .zero)
    }
}
