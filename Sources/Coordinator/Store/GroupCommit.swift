import GRDB
import Synchronization

/// Lets writes that wait at the same time share one transaction, and so one fsync.
///
/// While one batch is being committed, later writes queue up; they then go together. One that
/// throws leaves no trace and does not disturb its neighbours. Nobody gets an answer before the
/// batch is on disk, so an answer is always the truth.
final class GroupCommit: Sendable {
    private let writer: any DatabaseWriter
    private let batchMax: Int
    private let mark: CommitMark?
    private let state = Mutex(State())

    private struct State {
        var waiting: [Operation] = []
        var isRunning = false
        var brokenBy: (any Error)?
    }

    /// - Parameter mark: counts each commit; nil: nothing does.
    init(writer: any DatabaseWriter, batchMax: Int, mark: CommitMark? = nil) {
        self.writer = writer
        self.batchMax = batchMax
        self.mark = mark
    }

    /// Set once the disk did not take what it was told to keep. What is on it is unknown from then
    /// on, and a second try may succeed falsely: nothing more is written, and the process must end.
    var brokenBy: (any Error)? { state.withLock { $0.brokenBy } }

    /// Runs `work` in a transaction and returns its value once that is on disk. What `work` throws
    /// is thrown here, and nothing of it is stored.
    /// - Parameters:
    ///   - work: may be run twice, the first time without any effect: it changes nothing but the
    ///     database.
    ///   - whenDurable: called once the value is on disk, in the order of the writes: what is kept
    ///     in memory beside the store follows it step by step. What a caller does after its `await`
    ///     is in no such order.
    func write<Value: Sendable>(
        _ work: @escaping @Sendable (Database) throws -> Value,
        whenDurable: @escaping @Sendable (Value) -> Void = { _ in }
    ) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            let operation = Operation(work, whenDurable, answering: continuation)
            let mustStart = state.withLock { state in
                state.waiting.append(operation)
                defer { state.isRunning = true }
                return !state.isRunning
            }
            if mustStart { writer.asyncWriteWithoutTransaction { self.commitAll($0) } }
        }
    }

    /// On the writer's thread, until nobody waits.
    private func commitAll(_ database: Database) {
        while let batch = nextBatch() {
            do {
                if let brokenBy { throw brokenBy }
                // The mark is written before any caller is answered.
                if let number = try Self.commit(batch, mark, database) { mark?.raise(to: number) }
                for operation in batch { operation.answer(nil) }
            } catch {
                // BEGIN or COMMIT failed: nothing is stored, and everybody has to hear of it.
                if error.isFailedSync { state.withLock { $0.brokenBy = error } }
                for operation in batch { operation.answer(error) }
            }
        }
    }

    private func nextBatch() -> [Operation]? {
        state.withLock { state in
            guard !state.waiting.isEmpty else {
                state.isRunning = false
                return nil
            }
            let batch = Array(state.waiting.prefix(batchMax))
            state.waiting.removeFirst(batch.count)
            return batch
        }
    }

    /// A savepoint for each write would cost as much as the write. So there are none at first: a
    /// write that throws before it changed anything leaves no trace anyway, and for one that did
    /// change something the whole batch begins again, with savepoints.
    /// - Returns: the commit's number; nil where nothing was changed.
    private static func commit(_ batch: [Operation], _ mark: CommitMark?, _ database: Database)
        throws -> Int64?
    {
        do {
            return try inTransaction(mark, database) {
                for operation in batch { try perform(operation, database) }
            }
        } catch is TraceLeft {
            return try inTransaction(mark, database) {
                for operation in batch { try performInSavepoint(operation, database) }
            }
        }
    }

    /// A transaction that changes anything counts itself.
    private static func inTransaction(
        _ mark: CommitMark?, _ database: Database, _ body: () throws -> Void
    ) throws -> Int64? {
        var number: Int64?
        try database.inTransaction {
            let changes = database.totalChangesCount
            try body()
            if database.totalChangesCount != changes { number = try mark?.count(database) }
            return .commit
        }
        return number
    }

    /// A write threw after it had changed something.
    private struct TraceLeft: Error {}

    private static func perform(_ operation: Operation, _ database: Database) throws {
        let changes = database.totalChangesCount
        guard let failure = operation.perform(database) else { return }
        try throwIfTakenBack(failure, database)
        if database.totalChangesCount != changes { throw TraceLeft() }
    }

    private static func performInSavepoint(_ operation: Operation, _ database: Database) throws {
        try database.inSavepoint {
            let failure = operation.perform(database)
            if let failure { try throwIfTakenBack(failure, database) }
            return failure == nil ? .commit : .rollback
        }
    }

    /// A disk that is full can make SQLite take the whole transaction back, in the middle of it:
    /// then the writes before are gone, and those after must not run on their own.
    private static func throwIfTakenBack(_ failure: any Error, _ database: Database) throws {
        if !database.isInsideTransaction { throw failure }
    }
}

/// One caller's write within a batch: first performed, then, once the batch is on disk, answered.
private struct Operation: Sendable {
    /// Returns what the work threw.
    let perform: @Sendable (Database) -> (any Error)?
    let answer: @Sendable (_ batchError: (any Error)?) -> Void

    init<Value: Sendable>(
        _ work: @escaping @Sendable (Database) throws -> Value,
        _ whenDurable: @escaping @Sendable (Value) -> Void,
        answering continuation: CheckedContinuation<Value, any Error>
    ) {
        let outcome = Outcome<Value>()
        perform = { database in
            let result = Result { try work(database) }
            outcome.result.withLock { $0 = result }
            if case .failure(let error) = result { return error } else { return nil }
        }
        answer = { batchError in
            let performed = outcome.result.withLock { $0 }
            if let batchError {
                continuation.resume(throwing: batchError)
            } else if let performed {
                if case .success(let value) = performed { whenDurable(value) }
                continuation.resume(with: performed)
            }
        }
    }
}

private final class Outcome<Value: Sendable>: Sendable {
    let result = Mutex<Result<Value, any Error>?>(nil)
}
