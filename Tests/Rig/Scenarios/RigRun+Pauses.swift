import Foundation
import GRDB
import TestSupport

/// Real workers that are stopped while they train, by what the store has of their attempts.
extension RigRun {
    /// Stops a worker that is far in a task, and returns the lease of that; nil, and the worker
    /// runs on, where nothing is left to train.
    func pauseInMidTask(_ worker: TestProcess) async throws -> String? {
        var lease: String?
        try await waitUntil("a worker is in the middle of a task") {
            guard let found = try self.leaseInMidTask(of: worker.processID) else {
                let left: Int? = try self.liveValue(Self.tasksLeft)
                return left == 0
            }
            try worker.pause()
            // What is so now stays so while the worker stands still.
            if try self.leaseInMidTask(of: worker.processID) == found {
                lease = found
                return true
            }
            worker.send(SIGCONT)
            return false
        }
        return lease
    }

    /// Waits until a lost attempt is followed by another one. One whose last call was on its way
    /// when its worker stopped is over instead.
    func waitUntilFollowed(_ lease: String) async throws {
        try await waitUntil("another attempt follows") {
            let isOver: Bool? = try self.liveValue(Self.isOver, [lease])
            return isOver == true
        }
    }

    private func leaseInMidTask(of processID: Int32) throws -> String? {
        try liveValue(Self.inMidTask, ["%-\(processID)-%"])
    }

    /// Reads the store beside the coordinator, which stays the only one who writes.
    private func liveValue<Value: DatabaseValueConvertible>(
        _ sql: String, _ arguments: StatementArguments = []
    ) throws -> Value? {
        var configuration = Configuration()
        configuration.readonly = true
        configuration.busyMode = .timeout(10)
        let queue = try DatabaseQueue(
            path: dataDirectory + "/coordinator.sqlite", configuration: configuration)
        defer { try? queue.close() }
        return try queue.read { try Value.fetchOne($0, sql: sql, arguments: arguments) }
    }

    private static let tasksLeft =
        "SELECT count(*) FROM task WHERE state = 'ready' OR state = 'leased'"

    /// A third of the sixty epochs, so that a training that begins anew shows.
    private static let inMidTask = """
        SELECT attempt.lease FROM attempt JOIN task ON task.number = attempt.task
        WHERE attempt.outcome = 'running' AND attempt.worker LIKE ?
            AND (SELECT max(lastEpoch) FROM metric WHERE metric.task = attempt.task
                AND metric.attempt = attempt.number) BETWEEN 20 AND task.epochs - 1
        """

    private static let isOver = """
        SELECT outcome NOT IN ('running', 'lost') OR EXISTS (
            SELECT * FROM attempt AS next
            WHERE next.task = attempt.task AND next.number > attempt.number)
        FROM attempt WHERE lease = ?
        """
}
