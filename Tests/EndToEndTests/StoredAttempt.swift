import Foundation
import GRDB
import TestSupport

/// An attempt as the coordinator's store has it: the progress that faults wait for.
struct StoredAttempt: Sendable {
    let sweep: String
    let task: String
    let number: Int
    /// The worker's name, which has its process's id.
    let worker: String
    let isRunning: Bool
    /// The last epoch that it has reported; 0 before the first.
    let epoch: Int
    /// How many epochs its task has.
    let epochs: Int
    /// How far the task's stored checkpoint is; 0 where there is none.
    let checkpoint: Int
    /// Which attempt made that checkpoint; 0 where there is none.
    let checkpointAttempt: Int

    /// It has reported an epoch, and not its last one.
    var isInMidTask: Bool { isRunning && epoch > 0 && epoch < epochs }

    func isOf(_ processID: Int32) -> Bool { worker.contains("-\(processID)-") }
}

/// What the store has at one moment, read beside the coordinator, which need not run.
struct StoreView: Sendable {
    /// By sweep, task and number.
    let attempts: [StoredAttempt]
    /// How many tasks are ready or leased.
    let tasksLeft: Int

    init(dataDirectory: String) throws {
        var configuration = GRDB.Configuration()
        configuration.readonly = true
        configuration.busyMode = .timeout(10)
        let queue = try DatabaseQueue(
            path: dataDirectory + "/coordinator.sqlite", configuration: configuration)
        // A connection that stayed open would spare a coordinator that starts anew its recovery.
        defer { try? queue.close() }
        (attempts, tasksLeft) = try queue.read { database in
            let attempts = try Row.fetchAll(database, sql: Self.query).map { row in
                StoredAttempt(
                    sweep: row["name"], task: row["id"], number: row["number"],
                    worker: row["worker"], isRunning: row["outcome"] == "running",
                    epoch: row["epoch"], epochs: row["epochs"], checkpoint: row["checkpoint"],
                    checkpointAttempt: row["checkpointAttempt"])
            }
            let left = try Int.fetchOne(
                database,
                sql: "SELECT count(*) FROM task WHERE state = 'ready' OR state = 'leased'")
            return (attempts, left ?? 0)
        }
    }

    private static let query = """
        SELECT sweep.name, task.id, attempt.number, attempt.worker, attempt.outcome, task.epochs,
            coalesce((SELECT max(lastEpoch) FROM metric WHERE metric.task = attempt.task
                AND metric.attempt = attempt.number), 0) AS epoch,
            coalesce(checkpoint.epochsCompleted, 0) AS checkpoint,
            coalesce(checkpoint.attempt, 0) AS checkpointAttempt
        FROM attempt JOIN task ON task.number = attempt.task JOIN sweep ON sweep.id = task.sweep
            LEFT JOIN checkpoint ON checkpoint.task = attempt.task
        ORDER BY attempt.task, attempt.number
        """

    /// The attempts under way of a worker's process.
    func running(by processID: Int32) -> [StoredAttempt] {
        attempts.filter { $0.isRunning && $0.isOf(processID) }
    }
}

extension Deployment {
    func storeView() throws -> StoreView { try StoreView(dataDirectory: dataDirectory) }

    /// Stops a process at a moment of which the condition holds, and returns the store as it is
    /// then; nil where all tasks have ended before. The test kills the process, or sends SIGCONT.
    ///
    /// The store is read again once the process has stopped: however late this thread is, what it
    /// sees is so for as long as the process stands still. A worker has no training that has ended.
    /// - Parameter isSo: is told the process's id.
    func hold(
        _ process: TestProcess,
        when isSo: @escaping @Sendable (_ store: StoreView, _ processID: Int32) -> Bool
    ) async throws -> StoreView? {
        let (id, directory) = (process.processID, dataDirectory)
        let spool = Self.cacheDirectory(of: id).map { folder.appending(path: $0 + "/spool") }
        return try await onThread {
            let end = ContinuousClock.now + .stuck
            while ContinuousClock.now < end {
                if try isSo(StoreView(dataDirectory: directory), id) {
                    try TestProcess.pause(id)
                    let view = try StoreView(dataDirectory: directory)
                    if isSo(view, id), !(spool.map(Self.hasFinishedTask) ?? false) { return view }
                    kill(id, SIGCONT)
                } else if try StoreView(dataDirectory: directory).tasksLeft == 0 {
                    return nil
                }
                Thread.sleep(forTimeInterval: 0.005)
            }
            throw TestFailure("process \(id) is never where it is to be stopped")
        }
    }

    /// The value of a worker's option; nil of any other process.
    private static func cacheDirectory(of processID: Int32) -> String? {
        let line = FileManager.default.contents(atPath: "/proc/\(processID)/cmdline") ?? Data()
        let arguments = line.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
        guard let index = arguments.firstIndex(of: "--cache-dir"), index + 1 < arguments.count
        else { return nil }
        return arguments[index + 1]
    }

    /// Whether a journal in a worker's spool has its end: the training is over, whatever the
    /// coordinator knows.
    static func hasFinishedTask(_ spool: URL) -> Bool {
        let files = FileManager.default.enumerator(at: spool, includingPropertiesForKeys: nil)
        return (files?.compactMap { $0 as? URL } ?? []).contains { file in
            guard file.pathExtension == "journal", let data = try? Data(contentsOf: file)
            else { return false }
            return data.range(of: Data(#"{"end":{"#.utf8)) != nil
        }
    }
}
