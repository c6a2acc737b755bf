import Foundation
import GRDB
import Shared
import Synchronization
import TestSupport
import Testing

@testable import Coordinator

@Suite(.timeLimit(.minutes(10))) struct GroupCommitTests {
    let directory: TemporaryDirectory
    let pool: DatabasePool
    let commits: GroupCommit

    init() throws {
        directory = try TemporaryDirectory()
        pool = try DatabasePool(path: directory.path + "/test.sqlite")
        try pool.write { try $0.execute(sql: "CREATE TABLE number (n INTEGER, text TEXT)") }
        commits = GroupCommit(writer: pool, batchMax: 16)
    }

    private func insert(_ number: Int) async throws -> Int {
        try await commits.write { database in
            try database.execute(sql: "INSERT INTO number (n) VALUES (?)", arguments: [number])
            return number
        }
    }

    private func numbers() async throws -> [Int] {
        try await pool.read { try Int.fetchAll($0, sql: "SELECT n FROM number ORDER BY n") }
    }

    @Test func `a write that throws leaves no trace, and its neighbours are kept`() async throws {
        struct Mistake: Error {}
        let answers = await withTaskGroup(of: Int?.self) { group in
            for number in 0..<100 {
                group.addTask {
                    try? await commits.write { database in
                        try database.execute(
                            sql: "INSERT INTO number (n) VALUES (?)", arguments: [number])
                        if number % 3 == 0 { throw Mistake() }
                        return number
                    }
                }
            }
            return await group.reduce(into: [Int]()) { if let number = $1 { $0.append(number) } }
        }
        let wanted = (0..<100).filter { $0 % 3 != 0 }
        #expect(answers.sorted() == wanted)
        #expect(try await numbers() == wanted)
    }

    @Test func `writes that wait together share transactions`() async throws {
        let counter = CommitCounter()
        pool.add(transactionObserver: counter, extent: .databaseLifetime)
        // The writer is busy until all have come, so that they wait together.
        let come = Arrivals()
        try await withThrowingTaskGroup(of: Int.self) { group in
            group.addTask {
                try await commits.write { _ in
                    while come.count.withLock({ $0 }) < 200 { Thread.sleep(forTimeInterval: 0.001) }
                    return 0
                }
            }
            for number in 0..<200 {
                group.addTask {
                    come.count.withLock { $0 += 1 }
                    return try await insert(number)
                }
            }
            try await group.waitForAll()
        }
        #expect(try await numbers().count == 200)
        // Two hundred would be one each, and fewer than thirteen larger batches than allowed.
        #expect(
            (13..<120).contains(counter.count.withLock { $0 }), "\(counter.count.withLock { $0 })")
    }

    @Test func `what follows a write happens in the order of the writes, before its answer`()
        async throws
    {
        let order = Order()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<100 {
                group.addTask {
                    let rank = try await commits.write { database in
                        try database.execute(
                            sql: "INSERT INTO number (n) VALUES (?)", arguments: [number])
                        return Int(database.lastInsertedRowID)
                    } whenDurable: { rank in
                        order.ranks.withLock { $0.append(rank) }
                    }
                    #expect(order.ranks.withLock { $0.contains(rank) })
                }
            }
            try await group.waitForAll()
        }
        #expect(order.ranks.withLock { $0 } == Array(1...100))
    }

    @Test func `where no transaction can begin, everybody hears of it and nobody waits`()
        async throws
    {
        try pool.close()
        await withTaskGroup(of: Bool.self) { group in
            for number in 0..<50 { group.addTask { (try? await insert(number)) == nil } }
            for await isRefused in group { #expect(isRefused) }
        }
    }

    @Test func `a full disk is an error that may pass, and it does`() async throws {
        let pages = try await pool.writeWithoutTransaction {
            try Int.fetchOne($0, sql: "PRAGMA page_count") ?? 0
        }
        try await setPagesMax(pages + 2)
        let long = String(repeating: "x", count: 100_000)
        await #expect {
            try await commits.write { database in
                try database.execute(
                    sql: "INSERT INTO number (text) VALUES (?)", arguments: [long])
            }
        } throws: {
            $0.isStorageFailure && !$0.isFailedSync
        }
        #expect(try await numbers().isEmpty)
        try await setPagesMax(1 << 30)
        #expect(try await insert(1) == 1)
    }

    @Test func `a read-only database is an error that may pass`() async throws {
        try await pool.writeWithoutTransaction { try $0.execute(sql: "PRAGMA query_only = ON") }
        await #expect {
            _ = try await insert(1)
        } throws: {
            $0.isStorageFailure
        }
        try await pool.writeWithoutTransaction { try $0.execute(sql: "PRAGMA query_only = OFF") }
        #expect(try await insert(2) == 2)
        #expect(try await numbers() == [2])
    }

    /// A second try to sync may succeed falsely.
    @Test func `after a failed sync nothing more is written`() async throws {
        let failing = GroupCommit(writer: pool, batchMax: 16)
        pool.add(transactionObserver: FailingSync(), extent: .databaseLifetime)
        for _ in 0..<3 {
            await #expect {
                try await failing.write { try $0.execute(sql: "INSERT INTO number (n) VALUES (1)") }
            } throws: {
                $0.isFailedSync && $0.isStorageFailure
            }
        }
        #expect(failing.brokenBy != nil)
        #expect(try await numbers().isEmpty)
    }

    private func setPagesMax(_ pages: Int) async throws {
        try await pool.writeWithoutTransaction {
            _ = try Int.fetchOne($0, sql: "PRAGMA max_page_count = \(pages)")
        }
    }
}

private final class Order: Sendable {
    let ranks = Mutex<[Int]>([])
}

private final class Arrivals: Sendable {
    let count = Mutex(0)
}

private final class CommitCounter: TransactionObserver {
    let count = Mutex(0)

    func observes(eventsOfKind eventKind: DatabaseEventKind) -> Bool { true }
    func databaseDidChange(with event: DatabaseEvent) {}
    func databaseDidCommit(_ database: Database) { count.withLock { $0 += 1 } }
    func databaseDidRollback(_ database: Database) {}
}

/// Makes every COMMIT fail as a disk does that lost what it was given.
private final class FailingSync: TransactionObserver {
    func observes(eventsOfKind eventKind: DatabaseEventKind) -> Bool { true }
    func databaseDidChange(with event: DatabaseEvent) {}
    func databaseWillCommit() throws { throw DatabaseError(resultCode: .SQLITE_IOERR_FSYNC) }
    func databaseDidCommit(_ database: Database) {}
    func databaseDidRollback(_ database: Database) {}
}
