import GRDB
import Synchronization

/// Lets writes that wait at the same time share one transaction, and so one fsync.
///
/// While one batch is being committed, later writes queue up; they then go together. Each stands in
/// a savepoint of its own: one that throws leaves no trace and does not disturb its neighbours.
/// Nobody gets an answer before the batch is on disk, so an answer is always the truth.
actor GroupCommit {
    private let writer: any DatabaseWriter
    private let batchMax: Int
    private var waiting: [Operation] = []
    private var isRunning = false
    /// Set once the disk did not take what it was told to keep. What is on it is unknown from then
    /// on, and a second try may succeed falsely: nothing more is written, and the process must end.
    private(set) var brokenBy: (any Error)?

    init(writer: any DatabaseWriter, batchMax: Int) {
        self.writer = writer
        self.batchMax = batchMax
    }

    /// Runs `work` in a transaction and returns its value once that is on disk. What `work` throws
    /// is thrown here, and nothing of it is stored.
    /// - Parameter whenDurable: called once the value is on disk, in the order of the writes: what
    ///   is kept in memory beside the store follows it step by step. What a caller does after its
    ///   `await` is in no such order.
    func write<Value: Sendable>(
        _ work: @escaping @Sendable (Database) throws -> Value,
        whenDurable: @escaping @Sendable (Value) -> Void = { _ in }
    ) async throws -> Value {
        if let brokenBy { throw brokenBy }
        return try await withCheckedThrowingContinuation { continuation in
            waiting.append(Operation(work, whenDurable, answering: continuation))
            startIfIdle()
        }
    }

    private func startIfIdle() {
        guard !isRunning else { return }
        isRunning = true
        Task { await commitAll() }
    }

    private func commitAll() async {
        while !waiting.isEmpty {
            let batch = Array(waiting.prefix(batchMax))
            waiting.removeFirst(batch.count)
            do {
                if let brokenBy { throw brokenBy }
                try await writer.write { database in try Self.perform(batch, database) }
                for operation in batch { operation.answer(nil) }
            } catch {
                // BEGIN or COMMIT failed: nothing is stored, and everybody has to hear of it.
                if error.isFailedSync { brokenBy = error }
                for operation in batch { operation.answer(error) }
            }
        }
        isRunning = false
    }

    /// A disk that is full can make SQLite take the whole transaction back, in the middle of it:
    /// then the writes before are gone, and those after must not run on their own.
    private static func perform(_ batch: [Operation], _ database: Database) throws {
        for operation in batch {
            let failure = operation.perform(database)
            if let failure, !database.isInsideTransaction { throw failure }
        }
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
            let result = Result { try Self.inSavepoint(database, work) }
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

    private static func inSavepoint<Value>(
        _ database: Database, _ work: (Database) throws -> Value
    ) throws -> Value {
        var value: Value?
        try database.inSavepoint {
            value = try work(database)
            return .commit
        }
        guard let value else { throw DatabaseError(message: "a savepoint did not run") }
        return value
    }
}

private final class Outcome<Value: Sendable>: Sendable {
    let result = Mutex<Result<Value, any Error>?>(nil)
}
