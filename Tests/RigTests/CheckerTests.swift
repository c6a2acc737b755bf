import Foundation
import Shared
import Testing

@testable import Rig

/// The checker, which judges all other tests, against histories made by hand.
@Suite struct CheckerTests {
    @Test func `nothing is wrong with a run in which nothing is wrong`() {
        #expect(Checker.violations(in: Story().evidence) == [])
    }

    @Test(arguments: BadHistory.all)
    func `a bad history is seen`(bad: BadHistory) {
        var story = Story()
        bad.spoil(&story.evidence)
        let found = Set(Checker.violations(in: story.evidence).map(\.invariant))
        #expect(found.contains(bad.invariant), "\(bad.name): \(found)")
    }

    @Test func `there is a bad history for each rule`() {
        #expect(Set(BadHistory.all.map(\.invariant)) == Set(Invariant.allCases))
        #expect(Invariant.allCases.map(\.rawValue) == (1...15).map { "I\($0)" })
    }

    @Test func `what nobody knows the outcome of may be stored or not`() {
        for isStored in [false, true] {
            var evidence = Story().evidence
            evidence.history.calls.indices.filter {
                evidence.history.calls[$0].lease == "lease-b3"
                    && evidence.history.calls[$0].operation == .complete
            }.forEach { evidence.history.calls[$0].outcome = .unknown("cut") }
            if !isStored {
                evidence.store.tasks[1].state = "leased"
                evidence.store.tasks[1].lease = "lease-b3"
                evidence.store.tasks[1].trajectory = nil
                evidence.store.attempts[4].outcome = "running"
                evidence.reports = []
                evidence.bounds.drainSeconds = nil
            }
            #expect(Checker.violations(in: evidence) == [])
        }
    }

    @Test func `a grant may be heard of late, when another has the task already`() {
        var evidence = Story().evidence
        var late = evidence.history.calls[1]
        (late.start, late.end) = (10_000, 10_005)
        evidence.history.calls[1].outcome = .unknown("lost")
        evidence.history.calls.append(late)
        #expect(Checker.violations(in: evidence) == [])
    }

    @Test func `a power cut makes what was under way unknown and forgets what came later`() {
        let history = Story().evidence.history
        let call = history.calls[3]
        let cut = history.cut(from: call.end - 1, to: call.end + 6)
        #expect(cut.calls.count == 5)
        #expect(cut.calls[..<3] == history.calls[..<3])
        #expect(cut.calls[3...].allSatisfy { !$0.isOK && !$0.isRefused })
    }

    @Test func `what was under way when the disk broke down is unknown, and nothing else`() {
        let history = Story().evidence.history
        let time = history.calls[3].start
        let doubting = history.doubting([time...time])
        #expect(!doubting.calls[3].isOK && !doubting.calls[3].isRefused)
        for index in history.calls.indices where index != 3 {
            #expect(doubting.calls[index] == history.calls[index])
        }
    }

    @Test func `a history reads back as it was written`() throws {
        let file = FileManager.default.temporaryDirectory.appending(path: "\(UUID()).jsonl")
        defer { try? FileManager.default.removeItem(at: file) }
        let recorder = try Recorder(file: file)
        let numbers = (0..<3).map { number in
            recorder.begin(
                .fail, by: "w", path: "/v1/leases/l/fail", request: "r\(number)", token: "t",
                body: "{\"error\":\"\\n\"}")
        }
        recorder.end(numbers[0], .ok(status: 200, body: "{}"))
        recorder.end(numbers[1], .refused(status: 409, body: "no"))
        recorder.mark(.fault, "killed")
        let history = try recorder.history()
        #expect(history.calls.map(\.requestID) == ["r0", "r1", "r2"])
        #expect(history.calls.map(\.body) == Array(repeating: "{\"error\":\"\\n\"}", count: 3))
        #expect(history.calls[0].outcome == .ok(status: 200, body: "{}"))
        #expect(history.calls[1].outcome == .refused(status: 409, body: "no"))
        #expect(history.calls[2].end == .max && !history.calls[2].isOK)
        #expect(history.marks.map(\.text) == ["killed"])
    }
}

/// One thing that is wrong with a run.
struct BadHistory: Sendable, CustomTestStringConvertible {
    let invariant: Invariant
    let name: String
    let spoil: @Sendable (inout Evidence) -> Void

    var testDescription: String { "\(invariant.rawValue) \(name)" }

    init(
        _ invariant: Invariant, _ name: String,
        _ spoil: @escaping @Sendable (inout Evidence) -> Void
    ) {
        self.invariant = invariant
        self.name = name
        self.spoil = spoil
    }

