import GRDB
import Shared

/// A checkpoint that is kept: what it is, and the file that has it.
struct StoredCheckpoint: Sendable {
    var reference: CheckpointReference
    /// Its name in the folder of checkpoints.
    var file: String
}

/// What tasks under way go on from. The bytes lie in files; a row stands for a file that is whole
/// and on disk.
extension Store {
    /// Throws where the attempt has no say any more: before the bytes are taken.
    func checkHolder(of lease: LeaseID) async throws {
        _ = try await pool.read { try Self.holder(of: lease, $0) }
    }

    /// Lets the task go on from this one if its attempt is lost, and puts the lease's expiry off.
    /// - Returns: the names of files that nobody needs any more.
    func keep(_ checkpoint: StoredCheckpoint, of lease: LeaseID) async throws -> [String] {
        let clock = environment.instant
        return try await commits.write { [liveLeases] database in
            let task = try Self.holder(of: lease, database)
            let epochs = checkpoint.reference.epochsCompleted
            guard epochs <= task.epochs else {
                throw StoreError.noSuchEpoch(epochs, epochs: task.epochs)
            }
            try Self.revive(task, lease, database)
            liveLeases.renew(lease, now: clock())
            let obsolete = try Self.replace(checkpoint, of: task, database)
            return (task.sweep, try Self.holderOf(task, lease, database), obsolete)
        } whenDurable: { [liveLeases] sweep, holder, _ in
            if liveLeases.renew(lease, now: clock()) { return }
            liveLeases.hold(
                lease, sweep: sweep, worker: holder.worker,
                epochsCompleted: checkpoint.reference.epochsCompleted, work: holder.work,
                now: clock())
        }.2
    }

    /// A call that was held up on its way does not put an older one in the place of a newer.
    private static func replace(
        _ checkpoint: StoredCheckpoint, of task: StoredTask, _ database: Database
    ) throws -> [String] {
        let attempt = task.machine.attempt
        let reference = checkpoint.reference
        let before = try Row.fetchOne(
            database, sql: "SELECT file, attempt, epochsCompleted FROM checkpoint WHERE task = ?",
            arguments: [task.number])
        if let before, before["attempt"] == attempt,
            before["epochsCompleted"] >= reference.epochsCompleted
        {
            return [checkpoint.file]
        }
        try database.execute(
            sql: """
                INSERT OR REPLACE INTO checkpoint
                    (task, attempt, epochsCompleted, digest, bytes, file)
                VALUES (?, ?, ?, ?, ?, ?)
                """,
            arguments: [
                task.number, attempt, reference.epochsCompleted, reference.digest.hexadecimal,
                reference.bytes, checkpoint.file,
            ])
        return try before.map { [try $0[stored: "file"]] } ?? []
    }

    /// What the lease's task goes on from.
    func checkpoint(of lease: LeaseID) async throws -> StoredCheckpoint? {
        try await pool.read { database in
            try Self.checkpoint(of: Self.holder(of: lease, database), database)
        }
    }

    static func checkpoint(of task: StoredTask, _ database: Database) throws -> StoredCheckpoint? {
        try database.firstRow(
            "SELECT epochsCompleted, digest, bytes, file FROM checkpoint WHERE task = ?",
            [task.number]
        ) { row in
            guard let digest = Digest(hexadecimal: try row[stored: 1]) else { return nil }
            return StoredCheckpoint(
                reference: CheckpointReference(
                    epochsCompleted: try row[stored: 0], digest: digest, bytes: try row[stored: 2]),
                file: try row[stored: 3])
        } ?? nil
    }

    /// The names of all files that are still needed.
    func checkpointFiles() async throws -> Set<String> {
        try await pool.read { try Set(String.fetchAll($0, sql: "SELECT file FROM checkpoint")) }
    }
}
