import Shared
import TestSupport
import Testing

@testable import Coordinator

/// Who is suspect, as a table. A letter is a task of the sweep `s`, lower-case where it succeeded
/// and upper-case where it failed; newest first. After a colon, of another sweep.
@Suite struct SuspectRuleTests {
    struct Case: CustomTestStringConvertible, Sendable {
        let what: String
        let host: String
        let others: [String]
        let isSuspect: Bool
        var testDescription: String { what }

        init(_ what: String, _ host: String, others: [String], suspect: Bool) {
            (self.what, self.host, self.others, isSuspect) = (what, host, others, suspect)
        }
    }

    static let cases = [
        Case("five fail here, three succeed there", "ABCDE", others: ["xyz"], suspect: true),
        Case("three hosts share what succeeds", "ABCDE", others: ["x", "y", "z"], suspect: true),
        Case("four are too few", "ABCD", others: ["xyz"], suspect: false),
        Case("the newest succeeded", "aBCDEF", others: ["xyz"], suspect: false),
        Case("an older success does not help", "ABCDEf", others: ["xyz"], suspect: true),
        Case("a success in between breaks the row", "ABcDEF", others: ["xyz"], suspect: false),
        Case("a lone host", "ABCDEFGH", others: [], suspect: false),
        Case("others that have trained nothing yet", "ABCDEFGH", others: [""], suspect: false),
        Case("two successes elsewhere are too few", "ABCDE", others: ["xy"], suspect: false),
        Case("the same tasks succeed elsewhere", "ABCDE", others: ["abc"], suspect: true),
        Case("the same tasks fail elsewhere", "ABCDE", others: ["ABCDExyz"], suspect: false),
        Case("one of them fails elsewhere", "ABCDE", others: ["Axyz"], suspect: false),
        Case("five more beside it do not", "ABCDEF", others: ["Axyz"], suspect: true),
        Case("others fail too, in others", "ABCDE", others: ["WVxyz"], suspect: false),
        Case("others fail seldom", "ABCDE", others: ["Wxyzu"], suspect: true),
        Case("others fail a little too often", "ABCDE", others: ["Wxyz"], suspect: false),
        Case("others trained another sweep", "ABCDE", others: [":xyzuvw"], suspect: false),
        Case("others fail in another sweep", "ABCDE", others: ["xyz", ":UVW"], suspect: true),
    ]

    private static func outcomes(_ text: String) -> [SuspectRule.Outcome] {
        let sweep = text.hasPrefix(":") ? "other" : "s"
        return text.filter { $0 != ":" }.map { letter in
            SuspectRule.Outcome(
                sweep: sweep, task: SweepTaskID(unchecked: letter.lowercased()),
                failures: letter.isUppercase ? [LeaseID(unchecked: "lease-\(letter)")] : [])
        }
    }

    @Test(arguments: cases)
    func `a host is suspect where the table says`(row: Case) {
        var outcomes = ["here": Self.outcomes(row.host)]
        for (number, other) in row.others.enumerated() {
            outcomes["host-\(number)"] = Self.outcomes(other)
        }
        let suspicion = SuspectRule.suspicion(of: "here", among: outcomes)
        #expect((suspicion != nil) == row.isSuspect)
        // Whoever else fails is not meant.
        for number in row.others.indices {
            let other = SuspectRule.suspicion(of: "host-\(number)", among: outcomes)
            #expect(other == nil)
        }
    }

    @Test func `two bad hosts do not excuse each other where a third trains the same`() {
        let bad = Self.outcomes("ABCDE")
        let outcomes = ["a": bad, "b": bad, "c": Self.outcomes("abcde")]
        let suspects = outcomes.keys.sorted().filter {
            SuspectRule.suspicion(of: $0, among: outcomes) != nil
        }
        #expect(suspects == ["a", "b"])
    }

    @Test func `a suspicion says why, and which attempts it is about`() throws {
        let suspicion = try #require(
            SuspectRule.suspicion(
                of: "here", among: ["here": Self.outcomes("ABCDEFg"), "a": Self.outcomes("Fwxyz")]))
        #expect(suspicion.failures.map(\.rawValue) == "ABCDE".map { "lease-\($0)" })
        #expect(
            suspicion.reason
                == "the last 5 tasks on it failed or were lost, while others trained 4 of the same "
                + "sweeps and failed in 0")
    }
}

@Suite struct HostRecordsTests {
    private let records = HostRecords(setAside: [:], refusals: [:])

    private func record(_ host: String, _ tasks: String) {
        for (number, letter) in tasks.enumerated() {
            let lease = LeaseID(unchecked: "\(host)-\(letter)-\(number)")
            records.record(
                .init(
                    host: host, sweep: "s", task: SweepTaskID(unchecked: letter.lowercased())),
                failed: letter.isUppercase ? lease : nil)
        }
    }

