import Foundation
import GRDB
import Shared

/// What a store holds, read by other code than the coordinator's, after that has ended.
public struct StoredState: Sendable, Equatable {
    public struct Sweep: Sendable, Equatable {
        public var id: String
        public var name: String
    }

    public struct TaskRow: Sendable, Equatable {
        public var number: Int64
        public var sweep: String
        public var position: Int
        public var id: String
        public var state: String
        public var attempt: Int
        public var charged: Int
        public var attemptMax: Int
        public var lease: String?
        public var epochsCompleted: Int
        public var trajectory: String?
        public var error: String?
    }

    public struct Attempt: Sendable, Equatable {
        public var lease: String
        public var task: Int64
        public var number: Int
        public var worker: String
        public var outcome: String
        public var error: String?
    }

    public struct Metric: Sendable, Equatable {
        public var task: Int64
        public var attempt: Int
        public var sequence: Int
        public var epoch: Int
        public var split: String
        /// JSON by metric name.
        public var values: String
    }

    public var sweeps: [Sweep] = []
    public var tasks: [TaskRow] = []
    public var attempts: [Attempt] = []
    /// By task, attempt and sequence.
    public var metrics: [Metric] = []
    /// What SQLite says of the file beyond `ok`.
    public var damage: [String] = []

    public init() {}
}

extension StoredState {
    /// Reads a data directory. The coordinator must have ended: a second copy of the library in
    /// use is how SQLite files are corrupted.
    public init(dataDirectory: String) throws {
        let queue = try DatabaseQueue(path: dataDirectory + "/coordinator.sqlite")
        defer { try? queue.close() }
        self = try queue.read { try StoredState($0) }
    }

    private init(_ database: Database) throws {
        sweeps = try Row.fetchAll(database, sql: "SELECT id, name FROM sweep ORDER BY number")
            .map { Sweep(id: $0[0], name: $0[1]) }
        tasks = try Row.fetchAll(database, sql: "SELECT * FROM task ORDER BY number").map {
            TaskRow(
                number: $0["number"], sweep: $0["sweep"], position: $0["position"], id: $0["id"],
                state: $0["state"], attempt: $0["attempt"], charged: $0["attemptsCharged"],
                attemptMax: $0["attemptMax"], lease: $0["lease"],
                epochsCompleted: $0["epochsCompleted"], trajectory: $0["trajectory"],
                error: $0["error"])
        }
        attempts = try Row.fetchAll(database, sql: "SELECT * FROM attempt ORDER BY task, number")
            .map {
                Attempt(
                    lease: $0["lease"], task: $0["task"], number: $0["number"],
                    worker: $0["worker"], outcome: $0["outcome"], error: $0["error"])
            }
        for batch in try Row.fetchAll(
            database, sql: "SELECT * FROM metric ORDER BY task, attempt, first")
        {
            let (task, attempt): (Int64, Int) = (batch["task"], batch["attempt"])
            let first: Int = batch["first"]
            let rows = try MetricBatch(bytes: [UInt8](batch["rows"] as Data)).rows()
            for (offset, row) in rows.enumerated() {
                metrics.append(
                    Metric(
                        task: task, attempt: attempt, sequence: first + offset, epoch: row.epoch,
                        split: row.split.rawValue,
                        values: String(decoding: try WireCoding.encode(row.values), as: UTF8.self)))
            }
        }
        damage = try String.fetchAll(database, sql: "PRAGMA integrity_check")
            .filter { $0 != "ok" }
        damage += try Row.fetchAll(database, sql: "PRAGMA foreign_key_check").map {
            "a row of \($0[0] as String) refers to nothing"
        }
    }
}
