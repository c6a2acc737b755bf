import Foundation
import GRDB
import Shared
import Synchronization
import TestSupport

@testable import Coordinator

/// A store on a real file in a folder of its own, and a clock turned by hand.
final class StoreWorld {
    let directory: TemporaryDirectory
    let clock = TestClock()
    let random: TestRandom
    let leaseDuration: Duration
    private(set) var store: Store
    private var keys = 0

    init(seed: UInt64 = 1, leaseDuration: Duration = .seconds(30)) throws {
        directory = try TemporaryDirectory()
        random = TestRandom(seed: seed)
        self.leaseDuration = leaseDuration
        store = try Self.open(directory, leaseDuration, clock, random)
    }

    private static func open(
        _ directory: TemporaryDirectory, _ leaseDuration: Duration, _ clock: TestClock,
        _ random: TestRandom
    ) throws -> Store {
        try Store(
            path: directory.path + "/coordinator.sqlite", leaseDuration: leaseDuration,
            environment: .init(
                now: { clock.now }, instant: { clock.instant }, randomBits: { random.bits() }))
    }

    /// As a new start of the coordinator does.
    func reopen() throws {
        try store.pool.close()
        store = try Self.open(directory, leaseDuration, clock, random)
    }

    /// A key that no other call has; two with one name and the same body are repeats.
    func key(_ name: String? = nil, body: String = "") -> RequestKey {
        keys += 1
        return RequestKey(
            id: RequestID(unchecked: name ?? "request-\(keys)"),
            fingerprint: Digest(of: Data(body.utf8)))
    }
}

// MARK: - What people and workers do

extension StoreWorld {
    static let dataDigest = Digest(of: Data("data".utf8))

    @discardableResult
    func create(
        tasks count: Int = 1, attempts: Int = 3, epochs: Int = 2, name: String = "study",
        recheckShare: Double = 0, _ key: RequestKey? = nil
    ) async throws -> SweepCreated {
        let tasks = (0..<count).map { position in
            NewTask(
                position: position, id: SweepTaskID(unchecked: "\(name)-\(position)"),
                configuration: "{\"n\":\(position)}", dataDigest: Self.dataDigest,
                gateCells: ["plus_mod", "\(position % 2)"], epochs: epochs)
        }
        let sweep = NewSweep(
            name: name, specification: "{}", attemptMax: attempts, recheckShare: recheckShare,
            tasks: tasks)
        return try await store.create(sweep, key ?? self.key())
    }

    /// - Parameter host: else one of the worker's own.
    func lease(
        _ worker: String = "worker-1", on host: String? = nil, slots: Int = 1,
        _ key: RequestKey? = nil
    ) async throws -> [LeaseGrant] {
        let request = LeaseRequest(
            worker: WorkerName(unchecked: worker), host: host ?? "host-of-\(worker)",
            slots: slots, waitSeconds: 0, selfTest: .right)
        try await store.admit(request)
        return try await store.lease(request, key ?? self.key())
    }

    func leaseOne(_ worker: String = "worker-1") async throws -> LeaseID {
        guard let grant = try await lease(worker).first else { throw Nothing() }
        return grant.lease
    }

    struct Nothing: Error {}

    func append(_ rows: [MetricRow], from sequence: Int = 0, epochs: Int, to lease: LeaseID)
        async throws
    {
        try await store.append(
            PackedMetrics(
                MetricsRequest(firstSequence: sequence, rows: rows, epochsCompleted: epochs)),
            to: lease)
    }

    /// Posts all rows and completes.
    func succeed(_ lease: LeaseID, epochs: Int = 2) async throws {
        let rows = Self.rows(epochs: epochs)
        try await append(rows, epochs: epochs, to: lease)
        try await store.complete(lease, Self.result(epochs: epochs))
    }

    func fail(_ lease: LeaseID, permanent: Bool = false, error: String = "diverged") async throws
        -> TaskState
    {
        try await store.fail(lease, FailRequest(error: error, isPermanent: permanent), key())
    }

    /// The worker of a lease is not heard of until its time is up, and the reaper looks.
    func lose(_ lease: LeaseID) async throws {
        clock.advance(by: leaseDuration)
        _ = try await store.expire([lease])
    }

    /// What a training of so many epochs measures: the same each time.
    static func rows(epochs: Int, shift: Float = 0) -> [MetricRow] {
        (1...max(1, epochs)).map { epoch in
            MetricRow(
                epoch: epoch, split: .test,
                values: [MetricName.lossTrainedPaths: MetricValue(1 / Float(epoch) + shift)])
        }
    }

    static func result(epochs: Int, shift: Float = 0) -> CompleteRequest {
        let rows = rows(epochs: epochs, shift: shift)
        return CompleteRequest(
            epochsCompleted: epochs, rowCount: rows.count, trajectory: trajectory(rows))
    }

    static func trajectory(_ rows: [MetricRow]) -> Shared.Digest {
        var digest = TrajectoryDigest()
        for row in rows { digest.append(row) }
        return digest.digest
    }
}

extension Store {
    /// The rows were posted before.
    @discardableResult
    func complete(_ lease: LeaseID, _ result: CompleteRequest) async throws -> TaskState {
        try await complete(lease, PackedCompletion(result))
    }
}

// MARK: - What is stored

extension StoreWorld {
    struct TaskRow: Equatable {
        var state: TaskState
        var attempt: Int
        var charged: Int
        var epochsCompleted: Int
        var error: String?
        var divergedEpoch: Int?
        var prunedReason: String?
    }

    func tasks() async throws -> [TaskRow] {
        try await store.pool.read { database in
            try Row.fetchAll(database, sql: "SELECT * FROM task ORDER BY number").map { row in
                TaskRow(
                    state: TaskState(rawValue: row["state"]) ?? .ready, attempt: row["attempt"],
                    charged: row["attemptsCharged"], epochsCompleted: row["epochsCompleted"],
                    error: row["error"], divergedEpoch: row["divergedEpoch"],
                    prunedReason: row["prunedReason"])
            }
        }
    }

    func task() async throws -> TaskRow {
        guard let task = try await tasks().first else { throw Nothing() }
        return task
    }

    /// Outcome and error of each attempt, in order.
    func attempts() async throws -> [String] {
        try await store.pool.read { database in
            try String.fetchAll(
                database,
                sql: """
                    SELECT outcome || coalesce(': ' || error, '') FROM attempt ORDER BY task, number
                    """)
        }
    }

    func execute(_ sql: String) async throws {
        try await store.pool.writeWithoutTransaction { try $0.execute(sql: sql) }
    }

    /// How many rows were written since the file was opened.
    func changes() async throws -> Int {
        try await store.pool.writeWithoutTransaction { $0.totalChangesCount }
    }

    func number(_ sql: String) async throws -> Int {
        try await store.pool.read { try Int.fetchOne($0, sql: sql) ?? 0 }
    }
}

/// What a call did, in one word, to compare with a table.
func outcome(_ body: () async throws -> String) async -> String {
    do {
        return try await body()
    } catch let error as StoreError {
        return APIError(error).message.error.code.rawValue
    } catch {
        return "\(error)"
    }
}
