import GRDB
import Shared
import Testing

@testable import Coordinator

/// Successive halving in the store, against a plain reference on recorded curves.
@Suite struct StoreHalvingTests {
    private static let rungs = [2, 4, 8]
    private static let epochs = 10

    private static func rule(_ mode: Halving.Mode = .min, keep: Double = 1.0 / 3) throws
        -> Halving
    {
        try #require(
            Sweep(
                reading: SourceValue(
                    .object([
                        "name": .string("h"), "experiment": .string("k_path"),
                        "base": KPathBase.json,
                        "halving": .object([
                            "metric": .string(MetricName.lossTrainedPaths),
                            "mode": .string(mode.rawValue), "keep": .number(keep),
                            "rungs": .array(rungs.map(JSONValue.integer)),
                        ]),
                    ]))
            ).halving)
    }

    private func create(_ world: StoreWorld, tasks: Int, _ rule: Halving) async throws {
        let tasks = (0..<tasks).map { position in
            NewTask(
                position: position, id: SweepTaskID(unchecked: "task-\(position)"),
                configuration: "{}", dataDigest: StoreWorld.dataDigest, gateCells: [],
                epochs: Self.epochs)
        }
        let sweep = NewSweep(
            name: "study", specification: "{}", attemptMax: 3, halving: rule, tasks: tasks)
        _ = try await world.store.create(sweep, world.key())
    }

    private func row(_ epoch: Int, _ loss: Float) -> MetricRow {
        MetricRow(
            epoch: epoch, split: .test, values: [MetricName.lossTrainedPaths: MetricValue(loss)])
    }

    /// Which tasks are stopped, and after which epoch, by the rule's own words: at a rung a task
    /// goes on if it is one of the best third, at least of one, of those that have come there. One
    /// that has diverged is not compared.
    private func reference(_ curves: [[Float]], _ order: [(task: Int, epoch: Int)]) -> [Int: Int] {
        var (stopped, ladder) = ([Int: Int](), [Int: [Float]]())
        for (task, epoch) in order where stopped[task] == nil && Self.rungs.contains(epoch) {
            let value = curves[task][epoch - 1]
            if value.isNaN { continue }
            ladder[epoch, default: []].append(value)
            let sorted = ladder[epoch, default: []].sorted()
            let worst = sorted[max(1, sorted.count / 3) - 1]
            if value > worst { stopped[task] = epoch }
        }
        return stopped
    }

    @Test(arguments: 0..<6 as Range<UInt64>)
    func `tasks are stopped as the reference says, in whatever order they come`(seed: UInt64)
        async throws
    {
        let world = try StoreWorld()
        var random = SeededRandom(seed: seed, purpose: .dataOrder)
        let count = 12
        // Recorded curves: each falls at a rate of its own, some diverge.
        let curves = (0..<count).map { task -> [Float] in
            let rate = Float(random.uniform())
            return (1...Self.epochs).map { epoch in
                task % 7 == 6 && epoch >= 4 ? .nan : 1 / (1 + rate * Float(epoch))
            }
        }
        try await create(world, tasks: count, Self.rule())
        let leases = try await world.lease(slots: count).map(\.lease)
        var (next, alive) = ([Int](repeating: 1, count: count), Set(0..<count))
        var (order, told) = ([(task: Int, epoch: Int)](), [Int: Int]())
        while let task = alive.sorted().randomMember(&random) {
            let epoch = next[task]
            order.append((task, epoch))
            do {
                try await world.append(
                    [row(epoch, curves[task][epoch - 1])], from: epoch - 1, epochs: epoch,
                    to: leases[task])
                next[task] += 1
                if epoch == Self.epochs { alive.remove(task) }
            } catch StoreError.leaseLost(let reason) {
                #expect(reason == "the task is pruned")
                told[task] = epoch - 1
                alive.remove(task)
            }
        }
        let stopped = reference(curves, order)
        #expect(told == stopped)
        #expect(stopped.count > 2 && stopped.count < count)
        let tasks = try await world.tasks()
        for (index, task) in tasks.enumerated() {
            #expect((task.state == .pruned) == (stopped[index] != nil))
            #expect(task.epochsCompleted == stopped[index] ?? Self.epochs)
        }
        #expect(try await world.store.brokenInvariants() == [])
    }

    @Test func `whoever trains to the end stays, and others are compared with it`() async throws {
        let world = try StoreWorld()
        try await create(world, tasks: 3, Self.rule())
        let leases = try await world.lease(slots: 3).map(\.lease)
        let rows = (1...Self.epochs).map { row($0, 0.1) }
        var digest = TrajectoryDigest()
        for row in rows { digest.append(row) }
        let result = CompleteRequest(
            epochsCompleted: Self.epochs, rowCount: rows.count, trajectory: digest.digest)
        var call = PackedCompletion(result)
        call.rows = MetricBatch(rows)
        _ = try await world.store.complete(leases[0], call)
        // Worse than the one that is done: stopped at the first rung, with a reason.
        try await world.append([row(1, 1), row(2, 0.5)], epochs: 2, to: leases[1])
        // Better: goes on.
        try await world.append([row(1, 1), row(2, 0.05)], epochs: 2, to: leases[2])
        let tasks = try await world.tasks()
        #expect(tasks.map(\.state) == [.succeeded, .pruned, .leased])
        #expect(
            tasks[1].prunedReason
                == "stopped after epoch 2: loss_trained_paths of 0.5 is not among the best of 2")
        #expect(
            try await world.attempts().contains { $0.hasPrefix("pruned: stopped after epoch 2") })
    }

    @Test func `a later attempt passes the rungs that an earlier one has passed`() async throws {
        let world = try StoreWorld()
        try await create(world, tasks: 2, Self.rule())
        let first = try await world.lease(slots: 2).map(\.lease)
        try await world.append([row(1, 1), row(2, 0.5)], epochs: 2, to: first[0])
        try await world.append([row(1, 1), row(2, 0.1)], epochs: 2, to: first[1])
        try await world.lose(first[0])
        let second = try await world.leaseOne("worker-2")
        try await world.append([row(1, 1), row(2, 0.5)], epochs: 2, to: second)
        #expect(try await world.tasks()[0].state == .leased)
        #expect(try await world.number("SELECT count(*) FROM rung") == 2)
    }

    @Test func `as many go on as the share says, ties too, and NaN is worst`() throws {
        let rule = try Self.rule(.max, keep: 0.5)
        #expect(rule.keeps(1, among: [1]))
        #expect(!rule.keeps(1, among: [2, 1]))
        #expect(rule.keeps(2, among: [2, 1]))
        #expect(rule.keeps(3, among: [4, 3, 2, 1]))
        #expect(!rule.keeps(2, among: [4, 3, 2, 1]))
        #expect(rule.keeps(3, among: [4, 3, 3, 1]))
        #expect(!rule.keeps(.nan, among: [.nan, -1]))
        #expect(rule.keeps(-1, among: [.nan, -1]))
        #expect(rule.keeps(.nan, among: [.nan]))
        #expect(try Self.rule(.min).keeps(1, among: [1, 2, 3]))
    }

    @Test func `rows of several rungs in one call count up to the one that was missed`()
        async throws
    {
        let world = try StoreWorld()
        try await create(world, tasks: 2, Self.rule())
        let leases = try await world.lease(slots: 2).map(\.lease)
        try await world.append(
            [row(2, 0.5), row(4, 0.4), row(8, 0.3)], epochs: 8, to: leases[0])
        // Worse at the first rung; what it came to later must not stand in others' way.
        try await world.append(
            [row(2, 0.9), row(4, 0.1), row(8, 0.1)], epochs: 8, to: leases[1])
        let noted = try await world.store.pool.read { database in
            try Row.fetchAll(database, sql: "SELECT epoch, task FROM rung ORDER BY task, epoch")
                .map { "\($0[1] as Int): \($0[0] as Int)" }
        }
        #expect(noted == ["1: 2", "1: 4", "1: 8", "2: 2"])
        #expect(try await world.tasks().map(\.state) == [.leased, .pruned])
    }
}

/// A right configuration to lay a sweep over.
enum KPathBase {
    static let json = KPathConfiguration(
        dataset: "mnist", domains: 4, hiddenWidth: 8,
        gate: GateRecipe(family: .plusMod(k: 2)), batchSize: 8, epochs: 10,
        optimizer: .sgd(Optimizer.SGD(learningRate: 0.1))
    ).json
}

extension [Int] {
    fileprivate func randomMember(_ random: inout SeededRandom) -> Int? {
        isEmpty ? nil : self[random.below(count)]
    }
}
