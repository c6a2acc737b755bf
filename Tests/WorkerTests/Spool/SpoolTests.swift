import FoundationEssentials
import Logging
import Shared
import TestSupport
import Testing

@testable import Worker

/// What is not told yet outlives the process that had to tell it.
@Suite struct SpoolTests {
    private let directory: TemporaryDirectory
    private var path: String { directory.path + "/spool" }

    init() throws { directory = try TemporaryDirectory() }

    static func lease(_ id: String = "l1") -> Lease {
        Lease(
            id: LeaseID(unchecked: id), token: LeaseToken(unchecked: "t1"),
            task: SweepTaskID(unchecked: "a1"), sweep: "s", attempt: 1,
            configuration: .object([:]), dataDigest: Digest(of: Data()), expiresInSeconds: 30)
    }

    static let rows = (1...3).map {
        MetricRow(epoch: $0, split: .test, values: ["loss": MetricValue(1 / Float($0))])
    }
    static let end = AttemptEnd.trained(
        CompleteRequest(epochsCompleted: 3, rowCount: 3, trajectory: Digest(of: Data())))

    private func spool(_ name: String) throws -> Spool {
        try Spool(directory: path, owner: WorkerName(unchecked: name))
    }

    private var names: [String] {
        get throws { try FileManager.default.contentsOfDirectory(atPath: path).sorted() }
    }

    @Test func `a journal has all that it was given`() throws {
        let journal = try spool("w").journal(of: Self.lease())
        try journal.append(Array(Self.rows.prefix(1)))
        try journal.append(Array(Self.rows.dropFirst()))
        #expect(try ForsakenJournal(at: journal.path) == nil)
        try journal.append(Self.end)
        let found = try #require(try ForsakenJournal(at: journal.path))
        #expect(found.lease == Self.lease())
        #expect(found.rows == Self.rows)
        #expect(found.end == Self.end)
        #expect(found.damagedLines == 0)
        journal.remove()
        #expect(throws: (any Error).self) { try ForsakenJournal(at: journal.path) }
    }

    @Test func `a journal that was cut short or has flipped bits says nothing false`() throws {
        let journal = try spool("w").journal(of: Self.lease())
        try journal.append(Self.rows)
        try journal.append(Self.end)
        let whole = try Data(contentsOf: URL(filePath: journal.path))
        for index in whole.indices {
            var damaged = whole
            damaged[index] ^= 1 << (index % 8)
            for data in [damaged, Data(whole.prefix(index))] {
                guard let found = try? ForsakenJournal(data) else { continue }
                #expect(found.end == Self.end && found.lease == Self.lease())
                #expect(found.rows == (found.damagedLines == 0 ? Self.rows : []))
            }
        }
    }

    @Test func `one flipped bit costs one line, and is never taken for an attempt without an end`()
        throws
    {
        let journal = try spool("w").journal(of: Self.lease())
        try journal.append(Self.rows)
        try journal.append(Self.end)
        let whole = try Data(contentsOf: URL(filePath: journal.path))
        let ends = whole.indices.filter { whole[$0] == 0x0A }
        for index in whole.indices {
            var damaged = whole
            damaged[index] ^= 1 << (index % 8)
            if index > ends[0], index < ends[1] {
                let found = try #require(try ForsakenJournal(damaged))
                #expect(found.end == Self.end && found.rows.isEmpty && found.damagedLines >= 1)
            } else {
                #expect(throws: JournalDamage.self) { try ForsakenJournal(damaged) }
            }
        }
    }

    @Test func `only the dead are forsaken`() throws {
        let mine = try spool("mine")
        var other: Spool? = try spool("other")
        _ = try #require(other).journal(of: Self.lease())
        #expect(mine.forsaken().isEmpty)
        // As at a death: the lock goes, the folder stays.
        other = nil
        let found = mine.forsaken()
        #expect(found.map(\.folder) == [path + "/other"])
        #expect(found.first?.journals == [path + "/other/l1.journal"])
        // Two that look at the same time do not get the same.
        #expect(try spool("third").forsaken().isEmpty)
    }

    @Test func `who leaves nothing to do leaves nothing behind`() throws {
        let leaving = try spool("leaving")
        try leaving.check()
        leaving.close()
        #expect(try names == [])
        let busy = try spool("busy")
        _ = try busy.journal(of: Self.lease())
        busy.close()
        #expect(try names == ["busy", "busy.lock"])
    }

    @Test func `a name that is in use is refused`() throws {
        let first = try spool("w")
        #expect(throws: SpoolError.self) { try spool("w") }
        withExtendedLifetime(first) {}
    }

    @Test func `what cannot be kept is told before a task is asked for`() throws {
        let spool = try spool("w")
        try FileManager.default.removeItem(atPath: path + "/w")
        #expect(throws: POSIXFileError.self) { try spool.check() }
    }
}
