import GRDB
import Shared

/// The names of data sets. Their bytes are files, which `DatasetFiles` keeps.
extension Store {
    /// Gives a digest a name; the name may have meant another before. Tasks that exist keep theirs.
    func nameDataset(_ dataset: DatasetStatus, _ key: RequestKey) async throws -> DatasetStatus {
        let now = environment.now()
        return try await once(key) { database in
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
                guard let digest = Digest(hexadecimal: try row[stored: "digest"]) else {
                    throw DatabaseError(message: "a data set has a malformed digest")
                }
                return DatasetStatus(
                    name: try row[stored: "name"], digest: digest, bytes: try row[stored: "bytes"],
                    trainExamples: try row[stored: "trainExamples"],
                    testExamples: try row[stored: "testExamples"],
                    features: try row[stored: "features"])
            }
        }
    }
}
