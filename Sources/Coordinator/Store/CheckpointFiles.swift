import Dispatch
import Foundation
import Glibc
import Shared
import Synchronization

/// The bytes of checkpoints: a file each, under a name that is never used again. First the file is
/// on disk, then a row of the store names it; a file without a row is of no use and is removed.
final class CheckpointFiles: Sendable {
    private let directory: String
    private let temporaryDirectory: String
    /// Files that are whole, but whose row may still be on its way.
    private let arriving = Mutex<Set<String>>([])
    /// Putting a large file on disk takes long; the threads that answer calls must not wait for it.
    private let disk = DispatchQueue(label: "checkpoints", attributes: .concurrent)

    init(_ data: DataDirectory) {
        directory = data.checkpointsPath
        temporaryDirectory = data.temporaryPath
    }

    func path(_ name: String) -> String { "\(directory)/\(name)" }

    func begin(_ name: String) throws -> FileInTheMaking {
        try FileInTheMaking("\(temporaryDirectory)/checkpoint-\(name)")
    }

    /// Puts the file on disk under its name. Until `settle` nobody takes it for forgotten.
    func finish(_ file: FileInTheMaking, as name: String) async throws {
        _ = arriving.withLock { $0.insert(name) }
        let path = path(name)
        do {
            try await withCheckedThrowingContinuation { continuation in
                disk.async {
                    continuation.resume(
                        with: Result {
                            try file.sync()
                            try file.rename(to: path)
                        })
                }
            }
        } catch {
            settle(name)
            throw error
        }
    }

    /// To be called once the store has the file's row, or will never have it.
    func settle(_ name: String) { _ = arriving.withLock { $0.remove(name) } }

    func remove(_ names: some Sequence<String>) { for name in names { unlink(path(name)) } }

    /// Removes every file that no row names.
    /// - Parameter needed: asked after the folder was read, so that no row of a file in it is
    ///   missed.
    func removeForgotten(_ needed: () async throws -> Set<String>) async throws -> Int {
        let found = try FileManager.default.contentsOfDirectory(atPath: directory)
        let passing = arriving.withLock { $0 }
        let candidates = Set(found).subtracting(passing)
        guard !candidates.isEmpty else { return 0 }
        let forgotten = candidates.subtracting(try await needed())
        remove(forgotten)
        return forgotten.count
    }
}
