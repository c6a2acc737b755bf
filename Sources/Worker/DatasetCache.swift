import FoundationEssentials
import Shared
import Synchronization

/// The data sets of this host: fetched once, kept by digest, checked each time they are read.
///
/// The one used last also stays in memory, for all slots.
final class DatasetCache: Sendable {
    private let directory: String
    private let last = Mutex<(digest: Digest, dataset: Dataset)?>(nil)

    init(directory: String) { self.directory = directory }

    /// `XDG_CACHE_HOME`, else `~/.cache`, as other programs do.
    static func defaultDirectory(environment: [String: String]) -> String {
        let base =
            environment["XDG_CACHE_HOME"] ?? environment["HOME"].map { $0 + "/.cache" } ?? "/tmp"
        return base + "/gdln-worker"
    }

    /// The data set of that digest. Slots that want the same one at the same time wait for one
    /// fetch.
    func dataset(_ digest: Digest, from client: CoordinatorClient) throws -> Dataset {
        try last.withLock { last in
            if let last, last.digest == digest { return last.dataset }
            let dataset = try Dataset(parsing: try bytes(digest, from: client))
            last = (digest, dataset)
            return dataset
        }
    }

    private func bytes(_ digest: Digest, from client: CoordinatorClient) throws -> Data {
        let path = "\(directory)/\(digest).safetensors"
        if let kept = try? Data(contentsOf: URL(filePath: path)), Digest(of: kept) == digest {
            return kept
        }
        let fetched = try client.dataset(digest)
        let found = Digest(of: fetched)
        guard found == digest else {
            throw DatasetError("the data set \(digest) arrived as \(found)")
        }
        try keep(fetched, at: path)
        return fetched
    }

    private func keep(_ data: Data, at path: String) throws {
        try FileManager.default.createDirectory(
            atPath: directory, withIntermediateDirectories: true)
        try data.write(to: URL(filePath: path), options: .atomic)
    }
}