    static let all: [BadHistory] = [
        BadHistory(.acknowledgedIsStored, "an acknowledged row is gone") {
            $0.store.metrics.remove(at: 3)
        },
        BadHistory(.acknowledgedIsStored, "an acknowledged row has another value") {
            $0.store.metrics[1].values = #"{"loss_trained_paths":7}"#
        },
        BadHistory(.acknowledgedIsStored, "an acknowledged sweep is gone") {
            $0.store.sweeps = []
        },
        BadHistory(.acknowledgedIsStored, "a granted lease is gone") {
            $0.store.attempts.remove(at: 3)
        },
        BadHistory(.acknowledgedIsStored, "an acknowledged failure is lost") {
            $0.store.attempts[2].outcome = "lost"
        },
        BadHistory(.acknowledgedIsStored, "an acknowledged success is ready again") {
            $0.store.tasks[0].state = "ready"
        },
        BadHistory(.oneTerminalRecord, "a task has two successes") {
            $0.store.attempts[0].outcome = "succeeded"
        },
        BadHistory(.oneTerminalRecord, "a task is not done at the end") {
            $0.store.tasks[1].state = "ready"
        },
        BadHistory(.allOrNothing, "half a call is stored") {
            // Both rows of this call were sent, nobody heard, one is there.
            $0.history.calls[7].outcome = .unknown("cut")
            $0.store.metrics.removeSubrange(2...3)
        },
        BadHistory(.allOrNothing, "a sweep has half its tasks") { $0.store.tasks.removeLast() },
        BadHistory(.nothingUnexpected, "a lease that nobody asked for") {
            $0.store.attempts[0].lease = "stranger"
        },
        BadHistory(.nothingUnexpected, "another attempt's row under this one") {
            $0.store.metrics[1].values = $0.store.metrics[0].values
        },
        BadHistory(.nothingUnexpected, "a refused row is stored") {
            var row = $0.store.metrics[0]
            (row.sequence, row.epoch) = (1, 2)
            $0.store.metrics.insert(row, at: 1)
        },
        BadHistory(.nothingUnexpected, "a success that nobody reported") {
            $0.history.calls.removeAll {
                $0.operation == .complete && $0.lease == "lease-a2"
            }
        },
        BadHistory(.staleIsRefused, "a late worker is heard") {
            $0.history.calls[6].outcome = .ok(status: 200, body: "{}")
        },
        BadHistory(.staleIsRefused, "a late worker gets another answer") {
            $0.history.calls[6].outcome = .refused(status: 404, body: "")
        },
        BadHistory(.staleIsRefused, "a heartbeat after the end is heard") { evidence in
            var call = evidence.history.calls[8]
            (call.requestID, call.start, call.end) = ("other", 10_000, 10_005)
            evidence.history.calls.append(call)
        },
        BadHistory(.staleIsRefused, "a wrong token is taken") {
            $0.history.calls[3].token = "wrong"
        },
        BadHistory(.repeatsAreAlike, "a repeat gets another answer") {
            $0.history.calls[10].outcome = .ok(status: 200, body: "{}")
        },
        BadHistory(.repeatsAreAlike, "an id is used for two calls") {
            $0.history.calls[10].body = "{}"
        },
        BadHistory(.attemptsFollow, "two workers get the same attempt") { evidence in
            var call = evidence.history.calls[1]
            call.requestID = "other"
            call.outcome = .ok(
                status: 200,
                body: Story.text(
                    LeaseResponse(leases: [Story.granted("twin", Story.first, attempt: 1)])))
            evidence.history.calls.append(call)
        },
        BadHistory(.attemptsFollow, "an older attempt begins after a newer") {
            $0.history.calls[1].start = 10_000
            $0.history.calls[1].end = 10_005
        },
        BadHistory(.attemptsFollow, "a task is taken from a worker that was just heard") {
            $0.leaseSeconds = 30e-6
        },
        BadHistory(.attemptsFollow, "a task is taken soon after a coordinator has started") {
            $0.history.marks += [
                Mark(.killed, time: $0.history.calls[3].end),
                Mark(.started, time: $0.history.calls[5].start),
            ]
        },
        BadHistory(.attemptsFollow, "two attempts run at once") {
            $0.store.attempts[0].outcome = "running"
        },
        BadHistory(.drains, "the rest took too long") {
            $0.history.marks[1].time += 60_000_000
        },
        BadHistory(.drains, "it never drained") { $0.history.marks.remove(at: 1) },
        BadHistory(.attemptsAreCounted, "an attempt is counted that was not made") {
            $0.store.tasks[0].attempt = 3
        },
        BadHistory(.attemptsAreCounted, "more attempts than allowed") {
            $0.store.tasks[1].attemptMax = 1
        },
        BadHistory(.attemptsAreCounted, "a lost attempt was not charged") {
            $0.store.tasks[0].charged = 1
        },
        BadHistory(.metricsAreGapless, "a row is missing in the middle") {
            $0.store.metrics.remove(at: 2)
        },
        BadHistory(.metricsAreGapless, "a row stands twice") {
            $0.store.metrics.insert($0.store.metrics[2], at: 2)
        },
        BadHistory(.reportsAreTheStore, "the report has another loss") {
            $0.store.metrics[3].values = #"{"loss_trained_paths":7}"#
        },
        BadHistory(.reportsAreTheStore, "the history lacks a row") {
            $0.reports[0].history = String($0.reports[0].history.dropLast(20))
        },
        BadHistory(.reportsAreTheStore, "two reports of one store differ") {
            $0.reports[0].reportAgain += " "
        },
        BadHistory(.storeIsSound, "the file is damaged") {
            $0.store.damage = ["row 3 missing from index"]
        },
        BadHistory(.storeIsSound, "a state that does not exist") {
            $0.store.tasks[0].state = "gone"
        },
        BadHistory(.tokensStaySecret, "a token stands in a log") {
            $0.texts[0].bytes = Data("granted \(Story.token("lease-a1")) to w1".utf8)
        },
        BadHistory(.tokensStaySecret, "an access token stands among a process's arguments") {
            $0.texts[0].bytes = Data("run\0--token\0\($0.accessTokens[0])\0".utf8)
        },
        BadHistory(.resourcesAreBounded, "too much memory") {
            $0.history.marks[2].text = "rss_kib=9999999 files=20 wal_kib=100"
        },
        BadHistory(.resourcesAreBounded, "nothing was measured") {
            $0.history.marks[2].text = ""
        },
        BadHistory(.enoughTraffic, "hardly a call") { $0.bounds.callsMin = 1_000 },
    ]
}
