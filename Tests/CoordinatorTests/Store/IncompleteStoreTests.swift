import ArgumentParser
import Foundation
import GRDB
import HummingbirdTesting
import Logging
import Shared
import TestSupport
import Testing

@testable import Coordinator

/// Copies of a data directory that lack a part, made at every moment of a history: `check` and
/// `serve` find all that was acknowledged, or refuse the copy by name.
@Suite(.timeLimit(.minutes(10))) struct IncompleteStoreTests {
    /// A copy of the files of a store that is open is what `kill -9` leaves.
    enum Moment: String, CaseIterable {
        case beforeTheFirstSweep, afterSubmission, inTraining
        /// The log was copied over to the database by itself, and more was written then.
        case afterACheckpoint
        case afterACleanEnd
        /// Killed; then another program opened the database and closed it.
        case afterAnotherProgram

        /// Whether the database alone has everything.
        var isFolded: Bool { self == .afterACleanEnd || self == .afterAnotherProgram }
    }

    enum Cut: String, CaseIterable {
        case nothing, allButTheDatabase, log, logAndIndex, mark
    }

    /// What the calls that were answered have stored.
    private struct Facts: Equatable {
        var counts: [Int]

        init(_ store: Store) async throws {
            counts = try await store.pool.read { database in
                try ["sweep", "task", "attempt", "metric", "request", "dataset"].map { table in
                    try Int.fetchOne(database, sql: "SELECT count(*) FROM \(table)") ?? -1
                } + [try Int.fetchOne(database, sql: "SELECT sum(epochsCompleted) FROM task") ?? 0]
            }
        }
    }

    /// A copy of the data directory of that moment, and what it must have.
    private static func data(at moment: Moment) async throws -> (TemporaryDirectory, Facts) {
        let world = try await ServerWorld()
        let store = world.server.store
        try await world.test { client in
            if moment == .beforeTheFirstSweep { return }
            #expect(try await client.post("/v1/sweeps", ServerWorld.sweep()).status == 201)
            if moment == .afterSubmission { return }
            let leases = try await client.lease(slots: 2)
            try await ReportsTests.finish(leases[0], client)
            if moment == .afterACheckpoint {
                _ = try await store.pool.writeWithoutTransaction { try $0.checkpoint(.passive) }
            }
            let half = MetricsRequest(
                firstSequence: 0, rows: Array(ReportsTests.rows(of: leases[1]).prefix(2)),
                epochsCompleted: 1)
            #expect(try await client.tell(leases[1], "metrics", half).status == 200)
        }
        if moment == .afterACleanEnd { try await store.foldLog() }
        let facts = try await Facts(store)
        let copy = try TemporaryDirectory()
        try FileManager.default.copyItem(
            atPath: world.server.directory.path, toPath: copy.path + "/data")
        if moment == .afterAnotherProgram {
            let path = copy.path + "/data/coordinator.sqlite"
            let other = try DatabaseQueue(path: path)
            let hasSweeps = try await other.read { try $0.tableExists("sweep") }
            #expect(hasSweeps)
            try other.close()
            #expect(!FileManager.default.fileExists(atPath: path + "-wal"))
        }
        return (copy, facts)
    }

    private static func cut(_ data: String, _ cut: Cut) throws {
        let files = FileManager.default
        let database = data + "/coordinator.sqlite"
        switch cut {
        case .nothing: break
        case .log: try? files.removeItem(atPath: database + "-wal")
        case .mark: try files.removeItem(atPath: database + "-mark")
        case .logAndIndex:
            for end in ["-wal", "-shm"] { try? files.removeItem(atPath: database + end) }
        case .allButTheDatabase:
            for name in try files.contentsOfDirectory(atPath: data)
            where name != "coordinator.sqlite" {
                try files.removeItem(atPath: "\(data)/\(name)")
            }
        }
    }

    private static func serve(_ data: String) throws -> Store {
        try CoordinatorServer(
            dataDirectory: data, leaseDuration: .seconds(30),
            logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })
        ).store
    }

    /// What refused it; nil where nothing did.
    private static func refusal(_ body: () async throws -> Void) async throws -> IncompleteStore? {
        do {
            try await body()
            return nil
        } catch let error as IncompleteStore {
            return error
        }
    }

    @Test(arguments: Moment.allCases, Cut.allCases)
    func `a cut store has all that was acknowledged, or is refused`(moment: Moment, cut: Cut)
        async throws
    {
        let (copy, facts) = try await Self.data(at: moment)
        let data = copy.path + "/data"
        try Self.cut(data, cut)
        let twin = copy.path + "/twin"
        try FileManager.default.copyItem(atPath: data, toPath: twin)
        let mustOpen = cut == .nothing || (moment.isFolded && (cut == .log || cut == .logAndIndex))

        let checked = try await Self.refusal { try await Check.parse(["--data-dir", data]).run() }
        #expect((checked == nil) == mustOpen, "\(String(describing: checked))")
        let served = try await Self.refusal {
            let found = try await Facts(Self.serve(twin))
            #expect(found == facts)
        }
        #expect((served == nil) == mustOpen, "\(String(describing: served))")
        for refusal in [checked, served].compactMap({ $0 }) {
            let sentence = "\(refusal)"
            #expect(sentence.contains("/coordinator.sqlite' is incomplete: "))
            #expect(sentence.contains("coordinator.sqlite-wal"))
        }
    }

    @Test(arguments: [Moment.afterSubmission, .inTraining, .afterACheckpoint])
    func `a refused store is whole again with its log`(moment: Moment) async throws {
        let (copy, facts) = try await Self.data(at: moment)
        let (data, log) = (copy.path + "/data", copy.path + "/data/coordinator.sqlite-wal")
        let database = copy.path + "/data/coordinator.sqlite"
        try FileManager.default.moveItem(atPath: log, toPath: copy.path + "/log")
        let before = FileManager.default.contents(atPath: database)
        for _ in 0..<2 {
            let refusal = try await Self.refusal { _ = try Self.serve(data) }
            guard case .commitsMissing = refusal else { throw StoreWorld.Nothing() }
        }
        #expect(FileManager.default.contents(atPath: database) == before)
        // SQLite has made an empty one.
        #expect((FileManager.default.contents(atPath: log) ?? Data()).isEmpty)
        try? FileManager.default.removeItem(atPath: log)
        try FileManager.default.moveItem(atPath: copy.path + "/log", toPath: log)
        #expect(try await Facts(Self.serve(data)) == facts)
    }

    /// As a restore that puts back the database of today and the log of yesterday.
    @Test func `an older log beside a complete database is refused, and harms nothing`()
        async throws
    {
        let world = try await ServerWorld()
        let database = world.server.directory.databasePath
        let old = world.directory.path + "/old"
        try await world.test { client in
            #expect(try await client.post("/v1/sweeps", ServerWorld.sweep()).status == 201)
            try FileManager.default.copyItem(atPath: database + "-wal", toPath: old)
            let leases = try await client.lease(slots: 2)
            try await ReportsTests.finish(leases[0], client)
        }
        try await world.server.store.foldLog()
        let facts = try await Facts(world.server.store)
        let copy = try TemporaryDirectory()
        let data = copy.path + "/data"
        try FileManager.default.copyItem(atPath: world.server.directory.path, toPath: data)
        let log = data + "/coordinator.sqlite-wal"
        try? FileManager.default.removeItem(atPath: log)
        try? FileManager.default.removeItem(atPath: data + "/coordinator.sqlite-shm")
        try FileManager.default.copyItem(atPath: old, toPath: log)
        let before = FileManager.default.contents(atPath: data + "/coordinator.sqlite")
        let refusal = try await Self.refusal { _ = try Self.serve(data) }
        guard case .commitsMissing(_, _, _, hasLog: true) = refusal else {
            Issue.record("\(String(describing: refusal))")
            return
        }
        #expect(FileManager.default.contents(atPath: data + "/coordinator.sqlite") == before)
        try FileManager.default.removeItem(atPath: log)
        #expect(try await Facts(Self.serve(data)) == facts)
    }

    /// Builds before the mark have none: that their store is another build's says more.
    @Test func `a store of another build is named as that`() async throws {
        let (copy, _) = try await Self.data(at: .afterACleanEnd)
        let data = copy.path + "/data"
        let queue = try DatabaseQueue(path: data + "/coordinator.sqlite")
        try await queue.write { database in
            try database.execute(
                sql: """
                    UPDATE grdb_migrations SET identifier = '1: tables'
                    WHERE identifier LIKE '2:%'
                    """)
        }
        try queue.close()
        for hasMark in [true, false] {
            if !hasMark { try Self.cut(data, .mark) }
            #expect(throws: StoreError.otherBuild(path: data + "/coordinator.sqlite")) {
                _ = try Self.serve(data)
            }
        }
        #expect(!FileManager.default.fileExists(atPath: data + "/coordinator.sqlite-mark"))
    }

    @Test func `a database that is gone, or another one, is refused`() async throws {
        let (copy, _) = try await Self.data(at: .afterACleanEnd)
        let (other, _) = try await Self.data(at: .afterACleanEnd)
        let path = "/data/coordinator.sqlite"
        try FileManager.default.removeItem(atPath: copy.path + path)
        guard
            case .commitsMissing = try await Self.refusal({
                _ = try Self.serve(copy.path + "/data")
            })
        else { throw StoreWorld.Nothing() }
        #expect(!FileManager.default.fileExists(atPath: copy.path + path))
        try FileManager.default.copyItem(
            atPath: other.path + path, toPath: copy.path + path)
        guard case .otherStore = try await Self.refusal({ _ = try Self.serve(copy.path + "/data") })
        else { throw StoreWorld.Nothing() }
    }

    @Test func `a person can accept the loss`() async throws {
        let (copy, _) = try await Self.data(at: .afterACheckpoint)
        let data = copy.path + "/data"
        try Self.cut(data, .logAndIndex)
        let refusal = try await Self.refusal { _ = try Self.serve(data) }
        #expect(refusal != nil)
        try await Check.parse(["--data-dir", data, "--accept-loss"]).run()
        #expect(try await Facts(Self.serve(data)).counts[0] == 1)
    }

    @Test func `a first start that was cut short is gone on with`() throws {
        let parent = try TemporaryDirectory()
        let path = parent.path + "/data/coordinator.sqlite"
        _ = try DataDirectory(path: parent.path + "/data")
        try CommitMark.write(
            ofDatabase: path, store: String(repeating: "a", count: 32), number: 0)
        try Data().write(to: URL(filePath: path))
        _ = try Self.serve(parent.path + "/data")
        let mark = try #require(try CommitMark(ofDatabase: path))
        #expect(mark.store == String(repeating: "a", count: 32) && mark.number >= 1)
    }

    @Test func `a mark that is none is told`() throws {
        let parent = try TemporaryDirectory()
        let data = parent.path + "/data"
        _ = try Self.serve(data)
        try Data([1, 2]).write(to: URL(filePath: data + "/coordinator.sqlite-mark"))
        #expect {
            try Self.serve(data)
        } throws: {
            "\($0)".contains("it has 2 bytes, not 40")
        }
    }

    /// A write that is refused, one that changes nothing, and ones that share a transaction.
    @Test func `the mark has the number of the last commit`() async throws {
        let world = try StoreWorld()
        let path = world.directory.path + "/coordinator.sqlite"
        func expectEqual() async throws {
            let stored = try await world.number("SELECT number FROM commitMark")
            #expect(try CommitMark(ofDatabase: path)?.number == Int64(stored))
        }
        try await expectEqual()
        try await world.create(tasks: 20)
        try await expectEqual()
        let leases = try await world.lease(slots: 20)
        let store = world.store
        try await withThrowingTaskGroup(of: Void.self) { group in
            for lease in leases {
                group.addTask {
                    let rows = StoreWorld.rows(epochs: 2)
                    let metrics = MetricsRequest(
                        firstSequence: 0, rows: rows, epochsCompleted: 2)
                    try await store.append(PackedMetrics(metrics), to: lease.lease)
                    // The first is refused, and the second is taken.
                    let wrong = StoreWorld.result(epochs: 2, shift: 1)
                    _ = try? await store.complete(lease.lease, wrong)
                    try await store.complete(lease.lease, StoreWorld.result(epochs: 2))
                }
            }
            try await group.waitForAll()
        }
        try await expectEqual()
        let before = try await world.number("SELECT number FROM commitMark")
        _ = try? await world.store.complete(leases[0].lease, StoreWorld.result(epochs: 2))
        #expect(try await world.number("SELECT number FROM commitMark") == before)
        try world.reopen()
        try await expectEqual()
    }
}
