import FoundationEssentials
import GRDB
import Shared

/// A call that changes something, as its repeats can be recognized.
struct RequestKey: Sendable {
    let id: RequestID
    /// Over everything that was asked: method, path and body.
    let fingerprint: Digest
}

/// An answer that a repeat is given again.
protocol Recordable: Codable, Sendable {
    /// Its JSON.
    func record() throws -> String
}

extension Recordable {
    func record() throws -> String {
        String(decoding: try WireCoding.encode(self), as: UTF8.self)
    }
}

extension SweepCreated: Recordable {}
extension HostLetBack: Recordable {}
extension DatasetStatus: Recordable {}
extension Int: Recordable {}

/// Recorded for each task: by hand, because an encoder would take as long as the transaction.
extension TaskState: Recordable {
    func record() -> String { "\"\(rawValue)\"" }
}

extension Array: Recordable where Element == LeaseGrant {
    func record() -> String {
        var text = JSONText()
        text.array { text in
            for grant in self { grant.write(to: &text) }
        }
        return String(decoding: text.bytes, as: UTF8.self)
    }
}

extension LeaseGrant {
    fileprivate func write(to text: inout JSONText) {
        text.object { text in
            text.key("attempt")
            text.integer(attempt)
            if let checkpoint {
                text.key("checkpoint")
                checkpoint.write(to: &text)
            }
            if let checkpointEveryEpochs {
                text.key("checkpointEveryEpochs")
                text.integer(checkpointEveryEpochs)
            }
            text.key("configuration")
            text.string(configuration)
            text.key("dataDigest")
            text.string(dataDigest.hexadecimal)
            if let isAlone {
                text.key("isAlone")
                text.bool(isAlone)
            }
            text.key("lease")
            text.string(lease.rawValue)
            text.key("sweepID")
            text.string(sweepID.rawValue)
            text.key("sweepName")
            text.string(sweepName)
            text.key("task")
            text.string(task.rawValue)
        }
    }
}

extension CheckpointReference {
    /// As it is in records and on the wire.
    func write(to text: inout JSONText) {
        text.object { text in
            text.key("bytes")
            text.integer(bytes)
            text.key("digest")
            text.string(digest.hexadecimal)
            text.key("epochs_completed")
            text.integer(epochsCompleted)
        }
    }
}

extension Store {
    /// Does `work` once for each request id: a repeat gets the answer of the first time, from the
    /// same transaction's record, also after a restart.
    ///
    /// An error is not recorded: it changed nothing, and is found again by the repeat.
    /// - Parameters:
    ///   - isFinal: false for an answer after which the same call may still be tried again.
    ///   - recording: what is kept of an answer, where a part of it can be found again.
    ///   - whenDurable: called the first time alone, in the order of the writes.
    func once<Answer: Recordable>(
        _ key: RequestKey, isFinal: @escaping @Sendable (Answer) -> Bool = { _ in true },
        recording: @escaping @Sendable (Answer) -> Answer = { $0 },
        whenDurable: @escaping @Sendable (Answer) -> Void = { _ in },
        _ work: @escaping @Sendable (Database) throws -> Answer
    ) async throws -> Answer {
        let now = environment.now()
        return try await commits.write { database in
            if let recorded: Answer = try Self.recordedAnswer(key, database) {
                return (recorded, true)
            }
            let answer = try work(database)
            if isFinal(answer) { try Self.record(recording(answer), key, at: now, database) }
            return (answer, false)
        } whenDurable: { answer, isRepeat in
            if !isRepeat { whenDurable(answer) }
        }.0
    }

    /// What was answered to an earlier call of this id, where there was one: saves the work of
    /// preparing the same thing again.
    func earlierAnswer<Answer: Decodable & Sendable>(to key: RequestKey, as type: Answer.Type)
        async throws -> Answer?
    {
        try await pool.read { try Self.recordedAnswer(key, $0) }
    }

    private static func record(
        _ answer: some Recordable, _ key: RequestKey, at now: Timestamp, _ database: Database
    ) throws {
        try database.executeCached(
            "INSERT INTO request (id, fingerprint, answer, at) VALUES (?, ?, ?, ?)",
            [
                key.id.rawValue, key.fingerprint.hexadecimal, try answer.record(),
                now.milliseconds,
            ])
    }

    private static func recordedAnswer<Answer: Decodable>(_ key: RequestKey, _ database: Database)
        throws -> Answer?
    {
        try database.firstRow(
            "SELECT fingerprint, answer FROM request WHERE id = ?", [key.id.rawValue]
        ) { row in
            guard try row[stored: 0] == key.fingerprint.hexadecimal else {
                throw StoreError.requestIDReused
            }
            return try WireCoding.decode(
                Answer.self, from: Data((try row[stored: 1] as String).utf8))
        }
    }

    /// Forgets what nobody will repeat any more.
    func forgetOldRequests() async throws {
        let before =
            environment.now().milliseconds - Int64(Limits.requestRecordHoursMax) * 3_600_000
        try await commits.write { database in
            try database.execute(sql: "DELETE FROM request WHERE at < ?", arguments: [before])
        }
    }
}
