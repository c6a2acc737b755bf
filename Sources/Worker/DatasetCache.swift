import FoundationEssentials
import Glibc
import Logging
import Shared
import Synchronization

/// The data sets of this host: fetched once, kept by digest, checked each time they are read.
///
/// The one used last also stays in memory, for all slots.
final class DatasetCache: Sendable {
    private let directory: String
    private let logger: Logger
    private let state = Mutex(State())

    private struct State {
        var last: (digest: Digest, dataset: Dataset)?
        /// Those that a slot is reading or fetching.
        var underWay: Set<Digest> = []
    }

    init(directory: String, logger: Logger) {
        self.directory = directory
        self.logger = logger
    }

    /// `XDG_CACHE_HOME`, else `~/.cache`, as other programs do; without a home, the folder for
    /// temporary files.
    static func defaultDirectory(environment: EnvironmentVariables) -> String {
        let home = environment.folder("HOME").map { $0 + "/.cache" }
        let base = environment.folder("XDG_CACHE_HOME") ?? home ?? environment.temporaryFolder
        return base + "/gdln-worker"
    }

    /// The data set of that digest. Slots that want the same one at the same time wait for one
    /// fetch; those that want another do not. Throws `FetchError` where it cannot be had.
    /// - Parameters:
    ///   - client: made only where something is to be fetched.
    ///   - isOver: whether the slot need not wait for another's fetch any more.
    func dataset(
        _ digest: Digest, from client: @autoclosure () throws -> CoordinatorClient,
        waitingUntil isOver: () -> Bool = { false }
    ) throws -> Dataset {
        while !isOver() {
            let (known, isMine) = state.withLock { state in
                if let last = state.last, last.digest == digest {
                    return (last.dataset as Dataset?, false)
                }
                return (nil, state.underWay.insert(digest).inserted)
            }
            if let known { return known }
            guard isMine else {
                usleep(50_000)
                continue
            }
            defer { state.withLock { _ = $0.underWay.remove(digest) } }
            let dataset = try Dataset(parsing: try bytes(digest, client))
            state.withLock { $0.last = (digest, dataset) }
            return dataset
        }
        throw FetchError("the data set \(digest) is not waited for any more")
    }

    private func bytes(
        _ digest: Digest, _ client: () throws -> CoordinatorClient
    ) throws(FetchError) -> Data {
        let path = "\(directory)/\(digest).safetensors"
        if let kept = try? InputFile.read(path, bytesMax: Limits.datasetBytesMax),
            Digest(of: kept) == digest
        {
            return kept
        }
        let fetched: Data
        do {
            fetched = try client().dataset(digest)
        } catch {
            throw FetchError("the data set \(digest) could not be fetched: \(error)")
        }
        let found = Digest(of: fetched)
        guard found == digest else {
            throw FetchError("the data set \(digest) arrived as \(found)")
        }
        do {
            try keep(fetched, at: path)
        } catch {
            // What was fetched can be trained on all the same.
            logger.warning("a data set could not be kept", metadata: ["error": "\(error)"])
        }
        return fetched
    }

    private func keep(_ data: Data, at path: String) throws {
        try FileManager.default.createDirectory(
            atPath: directory, withIntermediateDirectories: true)
        try data.write(to: URL(filePath: path), options: .atomic)
    }
}
