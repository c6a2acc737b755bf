import GRDB
import Shared

/// The names of data sets, and who had their bytes stored. The bytes are files, which
/// `DatasetFiles` keeps.
extension Store {
    /// Gives a digest a name. Tasks that exist keep theirs.
    /// - Parameters:
    ///   - replacing: whether the name may have meant another digest before.
    ///   - owner: the token to whose quota the file counts; the first that adds these bytes.
    ///   - quota: bytes that all files of the owner may have.
    /// - Throws: `StoreError.quotaExceeded`, `StoreError.datasetNameTaken`.
    func nameDataset(
        _ dataset: DatasetStatus, replacing: Bool = false, owner: String = "", quota: Int = .max,
        _ key: RequestKey
    ) async throws -> DatasetStatus {
        let now = environment.now()
        return try await once(key) { database in
            let held = try String.fetchOne(
                database, sql: "SELECT digest FROM dataset WHERE name = ?",
                arguments: [dataset.name]
            ).flatMap(Digest.init(hexadecimal:))
            if let held, held != dataset.digest, !replacing {
                throw StoreError.datasetNameTaken(dataset.name, held: held, found: dataset.digest)
            }
            try Self.recordFile(of: dataset, owner: owner, quota: quota, database)
            try database.execute(
                sql: """
                    INSERT OR REPLACE INTO dataset
                        (name, digest, bytes, trainExamples, testExamples, features, addedAt)
                    VALUES (?, ?, ?, ?, ?, ?, ?)
                    """,
                arguments: [
                    dataset.name, dataset.digest.hexadecimal, dataset.bytes, dataset.trainExamples,
                    dataset.testExamples, dataset.features, now.milliseconds,
                ])
            return dataset
        }
    }

    private static func recordFile(
        of dataset: DatasetStatus, owner: String, quota: Int, _ database: Database
    ) throws {
        try database.execute(
            sql: """
                INSERT INTO datasetFile (digest, bytes, owner) VALUES (?, ?, ?)
                ON CONFLICT DO NOTHING
                """,
            arguments: [dataset.digest.hexadecimal, dataset.bytes, owner])
        guard database.changesCount > 0 else { return }
        let stored = try datasetBytes(of: owner, database)
        guard stored <= quota else {
            throw StoreError.quotaExceeded(stored: stored - dataset.bytes, quota: quota)
        }
    }

    /// Bytes of the files that count to the quota of a token.
    func datasetBytes(of owner: String) async throws -> Int {
        try await pool.read { try Self.datasetBytes(of: owner, $0) }
    }

    private static func datasetBytes(of owner: String, _ database: Database) throws -> Int {
        try Int.fetchOne(
            database, sql: "SELECT coalesce(sum(bytes), 0) FROM datasetFile WHERE owner = ?",
            arguments: [owner]) ?? 0
    }

    /// By name.
    func datasets() async throws -> [DatasetStatus] {
        try await pool.read { database in
            try Row.fetchAll(database, sql: "SELECT * FROM dataset ORDER BY name")
                .map(Self.datasetStatus)
        }
    }

    private static func datasetStatus(_ row: Row) throws -> DatasetStatus {
        guard let digest = Digest(hexadecimal: try row[stored: "digest"]) else {
            throw DatabaseError(message: "a data set has a malformed digest")
        }
        return DatasetStatus(
            name: try row[stored: "name"], digest: digest, bytes: try row[stored: "bytes"],
            trainExamples: try row[stored: "trainExamples"], testExamples: try row[stored: "testExamples"],
            features: try row[stored: "features"])
    }

    // MARK: - Removing

    /// Removes a name. `DatasetFiles` removes the file once nobody needs it: a sweep that begins
    /// while this is done keeps it.
    /// - Returns: what the name meant.
    /// - Throws: `StoreError.datasetInUse` if an unfinished sweep needs the data and no other name
    ///   has them.
    func removeDataset(_ name: String, _ key: RequestKey) async throws -> DatasetStatus {
        if let removed = try await earlierAnswer(to: key, as: DatasetStatus.self) { return removed }
        // Looks at every task: not while the writer waits.
        let users = try await pool.read { database -> [String] in
            let status = try Self.dataset(name, database)
            let names = try Int.fetchOne(
                database, sql: "SELECT count(*) FROM dataset WHERE digest = ?",
                arguments: [status.digest.hexadecimal])
            return names == 1 ? try Self.unfinishedSweeps(with: status.digest, database) : []
        }
        guard users.isEmpty else { throw StoreError.datasetInUse(name, sweeps: users) }
        return try await once(key) { database in
            let status = try Self.dataset(name, database)
            try database.execute(sql: "DELETE FROM dataset WHERE name = ?", arguments: [name])
            return status
        }
    }

    private static func dataset(_ name: String, _ database: Database) throws -> DatasetStatus {
        let row = try Row.fetchOne(
            database, sql: "SELECT * FROM dataset WHERE name = ?", arguments: [name])
        guard let row else { throw StoreError.noSuchDatasetName(name) }
        return try datasetStatus(row)
    }

    /// What needs data: tasks that are to be trained, and those that another host is to run again.
    private static let needing = """
        FROM task LEFT JOIN recheck ON recheck.task = task.number AND recheck.isOpen = 1
        WHERE (task.state IN ('ready', 'leased') OR recheck.task IS NOT NULL)
        """

    /// A name each, the oldest first.
    private static func unfinishedSweeps(with digest: Digest, _ database: Database) throws
        -> [String]
    {
        try String.fetchAll(
            database,
            sql: """
                SELECT coalesce(original.name, sweep.name) FROM sweep
                    LEFT JOIN sweep AS original ON original.id = sweep.recheckOf
                WHERE sweep.id IN (SELECT DISTINCT task.sweep \(needing) AND task.dataDigest = ?)
                ORDER BY sweep.number LIMIT ?
                """,
            arguments: [digest.hexadecimal, Limits.sweepsNamedMax])
    }

    /// The digests that names and unfinished tasks have.
    func neededData() async throws -> Set<Digest> {
        try await pool.read { database in
            let texts = try String.fetchAll(
                database,
                sql: """
                    SELECT digest FROM dataset
                    UNION SELECT DISTINCT task.dataDigest \(Self.needing)
                    """)
            return Set(texts.compactMap { Digest(hexadecimal: $0) })
        }
    }

    /// The digests of the data of tasks that a retry of the sweep would make ready.
    func dataForRetry(of idOrName: String) async throws -> Set<Digest> {
        try await pool.read { database in
            let sweep = try Self.findSweep(idOrName, database)
            let texts = try String.fetchAll(
                database,
                sql: """
                    SELECT DISTINCT dataDigest FROM task
                    WHERE sweep = ? AND state IN ('failed', 'cancelled')
                    """, arguments: [sweep.rawValue])
            return Set(texts.compactMap { Digest(hexadecimal: $0) })
                .subtracting([Digest.ofNothing])
        }
    }

    /// The digests of all files that count to a quota.
    func countedFiles() async throws -> Set<Digest> {
        try await pool.read { database in
            let texts = try String.fetchAll(database, sql: "SELECT digest FROM datasetFile")
            return Set(texts.compactMap { Digest(hexadecimal: $0) })
        }
    }

    /// Files that were removed count to nobody's quota any more.
    func forgetFiles(_ digests: Set<Digest>) async throws {
        try await commits.write { database in
            for digest in digests {
                try database.execute(
                    sql: "DELETE FROM datasetFile WHERE digest = ?",
                    arguments: [digest.hexadecimal])
            }
        }
    }
}
