import GRDB
import Shared

/// Why tasks that are to be run again wait, for people.
extension Store {
    /// How many tasks wait, by sweep and by the machine that trained them.
    typealias WaitingRechecks = [SweepID: [Machine: Int]]

    static func waitingRechecks(_ database: Database) throws -> WaitingRechecks {
        let rows = try Row.fetchAll(
            database,
            sql: "SELECT task.sweep, worker.host, worker.bootID, count(*) " + dueRechecks
                + " GROUP BY task.sweep, worker.host, worker.bootID")
        return rows.reduce(into: [:]) { waiting, row in
            let machine = Machine(host: try row[stored: 1], bootID: try row[stored: 2])
            waiting[SweepID(unchecked: try row[stored: 0]), default: [:]][machine] = try row[stored: 3]
        }
    }

    /// A sentence where tasks wait that no worker may run.
    func recheckObstacle(_ waiting: [Machine: Int]) -> String? {
        guard !waiting.isEmpty else { return nil }
        let now = environment.instant()
        let present = workersSeen.all().values.filter {
            now - $0.instant < .seconds(Limits.presentSecondsMax)
        }
        return RecheckObstacle.sentence(
            waiting: waiting, present: Set(present.map(\.machine)))
    }

    /// Of all sweeps together.
    func recheckObstacle() async throws -> String? {
        let waiting = try await pool.read { try Self.waitingRechecks($0) }
        return recheckObstacle(
            waiting.values.reduce(into: [:]) { $0.merge($1, uniquingKeysWith: +) })
    }
}
