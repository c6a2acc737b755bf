import FoundationEssentials
import Glibc
import Shared
import Synchronization

/// Where workers of one host keep what is not told yet, each in a folder of its own:
///
///     spool/WORKER/LEASE.journal   of an attempt
///     spool/WORKER.lock            locked for as long as that worker lives
///
/// What a dead worker left is for the next one to deliver: whoever gets its lock.
final class Spool: Sendable {
    let directory: String
    let owner: WorkerName
    private let lock: FileLock
    private let checking = Mutex(())
    private let left = Mutex<[String]>([])

    private var folder: String { "\(directory)/\(owner)" }

    /// Makes what is missing. First the lock, then the folder: whoever finds a folder without an
    /// owner's lock finds a dead worker's.
    init(directory: String, owner: WorkerName) throws {
        self.directory = directory
        self.owner = owner
        try FileManager.default.createDirectory(
            atPath: directory, withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o700])
        guard let lock = try FileLock("\(directory)/\(owner).lock") else {
            throw SpoolError.inUse(owner)
        }
        self.lock = lock
        try FileManager.default.createDirectory(
            atPath: folder, withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o700])
    }

    func journal(of lease: Lease) throws -> AttemptJournal {
        try AttemptJournal(of: lease, at: "\(folder)/\(lease.id).journal")
    }

    /// An end of this worker's own that the coordinator would not hear: to be told later.
    func leave(_ journal: AttemptJournal) { left.withLock { $0.append(journal.path) } }

    /// Those of them that are still there.
    var unheard: [String] {
        left.withLock { paths in
            paths.removeAll { access($0, F_OK) != 0 && errno == ENOENT }
            return paths
        }
    }

    /// Throws where nothing can be kept now. Asked before a task is: what could not be kept might
    /// be trained for nothing.
    func check() throws {
        try checking.withLock { _ in
            try FileInTheMaking("\(folder)/check").append(Data(repeating: 0x2E, count: 4_096))
        }
    }

    /// The last one out leaves nothing behind, unless something is still to be delivered.
    func close() {
        if rmdir(folder) == 0 { unlink("\(directory)/\(owner).lock") }
    }

    /// A dead worker's folder, held so that nobody else delivers from it.
    struct Forsaken {
        let folder: String
        let lock: FileLock

        /// In the order in which they were written last.
        var journals: [String] {
            let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
            return names.filter { $0.hasSuffix(".journal") }.map { "\(folder)/\($0)" }
                .sorted { (Spool.modified($0) ?? 0, $0) < (Spool.modified($1) ?? 0, $1) }
        }

        /// Nothing of value is left; fails quietly where something is.
        func remove() {
            let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
            for name in names where !name.hasSuffix(".journal") { unlink("\(folder)/\(name)") }
            if rmdir(folder) == 0 { unlink(folder + ".lock") }
        }
    }

    func forsaken() -> [Forsaken] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []
        return names.sorted().filter { !$0.hasSuffix(".lock") && $0 != owner.rawValue }
            .compactMap { name in
                let folder = "\(directory)/\(name)"
                guard let lock = try? FileLock(folder + ".lock") else { return nil }
                return Forsaken(folder: folder, lock: lock)
            }
    }

    /// Nanoseconds since 1970; nil where nothing can be learned of such a file.
    static func modified(_ path: String) -> Int64? {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        return Int64(status.st_mtim.tv_sec) &* 1_000_000_000 &+ Int64(status.st_mtim.tv_nsec)
    }
}

enum SpoolError: Error, CustomStringConvertible {
    case inUse(WorkerName)

    var description: String {
        switch self {
        case .inUse(let owner): "The spool of \(owner) is in use by another process."
        }
    }
}

/// Held for as long as somebody keeps it; it ends with the process, however that ends.
final class FileLock: Sendable {
    private let descriptor: Int32

    /// Nil where another process, or this one, holds it.
    init?(_ path: String) throws {
        descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw POSIXFileError(path) }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            close(descriptor)
            return nil
        }
    }

    deinit { close(descriptor) }
}
