import Foundation
import Shared

/// The bytes of data sets: one file each, named by its digest, written whole or not at all.
struct DatasetFiles: Sendable {
    let directory: String

    func path(_ digest: Digest) -> String { "\(directory)/\(digest).safetensors" }

    func contains(_ digest: Digest) -> Bool {
        FileManager.default.fileExists(atPath: path(digest))
    }

    /// Checks that the bytes are a data set, and keeps them.
    /// - Parameter check: throws if the name is not to mean the digest; nothing is kept then.
    func add(_ file: Data, as name: String, check: (Digest) throws -> Void = { _ in }) throws
        -> DatasetStatus
    {
        let dataset = try Dataset(parsing: file)
        let digest = Digest(of: file)
        try check(digest)
        if !contains(digest) { try DurableFile.write(file, to: path(digest)) }
        return DatasetStatus(
            name: name, digest: digest, bytes: file.count, trainExamples: dataset.train.count,
            testExamples: dataset.test.count, features: dataset.train.inputs.featureCount)
    }
}
