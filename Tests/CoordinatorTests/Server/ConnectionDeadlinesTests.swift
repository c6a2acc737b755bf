import Shared
import Testing

@testable import Coordinator

/// When a connection has had its time, second by second.
@Suite struct ConnectionDeadlinesTests {
    private struct World {
        let start = ContinuousClock.now
        var deadlines: ConnectionDeadlines

        init() { deadlines = ConnectionDeadlines(.init(), now: start) }

        func at(_ second: Double) -> ContinuousClock.Instant { start + .seconds(second) }

        mutating func overdue(_ second: Double, waiting: Int = 0) -> String? {
            deadlines.overdue(waiting: waiting, now: at(second))
        }

        mutating func request(_ second: Double, isUpload: Bool = false, closes: Bool = false) {
            deadlines.requestBegins(isUpload: isUpload, closes: closes, now: at(second))
        }

        /// A whole exchange in no time.
        mutating func exchange(_ second: Double, closes: Bool = false) {
            request(second, closes: closes)
            deadlines.requestEnds(now: at(second))
            deadlines.answerBegins(closes: false, now: at(second))
            deadlines.answerEnds(now: at(second))
        }
    }

    @Test func `the first head has ten seconds, the next ones as long as a connection may idle`() {
        var world = World()
        #expect(world.overdue(9.9) == nil)
        #expect(world.overdue(10) == "slow head")
        world.exchange(9)
        #expect(world.overdue(68.9) == nil)
        #expect(world.overdue(69) == "idle")
    }

    @Test func `a body has a total time, and an upload a longer one`() {
        for (isUpload, seconds) in [(false, 30.0), (true, 900)] {
            var world = World()
            world.request(1, isUpload: isUpload)
            world.deadlines.requestContinues(bytes: 1 << 30)
            #expect(world.overdue(seconds) == nil)
            #expect(world.overdue(seconds + 1) == "slow body")
        }
    }

    @Test func `a body that trickles is cut off after its grace`() {
        var world = World()
        world.request(0, isUpload: true)
        world.deadlines.requestContinues(bytes: 10 * 1_024)
        #expect(world.overdue(9.9) == nil)
        #expect(world.overdue(10) == nil)
        #expect(world.overdue(10.1) == "slow body")
        world.deadlines.requestContinues(bytes: 10 * 1_024)
        #expect(world.overdue(20) == nil)
    }

    @Test func `the coordinator has its time to answer, more than a wait for tasks`() {
        var world = World()
        world.request(0)
        world.deadlines.requestEnds(now: world.at(5))
        #expect(Double(Limits.leaseWaitSecondsMax) < Limits.answerSecondsMax - 30)
        #expect(world.overdue(124.9) == nil)
        #expect(world.overdue(125) == "no answer")
    }

    @Test func `a reader that takes less than the least is cut off`() {
        var world = World()
        world.request(0)
        world.deadlines.requestEnds(now: world.at(0))
        world.deadlines.answerBegins(closes: false, now: world.at(0))
        world.deadlines.answerContinues(bytes: 1_000_000)
        #expect(world.overdue(5, waiting: 900_000) == nil)
        #expect(world.overdue(10, waiting: 880_000) == nil)
        // Twenty kilobytes in ten seconds were enough, ten are not.
        #expect(world.overdue(19.9, waiting: 870_000) == nil)
        #expect(world.overdue(20, waiting: 870_000) == "slow reader")
    }

    @Test func `a slow coordinator is not its reader's fault`() {
        var world = World()
        world.request(0)
        world.deadlines.requestEnds(now: world.at(0))
        world.deadlines.answerBegins(closes: false, now: world.at(0))
        world.deadlines.answerContinues(bytes: 10)
        for second in stride(from: 1.0, to: 899, by: 1) { #expect(world.overdue(second) == nil) }
        #expect(world.overdue(900) == "slow reader")
    }

    @Test func `who was answered before the end of his request may read that, and must go`() {
        var world = World()
        world.request(0)
        world.deadlines.answerBegins(closes: false, now: world.at(1))
        world.deadlines.answerEnds(now: world.at(1))
        #expect(world.overdue(2.9) == nil)
        #expect(world.overdue(3) == "does not go")
        // Unless the rest came in time.
        world.deadlines.requestEnds(now: world.at(2.5))
        #expect(world.overdue(3) == nil)
        #expect(world.overdue(62.5) == "idle")
    }

    @Test func `who wants the connection closed must close it`() {
        var world = World()
        world.exchange(1, closes: true)
        #expect(world.overdue(2.9) == nil)
        #expect(world.overdue(3) == "does not go")
    }

    @Test func `who does not speak HTTP is told so and must go`() {
        var world = World()
        world.deadlines.answerBegins(closes: true, now: world.at(1))
        world.deadlines.answerEnds(now: world.at(1))
        #expect(world.overdue(3) == "does not go")
    }

    @Test func `when the coordinator stops, five seconds are left, whatever is under way`() {
        var world = World()
        world.request(0, isUpload: true)
        world.deadlines.requestContinues(bytes: 1 << 40)
        world.deadlines.coordinatorStops(now: world.at(20))
        world.deadlines.coordinatorStops(now: world.at(24))
        #expect(world.overdue(24.9) == nil)
        #expect(world.overdue(25) == "the end")
    }

    @Test func `the end comes in time`() {
        #expect(Limits.drainGraceSeconds < Double(Limits.endSecondsMax))
        #expect(Limits.endSecondsMax < 10)
    }
}