    @Test func `evidence that comes late counts, and each suspicion is told once`() {
        record("bad", "ABCDE")
        #expect(records.takeSuspicions().isEmpty)
        record("good", "xy")
        #expect(records.takeSuspicions().isEmpty)
        record("good", "z")
        #expect(records.takeSuspicions().map(\.host) == ["bad"])
        #expect(records.takeSuspicions().isEmpty)
        // It could not be set aside: it is asked again.
        records.keep("bad")
        #expect(records.takeSuspicions().map(\.host) == ["bad"])
        records.set(aside: "bad", .init(reason: "r", at: Timestamp(milliseconds: 0)))
        record("bad", "F")
        #expect(records.takeSuspicions().isEmpty)
    }

    @Test func `one task that fails again and again is one task`() {
        record("good", "xyz")
        record("bad", "AAAAAAAA")
        #expect(records.takeSuspicions().isEmpty)
        record("bad", "BCDE")
        #expect(records.takeSuspicions().first?.failures.count == 12)
    }

    /// A worker for each group of tasks, which are lost together.
    private func lose(_ host: String, _ groups: [String]) {
        let start = ContinuousClock.now
        for (number, group) in groups.enumerated() {
            let held = group.map { letter in
                LiveLeases.Holder.Held(
                    lease: LeaseID(unchecked: "\(host)-\(letter)"),
                    work: .init(
                        host: host, sweep: "s",
                        task: SweepTaskID(unchecked: letter.lowercased())))
            }
            records.record(
                vanished: .init(
                    worker: WorkerName(unchecked: "\(host)-worker-\(number)"), held: held),
                now: start + .seconds(60 * number), period: .seconds(30))
        }
    }

    @Test func `what vanishes is one failure a worker, and all that it held is given back`() {
        record("good", "wxyz")
        lose("bad", ["AB", "CD", "EF", "GH"])
        #expect(records.takeSuspicions().isEmpty)
        lose("bad-too", ["IJ"])
        #expect(records.takeSuspicions().isEmpty)
        record("bad", "K")
        #expect(records.takeSuspicions().first?.failures.count == 9)
    }

    @Test func `what comes back and is lost again is given back once`() {
        record("good", "xyz")
        for _ in 0..<3 { lose("bad", ["AB", "CD", "EF", "GH", "IJ"]) }
        #expect(records.takeSuspicions().first?.failures.count == 10)
    }

    @Test func `a task that kills workers is excused, whatever was lost with it`() {
        record("a", "xyz")
        record("b", "uvw")
        // The first of each five is the one that kills.
        lose("a", ["AF", "BG", "CH", "DI", "EJ"])
        lose("b", ["KA", "LB", "MC", "ND", "OE"])
        #expect(records.takeSuspicions().isEmpty)
        // Those trained elsewhere, it was not they.
        record("c", "abcdefghijklmno")
        #expect(records.takeSuspicions().map(\.host) == ["a", "b"])
    }

    @Test func `a host that is let back begins anew`() {
        record("good", "xyz")
        record("bad", "ABCDE")
        #expect(records.takeSuspicions().count == 1)
        records.set(aside: "bad", .init(reason: "r", at: Timestamp(milliseconds: 0)))
        records.letBack("bad")
        #expect(records.setAside("bad") == nil)
        record("bad", "FGHI")
        #expect(records.takeSuspicions().isEmpty)
        record("bad", "J")
        #expect(records.takeSuspicions().map(\.host) == ["bad"])
    }

    /// Two bad hosts and a good one: the first that was set aside is no witness against the second.
    @Test func `how a host fails that is set aside says nothing of others`() {
        record("good", "xyzuvw")
        record("bad", "ABCDE")
        #expect(records.takeSuspicions().map(\.host) == ["bad"])
        records.set(aside: "bad", .init(reason: "r", at: Timestamp(milliseconds: 0)))
        record("worse", "ABCDE")
        #expect(records.takeSuspicions().map(\.host) == ["worse"])
    }
}

@Suite struct RecheckRuleTests {
    private static let tasks = (0..<20_000).map {
        SweepTaskID(unchecked: String(Digest(of: Array("\($0)".utf8)).hexadecimal.prefix(32)))
    }

    @Test func `the share is met, and a smaller one lies within a larger`() {
        let tasks = Self.tasks
        #expect(!tasks.contains { RecheckRule.isChosen($0, share: 0) })
        #expect(tasks.allSatisfy { RecheckRule.isChosen($0, share: 1) })
        let few = tasks.filter { RecheckRule.isChosen($0, share: 0.01) }
        let many = tasks.filter { RecheckRule.isChosen($0, share: 0.1) }
        // 200 and 2,000, with five standard deviations.
        #expect((130...270).contains(few.count) && (1_788...2_212).contains(many.count))
        #expect(Set(few).isSubset(of: many))
    }

    /// By another program: `printf 'recheck task-%d' N | sha256sum`.
    @Test func `the choice is a matter of the name alone`() {
        let chosen = (0..<300).filter {
            RecheckRule.isChosen(SweepTaskID(unchecked: "task-\($0)"), share: 0.02)
        }
        #expect(chosen == [2, 75, 92, 118, 188, 297])
    }
}
