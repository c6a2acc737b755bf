import FoundationEssentials
import GRDB
import Shared

/// A call that changes something, as its repeats can be recognized.
struct RequestKey: Sendable {
    let id: RequestID
    /// Over everything that was asked: method, path and body.
    let fingerprint: Digest
}

extension Store {
    /// Does `work` once for each request id: a repeat gets the answer of the first time, from the
    /// same transaction's record, also after a restart.
    ///
    /// An error is not recorded: it changed nothing, and is found again by the repeat.
    /// - Returns: the answer, and whether it is an old one.
    func once<Answer: Codable & Sendable>(
        _ key: RequestKey, _ work: @escaping @Sendable (Database) throws -> Answer
    ) async throws -> (answer: Answer, isRepeat: Bool) {
        let now = environment.now()
        return try await commits.write { database in
            if let recorded: Answer = try Self.recordedAnswer(key, database) {
                return (recorded, true)
            }
            let answer = try work(database)
            try database.execute(
                sql: "INSERT INTO request (id, fingerprint, answer, at) VALUES (?, ?, ?, ?)",
                arguments: [
                    key.id.rawValue, key.fingerprint.hexadecimal,
                    String(decoding: try WireCoding.encode(answer), as: UTF8.self),
                    now.milliseconds,
                ])
            return (answer, false)
        }
    }

    private static func recordedAnswer<Answer: Decodable>(_ key: RequestKey, _ database: Database)
        throws -> Answer?
    {
        let row = try Row.fetchOne(
            database, sql: "SELECT fingerprint, answer FROM request WHERE id = ?",
            arguments: [key.id.rawValue])
        guard let row else { return nil }
        guard row["fingerprint"] == key.fingerprint.hexadecimal else {
            throw StoreError.requestIDReused
        }
        let answer: String = row["answer"]
        return try WireCoding.decode(Answer.self, from: Data(answer.utf8))
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
