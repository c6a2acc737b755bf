import Foundation
import Glibc
import Shared
import Synchronization

/// The bytes of data sets: one file each, named by its digest, written whole or not at all. A file
/// that no name and no unfinished task needs is removed, unless a call holds it.
final class DatasetFiles: Sendable {
    let directory: String

    private struct State {
        /// How many calls are about to need each file.
        var held: [Digest: Int] = [:]
        /// What was held at some time since the last look for files that nobody needs.
        var heldSinceLook: Set<Digest> = []
        /// Made by code, and never removed by the process that made it.
        var permanent: Set<Digest> = []
    }

    private let state = Mutex(State())
    private static let ending = ".safetensors"

    init(directory: String) { self.directory = directory }

    /// Removes what a killed coordinator did not write to the end. To be called before any is
    /// added.
    func removePartial() throws {
        for name in try FileManager.default.contentsOfDirectory(atPath: directory)
        where name.hasSuffix(DurableFile.partialEnding) { unlink("\(directory)/\(name)") }
    }

    func path(_ digest: Digest) -> String { "\(directory)/\(digest)\(Self.ending)" }

    func contains(_ digest: Digest) -> Bool {
        FileManager.default.fileExists(atPath: path(digest))
    }

    /// Checks that the bytes are a data set, and keeps them. The file stays while the caller holds
    /// the result's digest.
    /// - Parameter check: throws if the name is not to mean the digest; nothing is kept then.
    func add(_ file: Data, as name: String, check: (Digest) throws -> Void = { _ in }) throws
        -> (status: DatasetStatus, hold: Hold)
    {
        let dataset = try Dataset(parsing: file)
        let digest = Digest(of: file)
        try check(digest)
        // Before the look: a file that is there must not go.
        let hold = hold([digest])
        if !contains(digest) { try DurableFile.write(file, to: path(digest)) }
        let status = DatasetStatus(
            name: name, digest: digest, bytes: file.count, trainExamples: dataset.train.count,
            testExamples: dataset.test.count, features: dataset.train.inputs.featureCount)
        return (status, hold)
    }

    /// The embedded data set, which no name in the store keeps.
    func addEmbedded() throws -> Digest {
        let file = try EmbeddedDataset.make().serialized()
        let digest = Digest(of: file)
        state.withLock { _ = $0.permanent.insert(digest) }
        if !contains(digest) { try DurableFile.write(file, to: path(digest)) }
        return digest
    }

    // MARK: - Removing

    /// Until the result goes, these files are not removed.
    func hold(_ digests: Set<Digest>) -> Hold {
        state.withLock { state in
            for digest in digests { state.held[digest, default: 0] += 1 }
            state.heldSinceLook.formUnion(digests)
        }
        return Hold(digests, in: self)
    }

    final class Hold: Sendable {
        private let digests: Set<Digest>
        private let files: DatasetFiles

        fileprivate init(_ digests: Set<Digest>, in files: DatasetFiles) {
            self.digests = digests
            self.files = files
        }

        deinit {
            files.state.withLock { state in
                for digest in digests {
                    let rest = state.held[digest, default: 1] - 1
                    state.held[digest] = rest > 0 ? rest : nil
                }
            }
        }
    }

    /// Removes the files that nobody needs.
    /// - Parameter needed: the digests that names and unfinished tasks have; asked after the folder
    ///   was read. What is needed from then on was held.
    /// - Returns: the digests of the files that were removed.
    func removeUnneeded(_ needed: () async throws -> Set<Digest>) async throws -> Set<Digest> {
        state.withLock { $0.heldSinceLook = Set($0.held.keys) }
        let names = try FileManager.default.contentsOfDirectory(atPath: directory)
        let stored = Set(
            names.compactMap { name in
                name.hasSuffix(Self.ending)
                    ? Digest(hexadecimal: String(name.dropLast(Self.ending.count))) : nil
            })
        let candidates = stored.subtracting(
            state.withLock { $0.heldSinceLook.union($0.permanent) })
        guard !candidates.isEmpty else { return [] }
        let unneeded = candidates.subtracting(try await needed())
        return unneeded.filter(removeUnlessHeld)
    }

    private func removeUnlessHeld(_ digest: Digest) -> Bool {
        state.withLock { state in
            guard !state.heldSinceLook.contains(digest), !state.permanent.contains(digest) else {
                return false
            }
            return unlink(path(digest)) == 0
        }
    }
}
