import Foundation
import HTTPTypes
import Shared
import TestSupport
import Testing

@testable import Coordinator

@Suite struct BudgetTests {
    private static func caller(_ name: String, _ role: Role = .read) -> Caller {
        Caller(id: name, label: "of \(name)", role: role)
    }

    @Test func `a token has its share, all have the total, and what is given back is free`()
        throws
    {
        let budget = Budget(total: 5, share: 3)
        let (one, other, third) = (Self.caller("a"), Self.caller("b"), Self.caller("c"))
        var held = try (0..<3).map { _ in try budget.take(for: one) }
        let own = #expect(throws: Budget.Exhausted.self) { try budget.take(for: one) }
        #expect(own?.isShare == true && own?.holdersText == "3 for the token a ('of a')")
        held.append(try budget.take(2, for: other))
        let all = #expect(throws: Budget.Exhausted.self) { try budget.take(for: third) }
        #expect(all?.isShare == false)
        #expect(all?.holdersText == "3 for the token a ('of a'), 2 for the token b ('of b')")
        held.removeFirst()
        _ = try budget.take(for: third)
        held = []
        _ = try (0..<3).map { _ in try budget.take(for: one) }
        // A larger share is still within the total.
        #expect(throws: Budget.Exhausted.self) { try budget.take(6, share: 9, for: one) }
    }

    @Test func `bodies of all connections together are limited, and of one token`() throws {
        let budgets = CallBudgets()
        func hold(_ caller: Caller) throws -> [Budget.Holding] {
            var held: [Budget.Holding] = []
            while held.count < 1_000, let next = try? budgets.bodyBytes.take(1 << 20, for: caller) {
                held.append(next)
            }
            return held
        }
        let all = try (0..<20).map { try hold(Self.caller("\($0)")) }
        #expect(all[0].count << 20 == Limits.bodyBytesInMemoryPerTokenMax)
        #expect(all.joined().count << 20 == Limits.bodyBytesInMemoryMax)
    }

    @Test func `one token does not take all places of the reports`() async throws {
        let world = try await ServerWorld()
        try await world.test { client in
            _ = try await client.post("/v1/sweeps", ServerWorld.sweep())
        }
        let reports = Reports(
            store: world.server.store, temporaryDirectory: world.server.directory.temporaryPath,
            space: world.server.space, labels: StoredLabels(world.server.datasets))
        let (one, other) = (Self.caller("a"), Self.caller("b"))
        var files: [TemporaryFile] = []
        for _ in 0..<Limits.reportsAtOncePerTokenMax {
            files.append(try await reports.history("study", for: one))
        }
        let error = await #expect(throws: APIError.self) {
            try await reports.manifest("study", for: one)
        }
        #expect(error?.status == .tooManyRequests)
        #expect(error?.message.error.message.contains("the token a ('of a')") == true)
        files.append(try await reports.manifest("study", for: other))
        files.removeFirst()
        files.append(try await reports.history("study", for: one))
    }

    @Test func `the tokens of people share a rate, which an owner does not need`() {
        let rates = RequestRates()
        let start = ContinuousClock.now
        func calls(_ token: UInt8, _ role: Role) -> Int {
            let digest = Digest(of: Data([token]))
            return (0..<1_000_000).prefix { _ in
                rates.secondsToWait(digest, .of(role), ofAll: .ofAll(role), now: start) == nil
            }.count
        }
        let people = (0..<100).map { calls($0, .submit) }
        #expect(people[0] == Int(Limits.personRequestBurst) && people[99] == 0)
        #expect(people.reduce(0, +) == Int(Limits.peopleRequestBurst))
        #expect(calls(200, .admin) == Int(Limits.adminRequestBurst))
        #expect(calls(201, .worker) == Int(Limits.workerRequestBurst))
    }

    @Test func `calls that fail again and again add few lines to the log, and their number`() {
        let (log, start) = (RefusalLog(), ContinuousClock.now)
        let admitted = (0..<1_000).filter { _ in log.admits("unavailable", now: start) }.count
        #expect(admitted == Limits.refusalsLoggedMax && log.admits("internal_error", now: start))
        #expect(log.endWindows(now: start + .seconds(1)) == [])
        let sentences = log.endWindows(now: start + .seconds(Limits.refusalLogSeconds))
        #expect(sentences.count == 1 && sentences[0].hasPrefix("\(1_000 - admitted) more calls"))
        #expect(log.admits("unavailable", now: start + .seconds(Limits.refusalLogSeconds)))
    }
}
