import GRDB
import Shared

/// The names of data sets. Their bytes are files, which `DatasetFiles` keeps.
extension Store {
    /// Gives a digest a name. Tasks that exist keep theirs.
    /// - Parameter replacing: whether the name may have meant another digest before.
    /// - Throws: `StoreError.datasetNameTaken`.
    func nameDataset(
        _ dataset: DatasetStatus, replacing: Bool = false, _ key: RequestKey
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

    /// By name.
    func datasets() async throws -> [DatasetStatus] {
        try await pool.read { database in
            try Row.fetchAll(database, sql: "SELECT * FROM dataset ORDER BY name").map { row in
                guard let digest = Digest(hexadecimal: row["digest"]) else {
                    throw DatabaseError(message: "a data set has a malformed digest")
                }
                return DatasetStatus(
                    name: row["name"], digest: digest, bytes: row["bytes"],
                    trainExamples: row["trainExamples"], testExamples: row["testExamples"],
                    features: row["features"])
            }
        }
    }
}
