import GRDB
import Synchronization

/// Lets writes that wait at the same time share one transaction, and so one fsync.
///
/// While one batch is being committed, later writes queue up; they then go together. Each stands in a
/// savepoint of its own: one that throws leaves no trace and does not disturb its neighbours. Nobody
/// gets an answer before the batch is on disk, so an answer is always the truth.
actor GroupCommit {
    private let writer: any DatabaseWriter
    private let batchMax: Int
    private var waiting: [Operation] = []
    private var isRunning = false

    init(writer: any DatabaseWriter, batchMax: Int) {
        self.writer = writer
        self.batchMax = batchMax
    }

    /// Runs `work` in a transaction and returns its value once that is on disk. What `work` throws is
    /// thrown here, and nothing of it is stored.
    func write<Value: Sendable>(_ work: @escaping @Sendable (Database) throws -> Value) async throws
        -> Value
    {
        try await withCheckedThrowingContinuation { continuation in
            waiting.append(Operation(work, answering: continuation))
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
                try await writer.write { database in
                    for operation in batch { operation.perform(database) }
                }
                for operation in batch { operation.answer(nil) }
            } catch {
                // BEGIN or COMMIT failed: nothing is stored, and everybody has to hear of it.
                for operation in batch { operation.answer(error) }
            }
        }
        isRunning = false
    }
}

/// One caller's write within a batch: first performed, then, once the batch is on disk, answered.
private struct Operation: Sendable {
    let perform: @Sendable (Database) -> Void
    let answer: @Sendable (_ batchError: (any Error)?) -> Void

    init<Value: Sendable>(
        _ work: @escaping @Sendable (Database) throws -> Value,
        answering continuation: CheckedContinuation<Value, any Error>
    ) {
        let outcome = Outcome<Value>()
        perform = { database in
            outcome.result.withLock { $0 = Result { try Self.inSavepoint(database, work) } }
        }
        answer = { batchError in
            let performed = outcome.result.withLock { $0 }
            if let batchError {
                continuation.resume(throwing: batchError)
            } else if let performed {
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
