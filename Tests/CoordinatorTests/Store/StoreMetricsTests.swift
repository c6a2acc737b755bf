import Shared
import TestSupport
import Testing

@testable import Coordinator

@Suite struct StoreMetricsTests {
    private func leased(epochs: Int = 4) async throws -> (StoreWorld, LeaseID) {
        let world = try StoreWorld()
        try await world.create(epochs: epochs)
        return (world, try await world.leaseOne())
    }

    @Test func `rows are stored once, however often they are posted`() async throws {
        let (world, lease) = try await leased()
        let rows = StoreWorld.rows(epochs: 4)
        try await world.append(Array(rows[..<2]), epochs: 2, to: lease)
        try await world.append(Array(rows[..<2]), epochs: 2, to: lease)
        try await world.append(Array(rows[1...]), from: 1, epochs: 4, to: lease)
        #expect(try await world.number("SELECT sum(count) FROM metric") == 4)
        #expect(try await world.task().epochsCompleted == 4)
        try await world.store.complete(lease, StoreWorld.result(epochs: 4))
    }

    @Test func `a gap is refused, and the number that is wanted is told`() async throws {
        let (world, lease) = try await leased()
        let rows = StoreWorld.rows(epochs: 4)
        await #expect(throws: StoreError.metricsGap(found: 2, wanted: 0)) {
            try await world.append(Array(rows[2...]), from: 2, epochs: 4, to: lease)
        }
        try await world.append(Array(rows[..<1]), epochs: 1, to: lease)
        for sequence in [2, Int.max] {
            await #expect(throws: StoreError.metricsGap(found: sequence, wanted: 1)) {
                try await world.append(Array(rows[2...]), from: sequence, epochs: 4, to: lease)
            }
        }
        #expect(try await world.number("SELECT sum(count) FROM metric") == 1)
    }

    @Test
    func `a row that is there with other values is refused, and nothing of the call is stored`()
        async throws
    {
        let (world, lease) = try await leased()
        try await world.append(Array(StoreWorld.rows(epochs: 2)), epochs: 2, to: lease)
        var rows = StoreWorld.rows(epochs: 4)
        rows[1].values = [MetricName.lossTrainedPaths: MetricValue(7)]
        await #expect(throws: StoreError.metricsConflict(sequence: 1)) {
            try await world.append(rows, epochs: 4, to: lease)
        }
        #expect(try await world.number("SELECT sum(count) FROM metric") == 2)
    }

    @Test func `an epoch that the task does not have is refused`() async throws {
        let (world, lease) = try await leased(epochs: 4)
        await #expect(throws: StoreError.noSuchEpoch(5, epochs: 4)) {
            try await world.append(StoreWorld.rows(epochs: 5), epochs: 4, to: lease)
        }
        #expect(try await world.number("SELECT sum(count) FROM metric") == 0)
    }

    @Test func `an attempt has so many rows for its epochs, and no more`() async throws {
        let world = try StoreWorld()
        try await world.create(epochs: 1)
        let lease = try await world.leaseOne()
        let row = StoreWorld.rows(epochs: 1)[0]
        let most = Limits.rowsPerEpochMax
        let all = [MetricRow](repeating: row, count: most)
        try await world.append(all, epochs: 0, to: lease)
        await #expect(throws: StoreError.tooManyRows(found: most + 1, wanted: most)) {
            try await world.append([row], from: most, epochs: 0, to: lease)
        }
        // A repeat is none too many.
        try await world.append(all, epochs: 0, to: lease)
    }

    @Test func `an attempt's rows are its own: the next one begins at 0`() async throws {
        let (world, first) = try await leased()
        try await world.append(StoreWorld.rows(epochs: 2, shift: 5), epochs: 2, to: first)
        try await world.lose(first)
        let second = try await world.leaseOne("worker-2")
        #expect(try await world.task().epochsCompleted == 0)
        try await world.succeed(second, epochs: 4)
        #expect(try await world.number("SELECT sum(count) FROM metric WHERE attempt = 1") == 2)
        #expect(try await world.number("SELECT sum(count) FROM metric WHERE attempt = 2") == 4)
    }

    @Test func `a heartbeat costs no write`() async throws {
        let (world, lease) = try await leased()
        let before = try await world.changes()
        for epoch in 1...3 { try await world.append([], epochs: epoch, to: lease) }
        #expect(try await world.changes() == before)
    }

    // MARK: Completing

    @Test func `what does not add up is refused, and the attempt goes on`() async throws {
        let (world, lease) = try await leased(epochs: 2)
        let rows = StoreWorld.rows(epochs: 2)
        let good = StoreWorld.result(epochs: 2)
        await #expect(throws: StoreError.rowsMissing(stored: 0, claimed: 2)) {
            try await world.store.complete(lease, good)
        }
        try await world.append(rows, epochs: 2, to: lease)
        var result = good
        result.epochsCompleted = 1
        await #expect(throws: StoreError.epochsMissing(completed: 1, wanted: 2)) {
            try await world.store.complete(lease, result)
        }
        result = good
        result.trajectory = Digest(of: [1])
        await #expect(
            throws: StoreError.trajectoryMismatch(
                stored: good.trajectory, claimed: result.trajectory)
        ) { try await world.store.complete(lease, result) }
        #expect(try await world.task().state == .leased)
        try await world.store.complete(lease, good)
        #expect(try await world.task().state == .succeeded)
    }

    @Test func `a training that was never evaluated at its end has not succeeded`() async throws {
        let (world, lease) = try await leased(epochs: 2)
        for rows in [[], Array(StoreWorld.rows(epochs: 1))] {
            try await world.append(rows, epochs: 2, to: lease)
            let result = CompleteRequest(
                epochsCompleted: 2, rowCount: rows.count, trajectory: StoreWorld.trajectory(rows))
            await #expect(throws: StoreError.evaluationMissing(lastEpoch: rows.count, wanted: 2)) {
                try await world.store.complete(lease, result)
            }
        }
    }

    @Test func `completing twice is answered twice, with another request id too`() async throws {
        let (world, lease) = try await leased(epochs: 2)
        try await world.succeed(lease)
        try await world.store.complete(lease, StoreWorld.result(epochs: 2))
        var other = StoreWorld.result(epochs: 2)
        other.trajectory = Digest(of: [1])
        await #expect(throws: StoreError.self) {
            try await world.store.complete(lease, other)
        }
    }

    @Test func `no number is lost on the way: NaN, infinities, the smallest and the largest`()
        async throws
    {
        let (world, lease) = try await leased(epochs: 1)
        let numbers: [Float] = [
            .nan, .infinity, -.infinity, -0.0, .leastNonzeroMagnitude, .greatestFiniteMagnitude,
            0.1, 1 / 3, -1e-10,
        ]
        let values = numbers.enumerated().map { ("m\($0.offset)", MetricValue($0.element)) }
        let row = MetricRow(
            epoch: 1, split: .test, values: Dictionary(uniqueKeysWithValues: values))
        try await world.append([row], epochs: 1, to: lease)
        // A repeat is compared to the bit.
        try await world.append([row], epochs: 1, to: lease)
        let result = CompleteRequest(
            epochsCompleted: 1, rowCount: 1, trajectory: StoreWorld.trajectory([row]))
        try await world.store.complete(lease, result)
        try await world.store.withSnapshot(of: "study") { snapshot in
            try snapshot.forEachMetricRow { #expect($1.row == row) }
        }
    }

    @Test(arguments: 0...4)
    func `the last rows may come with the end, whatever of them is there`(posted: Int) async throws
    {
        let (world, lease) = try await leased(epochs: 4)
        let rows = StoreWorld.rows(epochs: 4)
        try await world.append(Array(rows[..<posted]), epochs: posted, to: lease)
        var result = StoreWorld.result(epochs: 4)
        for first in 0...posted {
            result.rows = Array(rows[first...])
            // The first time it ends the task; then it is a repeat under another id.
            try await world.store.complete(lease, result)
            #expect(try await world.number("SELECT sum(count) FROM metric") == 4)
        }
        #expect(try await world.task().state == .succeeded)
        #expect(try await world.store.brokenInvariants() == [])
    }

    @Test func `rows that come with the end must fit, and nothing of a wrong call is stored`()
        async throws
    {
        let (world, lease) = try await leased(epochs: 4)
        let rows = StoreWorld.rows(epochs: 4)
        try await world.append(Array(rows[..<1]), epochs: 1, to: lease)
        var result = StoreWorld.result(epochs: 4)
        result.rows = Array(rows[2...])
        await #expect(throws: StoreError.rowsMissing(stored: 1, claimed: 4)) {
            try await world.store.complete(lease, result)
        }
        result.rows = StoreWorld.rows(epochs: 4, shift: 1).suffix(3)
        await #expect(throws: StoreError.self) {
            try await world.store.complete(lease, result)
        }
        result.rows = rows + rows
        await #expect(throws: StoreError.self) {
            try await world.store.complete(lease, result)
        }
        #expect(try await world.number("SELECT sum(count) FROM metric") == 1)
        #expect(try await world.task().state == .leased)
    }

    /// Rows beyond the limit are read beside the writing, in a snapshot.
    @Test func `an attempt of many rows completes too, and twice`() async throws {
        let epochs = Limits.rowsReadWhileWritingMax + 10
        let (world, lease) = try await leased(epochs: epochs)
        let rows = StoreWorld.rows(epochs: epochs)
        for start in stride(from: 0, to: epochs, by: 505) {
            let batch = Array(rows[start..<min(start + 505, epochs)])
            try await world.append(batch, from: start, epochs: start, to: lease)
        }
        for _ in 0..<2 {
            try await world.store.complete(
                lease, StoreWorld.result(epochs: epochs))
        }
        #expect(try await world.task().state == .succeeded)
    }

    // MARK: Calls that fall together

    @Test(arguments: 0..<30)
    func `a cancelled lease is not held again by metrics that were on their way`(round: Int)
        async throws
    {
        let (world, lease) = try await leased(epochs: 1)
        let (store, key) = (world.store, world.key())
        let rows = StoreWorld.rows(epochs: 1)
        async let posted: Void = store.append(
            PackedMetrics(MetricsRequest(firstSequence: 0, rows: rows, epochsCompleted: 1)),
            to: lease)
        async let cancelled = store.cancel("study", key)
        _ = try? await posted
        #expect(try await cancelled == 1)
        #expect(store.liveLeases.entry(lease) == nil)
    }

    @Test(arguments: 0..<30)
    func `a lease that is revived while it is being lost is either lost or live`(round: Int)
        async throws
    {
        let (world, lease) = try await leased(epochs: 1)
        let store = world.store
        world.clock.advance(by: .seconds(30))
        let rows = StoreWorld.rows(epochs: 1)
        async let ended = store.expire([lease])
        async let posted: Void = store.append(
            PackedMetrics(MetricsRequest(firstSequence: 0, rows: rows, epochsCompleted: 1)),
            to: lease)
        _ = try await ended
        try await posted
        #expect(try await world.task().state == .leased)
        #expect(store.liveLeases.entry(lease) != nil)
    }
}
