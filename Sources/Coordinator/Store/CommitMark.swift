import FoundationEssentials
import GRDB
import Glibc
import Shared
import Synchronization

/// The number of the last commit that was acknowledged, in a small file beside the database.
///
/// A database file without its write-ahead log is a valid, older database: nothing in it shows that
/// commits are missing. So each commit of `GroupCommit` counts itself in the table `commitMark`,
/// and once it is on disk, and before any caller is answered, the same number is written here. A
/// database whose own number is lower than the file's lacks acknowledged commits, and a database
/// without this file was copied out of its folder: `Store` refuses both.
///
/// A data directory that is complete is never refused:
///  * the file is on disk, with the number 0, before the database is made;
///  * its number is written after the commit's fsync, so a kill, a power cut or a full disk can
///    leave it only too low;
///  * whether a `-wal` file exists does not matter: a program that closes the database and folds
///    the log in does not change the number in the table.
///
/// The file is synced at each start, not at each commit: an fsync of its own would double the price
/// of a commit. A power cut can therefore take back the number's last seconds, and a log that is
/// lost in the same moment goes unseen. So does an older database beside a newer log, whose number
/// is at least the mark's: a copy of a directory in use can be that. Every other loss of a log is
/// seen.
///
/// The file has 40 bytes: the store's id, 32 hexadecimal digits, and the number, big-endian. Half a
/// write changes nothing but high digits that are the same in both numbers.
final class CommitMark: Sendable {
    let path: String
    /// The id of the database that the file belongs to.
    let store: String
    private let descriptor: Int32
    private let state: Mutex<Int64>

    private static let idBytes = 32

    static func path(ofDatabase path: String) -> String { path + "-mark" }

    /// Nil where there is no file. Throws where it cannot be read, or is none of ours.
    init?(ofDatabase database: String) throws {
        path = Self.path(ofDatabase: database)
        let descriptor = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW)
        if descriptor < 0, errno == ENOENT { return nil }
        guard descriptor >= 0 else { throw POSIXFileError(path) }
        var bytes = [UInt8](repeating: 0, count: Self.idBytes + 9)
        let count = pread(descriptor, &bytes, bytes.count, 0)
        guard count == Self.idBytes + 8 else {
            close(descriptor)
            throw DataDirectoryError.unusable(
                path, reason: "it has \(max(0, count)) bytes, not \(Self.idBytes + 8)")
        }
        self.descriptor = descriptor
        store = String(decoding: bytes[..<Self.idBytes], as: UTF8.self)
        let number = bytes[Self.idBytes..<(Self.idBytes + 8)].reduce(UInt64(0)) {
            $0 << 8 | UInt64($1)
        }
        state = Mutex(Int64(truncatingIfNeeded: number))
    }

    deinit { close(descriptor) }

    /// Writes a new file, which is on disk afterwards. What was there is replaced.
    static func write(ofDatabase database: String, store: String, number: Int64) throws {
        try DurableFile.write(
            Data(store.utf8) + Data(bytes(of: number)), to: path(ofDatabase: database))
    }

    private static func bytes(of number: Int64) -> [UInt8] {
        withUnsafeBytes(of: number.bigEndian) { Array($0) }
    }

    /// Of the last commit that is known to be on disk.
    var number: Int64 { state.withLock { $0 } }

    /// Counts the transaction that is under way, at its end.
    /// - Returns: its number, for `raise` once it is on disk.
    func count(_ database: Database) throws -> Int64 {
        let next = number + 1
        try database.executeCached("UPDATE commitMark SET number = ?", [next])
        return next
    }

    /// Writes the number of a commit that is on disk. Where the file does not take it, its number
    /// stays too low, which refuses nothing.
    func raise(to number: Int64) {
        let bytes = Self.bytes(of: number)
        state.withLock { state in
            guard number > state else { return }
            state = number
            _ = pwrite(descriptor, bytes, bytes.count, off_t(Self.idBytes))
        }
    }

    /// Has the number put on disk.
    func sync() throws {
        guard fdatasync(descriptor) == 0 else { throw POSIXFileError(path) }
    }
}

extension Schema {
    /// One row: whose commits are counted, and the number of the last.
    static let commitMark = """
        CREATE TABLE commitMark (
            id     INTEGER PRIMARY KEY CONSTRAINT one_row CHECK (id = 1),
            store  TEXT    NOT NULL,
            number INTEGER NOT NULL
        ) STRICT;
        """
}

/// Why a store is not opened although SQLite would open it.
enum IncompleteStore: Error, Equatable, CustomStringConvertible {
    /// The database is there, the file with its mark is not.
    case markMissing(database: String)
    /// - Parameters:
    ///   - found: the number of the last commit in the database.
    ///   - wanted: the number of the last commit that was acknowledged.
    case commitsMissing(database: String, found: Int64, wanted: Int64, hasLog: Bool)
    case otherStore(database: String)

    var description: String {
        switch self {
        case .markMissing(let database):
            "'\(database)' is incomplete: its folder has no \(Self.name(database))-mark, so it was "
                + "copied out of its data directory, perhaps without its write-ahead log "
                + "\(Self.name(database))-wal; copy the whole folder. " + Self.wayOut
        case .commitsMissing(let database, let found, let wanted, let hasLog):
            "'\(database)' is incomplete: it ends with commit \(found), and commit \(wanted) was "
                + "acknowledged; its write-ahead log \(Self.name(database))-wal is "
                + (hasLog ? "not the one that belongs to it" : "missing")
                + ": put it back, or copy the whole folder again while no coordinator uses it. "
                + Self.wayOut
        case .otherStore(let database):
            "'\(database)' and \(Self.name(database))-mark belong to different stores: copy the "
                + "whole folder. " + Self.wayOut
        }
    }

    private static func name(_ database: String) -> Substring {
        database.split(separator: "/").last ?? database[...]
    }

    private static let wayOut =
        "`gdln-coordinator check --accept-loss` accepts the store as it is; what is missing is "
        + "then lost"
}
