import FoundationEssentials
import GRDB
import Shared

/// Compares a store with its commit mark before anything is read from it or written to it.
extension Store {
    /// Opens the database, or makes it.
    /// - Parameter acceptsLoss: takes what is there for complete, and writes a new mark.
    /// - Throws: `IncompleteStore` where acknowledged commits are missing. A database without a log
    ///   is then left as it was.
    static func open(
        _ path: String, _ configuration: GRDB.Configuration, acceptsLoss: Bool,
        _ randomBits: () -> UInt64
    ) throws -> (DatabasePool, CommitMark) {
        if byteCount(path) > 0, try CommitMark(ofDatabase: path) == nil {
            // Builds before the mark have none.
            let isOther = try reading(path, configuration, Schema.migrator.hasBeenSuperseded)
            if isOther { throw StoreError.otherBuild(path: path) }
        }
        let mark = acceptsLoss ? nil : try firstMark(path, randomBits)
        if let mark { try check(mark, path, configuration) }
        let pool = try DatabasePool(path: path, configuration: configuration)
        return (pool, try mark ?? newMark(pool, path, randomBits))
    }

    /// Compares the database's own number with the mark's.
    private static func check(
        _ mark: CommitMark, _ path: String, _ configuration: GRDB.Configuration
    ) throws {
        guard byteCount(path) > 0 else { return }
        let hasLog = byteCount(path + "-wal") > 0
        let stored = try reading(path, configuration) { try storedMark($0) }
        guard stored == nil || stored?.store == mark.store else {
            throw IncompleteStore.otherStore(database: path)
        }
        let found = stored?.number ?? 0
        guard found >= mark.number else {
            throw IncompleteStore.commitsMissing(
                database: path, found: found, wanted: mark.number, hasLog: hasLog)
        }
    }

    /// Reads by a connection that changes neither the database nor its log. A pool writes to the
    /// log when it opens a database, and a log that is put back later would not fit any more. The
    /// last connection that may write copies the log to the database when it closes, also an older
    /// log beside a newer database.
    private static func reading<Value>(
        _ path: String, _ configuration: GRDB.Configuration,
        _ read: (Database) throws -> Value
    ) throws -> Value {
        var configuration = configuration
        configuration.readonly = true
        let queue = try DatabaseQueue(path: path, configuration: configuration)
        let value = try queue.read(read)
        try queue.close()
        return value
    }

    /// Counts the opening of a new database, and has the mark on disk.
    static func takeUp(_ mark: CommitMark, _ pool: DatabasePool) throws {
        let number = try pool.writeWithoutTransaction { database in
            if let stored = try storedMark(database) { return stored.number }
            let number = mark.number + 1
            try database.execute(
                sql: "INSERT INTO commitMark (id, store, number) VALUES (1, ?, ?)",
                arguments: [mark.store, number])
            return number
        }
        mark.raise(to: number)
        try mark.sync()
    }

    /// The mark beside the database; where there is neither, a new one, which is on disk.
    private static func firstMark(_ path: String, _ randomBits: () -> UInt64) throws
        -> CommitMark
    {
        // A database without a byte is one whose first start was cut short.
        let hasDatabase = byteCount(path) > 0
        if let mark = try CommitMark(ofDatabase: path) {
            guard hasDatabase || mark.number == 0 else {
                throw IncompleteStore.commitsMissing(
                    database: path, found: 0, wanted: mark.number,
                    hasLog: byteCount(path + "-wal") > 0)
            }
            return mark
        }
        guard !hasDatabase else { throw IncompleteStore.markMissing(database: path) }
        return try write(store: freshID(randomBits), number: 0, path)
    }

    /// A mark that says of the database what it says itself.
    private static func newMark(
        _ pool: DatabasePool, _ path: String, _ randomBits: () -> UInt64
    ) throws -> CommitMark {
        let stored = try pool.read { try storedMark($0) }
        return try write(
            store: stored?.store ?? freshID(randomBits), number: stored?.number ?? 0, path)
    }

    private static func write(store: String, number: Int64, _ path: String) throws -> CommitMark {
        try CommitMark.write(ofDatabase: path, store: store, number: number)
        guard let mark = try CommitMark(ofDatabase: path) else { throw POSIXFileError(path) }
        return mark
    }

    private static func freshID(_ randomBits: () -> UInt64) -> String {
        hexadecimalString(
            [randomBits(), randomBits()].flatMap { bits in
                withUnsafeBytes(of: bits.bigEndian) { Array($0) }
            })
    }

    /// Nil in a database that is not made up yet.
    private static func storedMark(_ database: Database) throws -> (store: String, number: Int64)? {
        guard try database.tableExists("commitMark") else { return nil }
        return try database.firstRow("SELECT store, number FROM commitMark", []) { row in
            (try row[stored: 0], try row[stored: 1])
        }
    }

    /// 0 where there is no file.
    private static func byteCount(_ path: String) -> Int { FileStatus(of: path)?.byteCount ?? 0 }
}

/// The end of a coordinator.
extension Store {
    /// Carries the write-ahead log over to the database's file, which then has everything.
    /// - Throws: where a reader is in the way, or the disk is; the log then keeps what it has.
    func foldLog() async throws {
        let log = pool.path + "-wal"
        _ = try await pool.writeWithoutTransaction { try $0.checkpoint(.truncate) }
        let left = Self.byteCount(log)
        guard left == 0 else { throw StoreError.logNotFolded(path: log, bytes: left) }
    }
}
