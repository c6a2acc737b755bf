import GRDB
import Shared
import TestSupport
import Testing

@testable import Coordinator

/// Hosts that are set aside: in the store, and what becomes of their tasks.
@Suite(.timeLimit(.minutes(10))) struct StoreSuspectTests {
    private let world: StoreWorld

    init() throws { world = try StoreWorld() }

    /// `StoreWorld` gives every worker a host of its own.
    private static let bad = "host-of-bad"

    /// `good` trains three tasks, then `bad` fails at five.
    private func makeSuspect(attempts: Int = 3, permanent: Bool = false) async throws {
        try await world.create(tasks: 12, attempts: attempts)
        for _ in 0..<3 { try await world.succeed(try await world.leaseOne("good")) }
        for _ in 0..<5 {
            let lease = try await world.leaseOne("bad")
            _ = try await world.fail(lease, permanent: permanent)
        }
    }

    private func isRefused(_ worker: String) async throws -> Bool {
        await outcome { try await world.lease(worker).isEmpty ? "nothing" : "a task" }
            == ErrorCode.setAside.rawValue
    }

    @Test func `a host at which task after task fails gets no more, also after a restart`()
        async throws
    {
        try await makeSuspect()
        #expect(try await isRefused("bad"))
        try world.reopen()
        #expect(try await isRefused("bad"))
        #expect(try await !isRefused("good"))
        let workers = try await world.store.workers()
        let standing = Dictionary(uniqueKeysWithValues: workers.map { ($0.host, $0.setAside) })
        #expect(
            standing[Self.bad]
                == "the last 5 tasks on it failed or were lost, while others trained 3 of the same "
                + "sweeps and failed in 0")
        #expect(standing["host-of-good"] == .some(nil))
        #expect(try await world.store.brokenInvariants() == [])
    }

    @Test func `its failures do not use up the tasks' attempts, even for good ones`() async throws {
        try await makeSuspect(attempts: 1, permanent: true)
        // Three are trained; the five that had failed are ready again, with all attempts.
        let tasks = try await world.tasks()
        #expect(
            tasks.map(\.state) == Array(repeating: .succeeded, count: 3)
                + Array(repeating: .ready, count: 9))
        #expect(tasks.dropFirst(3).allSatisfy { $0.charged == 0 && $0.error == nil })
        #expect(tasks[3].attempt == 1)
        let attempts = try await world.attempts()
        #expect(attempts.count { $0 == "failed: diverged" } == 5)
        for _ in 0..<9 { try await world.succeed(try await world.leaseOne("good")) }
        #expect(try await world.tasks().allSatisfy { $0.state == .succeeded })
        #expect(try await world.store.brokenInvariants() == [])
    }

    @Test func `what was under way when it was set aside does not count either`() async throws {
        try await world.create(tasks: 12, attempts: 1)
        for _ in 0..<3 { try await world.succeed(try await world.leaseOne("good")) }
        let leases = try await world.lease("bad", slots: 6).map(\.lease)
        for lease in leases.prefix(5) { _ = try await world.fail(lease) }
        #expect(try await isRefused("bad"))
        let state = try await world.fail(leases[5])
        #expect(state == .ready)
        #expect(try await world.tasks()[8].charged == 0)
    }

    @Test func `a lone host is never set aside`() async throws {
        try await world.create(tasks: 20)
        for _ in 0..<10 { _ = try await world.fail(try await world.leaseOne("bad")) }
        #expect(try await !isRefused("bad"))
        #expect(try await world.store.workers().allSatisfy { $0.setAside == nil })
    }

    @Test func `what is handed back has not failed`() async throws {
        try await world.create(tasks: 20)
        for _ in 0..<3 { try await world.succeed(try await world.leaseOne("good")) }
        for _ in 0..<6 {
            _ = try await world.store.handBack(
                try await world.leaseOne("bad"), HandBackRequest(reason: "drain"), world.key())
        }
        for _ in 0..<4 { _ = try await world.fail(try await world.leaseOne("bad")) }
        #expect(try await !isRefused("bad"))
        _ = try await world.fail(try await world.leaseOne("bad"))
        #expect(try await isRefused("bad"))
    }

    // MARK: Workers that vanish

    /// As the reaper sees it. Each takes what it can get.
    private func vanish(_ worker: String, on host: String = bad, slots: Int = 1) async throws {
        let leases = try await world.lease(worker, on: host, slots: slots).map(\.lease)
        for lease in leases { try await world.lose(lease) }
        try await world.store.setAsideSuspects()
    }

    @Test func `a host on which each worker is killed gets no more, and takes no attempts`()
        async throws
    {
        try await world.create(tasks: 20, attempts: 2)
        for _ in 0..<3 { try await world.succeed(try await world.leaseOne("good")) }
        // Each pair of tasks kills two workers before its attempts are used up.
        for number in 0..<8 { try await vanish("bad-\(number)", slots: 2) }
        #expect(try await world.tasks().count { $0.state == .failed } == 8)
        #expect(try await world.store.workers().allSatisfy { $0.setAside == nil })
        let last = try await world.lease("bad", slots: 2).map(\.lease)
        try await world.lose(last[0])
        try await world.store.setAsideSuspects()
        #expect(try await isRefused("bad"))
        // Its other task is noticed later.
        try await world.lose(last[1])
        // Also those that another task on the same worker has taken with it.
        #expect(try await world.tasks().dropFirst(3).allSatisfy { $0.charged == 0 })
        #expect(try await world.tasks().dropFirst(3).allSatisfy { $0.state == .ready })
        #expect(try await world.store.brokenInvariants() == [])
    }

    @Test func `a worker vanishes once, whatever it held and however often it comes back`()
        async throws
    {
        try await world.create(tasks: 20, attempts: 20)
        for _ in 0..<3 { try await world.succeed(try await world.leaseOne("good")) }
        for _ in 0..<6 { try await vanish("laptop", on: "l", slots: 6) }
        #expect(try await world.lease("laptop", on: "l").count == 1)
        #expect(try await world.store.workers().allSatisfy { $0.setAside == nil })
    }

    @Test func `a host whose workers are all killed at once has failed once`() async throws {
        try await world.create(tasks: 30, attempts: 20)
        for _ in 0..<3 { try await world.succeed(try await world.leaseOne("good")) }
        for round in 0..<4 {
            var leases: [LeaseID] = []
            for number in 0..<6 {
                leases += try await world.lease("w-\(round)-\(number)", on: "h").map(\.lease)
            }
            // Each is noticed at a moment of its own.
            world.clock.advance(by: .seconds(30))
            for lease in leases {
                world.clock.advance(by: .seconds(4))
                #expect(try await world.store.expire([lease]) == [lease])
                try await world.store.setAsideSuspects()
            }
            #expect(leases.count == 6)
        }
        #expect(try await world.store.workers().allSatisfy { $0.setAside == nil })
    }

    @Test func `a host that is often switched off, and trains in between, is not suspect`()
        async throws
    {
        try await world.create(tasks: 40, attempts: 20)
        for _ in 0..<3 { try await world.succeed(try await world.leaseOne("good")) }
        for number in 0..<12 {
            try await vanish("spot-\(number)", on: "s")
            try await world.succeed(try await world.leaseOne("good"))
            guard number % 4 == 3 else { continue }
            let lease = try await world.lease("spot-\(number)-b", on: "s")
            try await world.succeed(try #require(lease.first?.lease))
        }
        #expect(try await world.store.workers().allSatisfy { $0.setAside == nil })
    }

    /// By its rows, or only by its result, with all rows in it.
    @Test(arguments: [false, true])
    func `what is heard of again has not failed`(inOneCall: Bool) async throws {
        try await world.create(tasks: 20, attempts: 20)
        for _ in 0..<3 { try await world.succeed(try await world.leaseOne("good")) }
        for number in 0..<8 {
            let lease = try #require(
                try await world.lease("slow-\(number)", on: "s").first?.lease)
            try await world.lose(lease)
            try await world.store.setAsideSuspects()
            guard inOneCall else {
                try await world.succeed(lease)
                continue
            }
            var result = StoreWorld.result(epochs: 2)
            result.rows = StoreWorld.rows(epochs: 2)
            try await world.store.complete(lease, result)
        }
        #expect(try await world.store.workers().allSatisfy { $0.setAside == nil })
    }

    @Test func `tasks that kill every worker make no host suspect`() async throws {
        try await world.create(tasks: 11, attempts: 30)
        let poison = try await world.lease("holder", slots: 5).map(\.lease)
        for host in ["a", "b"] {
            for lease in try await world.lease("\(host)-x", on: host, slots: 3) {
                try await world.succeed(lease.lease)
            }
        }
        for lease in poison { try await world.lose(lease) }
        // Each of the five comes to both hosts.
        for (round, hosts) in [["a", "b", "a", "b", "a"], ["b", "a", "b", "a", "b"]].enumerated() {
            var leases: [LeaseID] = []
            for (number, host) in hosts.enumerated() {
                leases += try await world.lease("\(host)-\(round)-\(number)", on: host)
                    .map(\.lease)
            }
            #expect(leases.count == 5)
            for lease in leases { try await world.lose(lease) }
        }
        try await world.store.setAsideSuspects()
        #expect(try await world.store.workers().allSatisfy { $0.setAside == nil })
    }

    @Test func `a repeat of a failure is not another one`() async throws {
        try await world.create(tasks: 20)
        for _ in 0..<3 { try await world.succeed(try await world.leaseOne("good")) }
        for number in 0..<4 {
            let lease = try await world.leaseOne("bad")
            for _ in 0..<3 {
                let failure = FailRequest(error: "x", isPermanent: false)
                _ = try await world.store.fail(lease, failure, world.key("fail-\(number)"))
            }
        }
        #expect(try await !isRefused("bad"))
    }

    @Test func `evidence that comes after the last failure counts, too`() async throws {
        try await world.create(tasks: 8, attempts: 1)
        let slow = try await world.lease("good", slots: 3).map(\.lease)
        for _ in 0..<5 { _ = try await world.fail(try await world.leaseOne("bad")) }
        #expect(try await world.tasks().count { $0.state == .failed } == 5)
        for lease in slow { try await world.succeed(lease) }
        #expect(try await isRefused("bad"))
        #expect(try await world.tasks().count { $0.state == .ready } == 5)
    }

    @Test func `a host that is let back gets tasks, with a clean record, by either name`()
        async throws
    {
        try await makeSuspect()
        let key = world.key("back")
        let answer = try await world.store.letBack("bad", key)
        #expect(answer.host == Self.bad && answer.reasons.count == 1)
        // Its repeat says the same, though nothing is left to be done.
        #expect(try await world.store.letBack("bad", key) == answer)
        #expect(try await !isRefused("bad"))
        try world.reopen()
        #expect(try await !isRefused("bad"))
        let again = await outcome { try await world.store.letBack(Self.bad, world.key()).host }
        #expect(again == ErrorCode.notFound.rawValue)
    }

    // MARK: The self-test

    private func ask(_ worker: String, _ selfTest: SelfTestReport) -> LeaseRequest {
        LeaseRequest(
            worker: WorkerName(unchecked: worker), host: "h", slots: 1, waitSeconds: 0,
            selfTest: selfTest)
    }

    @Test func `who computes differently is refused, shown, and forgotten once it is mended`()
        async throws
    {
        var wrong = SelfTestReport.right
        wrong.wrongCases = ["adam"]
        for worker in ["w-1", "w-2"] {
            let refused = await outcome {
                try await world.store.admit(ask(worker, wrong))
                return "in"
            }
            #expect(refused == ErrorCode.selfTestFailed.rawValue)
        }
        try world.reopen()
        let shown = try await world.store.workers()
        // One a host and kind of kernels: a worker that is started again and again is one.
        #expect(shown.map(\.name.rawValue) == ["w-2"])
        #expect(
            shown.first?.selfTestFailure == "The case adam came out wrong with the kernels test.")
        try await world.store.admit(ask("w-3", .right))
        #expect(try await world.store.workers().isEmpty)
        try world.reopen()
        #expect(try await world.store.workers().isEmpty)
    }

    @Test func `refusals are bounded, and the oldest go first`() async throws {
        var wrong = SelfTestReport.right
        wrong.wrongCases = ["adam"]
        for number in 0..<(Limits.refusedHostsMax + 3) {
            world.clock.advance(by: .seconds(1))
            wrong.kernels = "k\(number)"
            _ = try? await world.store.admit(ask("w-\(number)", wrong))
        }
        let names = try await world.store.workers().map(\.name.rawValue)
        #expect(names.count == Limits.refusedHostsMax)
        #expect(names.first == "w-3")
    }
}
