import Foundation
import GRDB
import Shared
import Testing

@testable import Coordinator

/// A training whose loss is not finite: an outcome of its own, with all its rows.
@Suite struct StoreDivergenceTests {
    private static let epochs = 6

    /// The losses of the trained pathways after each epoch, of which the last is not finite.
    private static let curves: [[Float]] = [
        [1, .nan], [.infinity], [1, 2, 3, -.infinity], [1, 2, 3, 4, 5, .nan],
        // Trained on after it had diverged.
        [1, .infinity, .nan, .nan, .nan, .nan],
    ]

    private static func rows(_ curve: [Float]) -> [MetricRow] {
        curve.enumerated().map { index, loss in
            MetricRow(
                epoch: index + 1, split: .test,
                values: [
                    MetricName.lossTrainedPaths: MetricValue(loss),
                    MetricName.lossUntrainedPaths: MetricValue(1),
                ])
        }
    }

    private static func result(_ rows: [MetricRow], epochs: Int, with all: Bool)
        -> PackedCompletion
    {
        PackedCompletion(
            CompleteRequest(
                epochsCompleted: epochs, rowCount: rows.count, rows: all ? rows : nil,
                trajectory: StoreWorld.trajectory(rows)))
    }

    @Test(arguments: curves, [true, false])
    func `a task diverges at its first loss that is not finite, and keeps its rows`(
        curve: [Float], withRows: Bool
    ) async throws {
        let world = try StoreWorld()
        try await world.create(epochs: Self.epochs)
        let (lease, rows) = (try await world.leaseOne(), Self.rows(curve))
        if !withRows { try await world.append(rows, epochs: curve.count, to: lease) }
        let result = Self.result(rows, epochs: curve.count, with: withRows)
        #expect(try await world.store.complete(lease, result) == .diverged)
        // Said again, it is answered alike.
        #expect(try await world.store.complete(lease, result) == .diverged)
        let task = try await world.task()
        #expect(task.state == .diverged && task.epochsCompleted == curve.count)
        #expect(task.divergedEpoch == curve.firstIndex { !$0.isFinite }.map { $0 + 1 })
        #expect(try await world.attempts() == ["diverged"])
        #expect(try await world.number("SELECT sum(count) FROM metric") == curve.count)
        let status = try await world.store.status(of: "study")
        #expect(status.isFinished && status.divergedCount == 1 && status.resultCount == 1)
        let workers = try await world.store.workers()
        #expect(workers.map(\.diverged) == [1] && workers.map(\.succeeded) == [0])
        #expect(try await world.store.brokenInvariants() == [])
    }

    @Test func `an untrained pathway's loss that is not finite is a result`() async throws {
        let world = try StoreWorld()
        try await world.create(epochs: 1)
        let row = MetricRow(
            epoch: 1, split: .test,
            values: [
                MetricName.lossTrainedPaths: MetricValue(1),
                MetricName.lossUntrainedPaths: MetricValue(.infinity),
            ])
        let lease = try await world.leaseOne()
        let result = Self.result([row], epochs: 1, with: true)
        #expect(try await world.store.complete(lease, result) == .succeeded)
        #expect(try await world.store.status(of: "study").divergedCount == 0)
    }

    @Test func `fewer epochs than configured are refused if the last loss is finite`()
        async throws
    {
        let world = try StoreWorld()
        try await world.create(epochs: Self.epochs)
        let (lease, rows) = (try await world.leaseOne(), Self.rows([1, .nan, 1]))
        await #expect(throws: StoreError.epochsMissing(completed: 3, wanted: Self.epochs)) {
            try await world.store.complete(lease, Self.result(rows, epochs: 3, with: true))
        }
        #expect(try await world.task().state == .leased)
    }

    @Test func `a cached copy keeps the rows and the epoch`() async throws {
        let world = try StoreWorld()
        try await world.create(epochs: Self.epochs)
        let (lease, rows) = (try await world.leaseOne(), Self.rows([1, 2, .nan]))
        _ = try await world.store.complete(lease, Self.result(rows, epochs: 3, with: true))
        // One that comes later, and one that waits while a third attempt is under way elsewhere.
        let copy = try await world.create(epochs: Self.epochs, name: "study")
        #expect(copy.cachedCount == 1)
        let tasks = try await world.tasks()
        #expect(tasks.map(\.state) == [.diverged, .cached])
        #expect(tasks.map(\.divergedEpoch) == [3, 3] && tasks.map(\.epochsCompleted) == [3, 3])
        let copied = try await world.store.withSnapshot(of: copy.id.rawValue) { snapshot in
            var rows: [MetricRow] = []
            try snapshot.forEachMetricRow { rows.append($1.row) }
            return rows
        }
        #expect(copied == rows)
        let status = try await world.store.status(of: copy.id.rawValue)
        #expect(status.count(.cached) == 1 && status.divergedCount == 1)
        #expect(try await world.store.brokenInvariants() == [])
    }

    @Test func `a diverged task is compared by another host`() async throws {
        let world = try StoreWorld()
        try await world.create(epochs: Self.epochs, recheckShare: 1)
        let rows = Self.rows([1, .infinity])
        for worker in ["worker-1", "worker-2"] {
            _ = try await world.lease("worker-1", slots: 0)
            _ = try await world.lease("worker-2", slots: 0)
            let lease = try await world.leaseOne(worker)
            let result = Self.result(rows, epochs: 2, with: true)
            #expect(try await world.store.complete(lease, result) == .diverged)
        }
        let rechecks = try await world.store.status(of: "study").rechecks
        #expect(rechecks.same == 1 && rechecks.waiting == 0 && rechecks.different == 0)
    }

    @Test func `a store of other tables is refused by name`() async throws {
        let world = try StoreWorld()
        try await world.execute("INSERT INTO grdb_migrations VALUES ('made by another build')")
        let error = try #require(throws: StoreError.self) { try world.reopen() }
        #expect(error.description.contains("coordinator.sqlite' was made by another build"))
    }
}
