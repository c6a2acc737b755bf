import FoundationEssentials
import Glibc
import Shared
import Synchronization

/// Where workers of one machine keep what is not told yet, each in a folder of its own:
///
///     spool/MACHINE.WORKER/LEASE.journal   of an attempt
///     spool/MACHINE.WORKER/stopping        the worker was told to stop
///     spool/MACHINE.WORKER.lock            locked for as long as that worker lives, and says which
///                                          process it is
///
/// What a dead worker left is for the next one of its machine to deliver: whoever gets its lock.
/// Several machines may share the folder: none touches another's, whose processes it cannot see.
final class Spool: Sendable {
    let directory: String
    let owner: WorkerName
    /// Why locks do not work here; nil where they do. The dead are then told from the living by
    /// their processes alone.
    let lockTrouble: String?
    let process: ProcessIdentity
    let host: Host
    private let lock: FileLock?
    private let checking = Mutex(())
    private let left = Mutex<[String]>([])

    private var folder: String { "\(directory)/\(prefix)\(owner)" }
    private var prefix: String { process.machine.isEmpty ? "" : process.machine + "." }

    /// Makes what is missing. First the lock, then the folder: whoever finds a folder without an
    /// owner's lock finds a dead worker's.
    init(directory: String, owner: WorkerName, process: ProcessIdentity, host: Host) throws {
        (self.directory, self.owner) = (directory, owner)
        (self.process, self.host) = (process, host)
        try FileManager.default.createDirectory(
            atPath: directory, withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o700])
        let path = "\(directory)/\(process.machine.isEmpty ? "" : process.machine + ".")\(owner)"
        do throws(FileLock.Failure) {
            lock = try FileLock(path + ".lock")
            lockTrouble = nil
        } catch {
            guard case .notWorking(_, let reason) = error else {
                throw SpoolError(error, owner: owner)
            }
            (lock, lockTrouble) = (nil, reason)
        }
        try Self.record(process, in: path + ".lock")
        try FileManager.default.createDirectory(
            atPath: path, withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o700])
    }

    /// In place: the lock is the file's that is there.
    private static func record(_ process: ProcessIdentity, in path: String) throws {
        let bytes = try WireCoding.encode(process)
        let descriptor = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC | O_NOFOLLOW)
        guard descriptor >= 0 else { throw POSIXFileError(path) }
        defer { Glibc.close(descriptor) }
        let written = bytes.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
        guard written == bytes.count, fsync(descriptor) == 0 else { throw POSIXFileError(path) }
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

    /// From here on, an attempt that does not end has not made the kernel kill this worker.
    func noteStopping() { try? Data().write(to: URL(filePath: folder + "/stopping")) }

    /// The last one out leaves nothing behind, unless something is still to be delivered.
    func close() {
        unlink(folder + "/stopping")
        if rmdir(folder) == 0 { unlink(folder + ".lock") }
    }

    /// A dead worker's folder, held so that nobody else delivers from it.
    struct Forsaken {
        let folder: String
        /// Nil where locks do not work: two workers may deliver the same, which does no harm.
        let lock: FileLock?
        /// Which process it was; nil: unknown.
        let process: ProcessIdentity?

        /// Whether it was told to stop, and did not bring it to an end.
        var wasStopping: Bool { access(folder + "/stopping", F_OK) == 0 }

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
        return names.sorted().filter { !$0.hasSuffix(".lock") && $0 != prefix + owner.rawValue }
            .compactMap { forsaken(name: $0) }
    }

    /// Nil where the folder's worker lives, or may.
    private func forsaken(name: String) -> Forsaken? {
        let folder = "\(directory)/\(name)"
        let owner = (try? Data(contentsOf: URL(filePath: folder + ".lock"))).flatMap {
            try? WireCoding.decode(ProcessIdentity.self, from: $0)
        }
        // Containers of one machine have one boot id, and may have several names.
        let isOfMachine =
            name.hasPrefix(prefix) || owner?.bootID != nil && owner?.bootID == process.bootID
        guard isOfMachine else { return nil }
        let life = owner?.life(seenBy: process, on: host)
        do throws(FileLock.Failure) {
            let lock = try FileLock(folder + ".lock")
            // A lock that is granted although its owner lives is no lock.
            return life == .alive ? nil : Forsaken(folder: folder, lock: lock, process: owner)
        } catch {
            guard case .notWorking = error, life == .dead else { return nil }
            return Forsaken(folder: folder, lock: nil, process: owner)
        }
    }

    /// Nanoseconds since 1970; nil where nothing can be learned of such a file.
    static func modified(_ path: String) -> Int64? {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        return Int64(status.st_mtim.tv_sec) &* 1_000_000_000 &+ Int64(status.st_mtim.tv_nsec)
    }
}

/// Why a worker cannot have its folder in the spool.
struct SpoolError: Error, CustomStringConvertible {
    let description: String

    init(_ failure: FileLock.Failure, owner: WorkerName) {
        description =
            switch failure {
            case .held: "The spool of \(owner) is in use by another process."
            case .notWorking, .file: "\(failure)"
            }
    }
}
