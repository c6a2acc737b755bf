import Testing

@testable import Worker

@Suite struct StopSignalTests {
    @Test func `the first reason is kept`() {
        let stop = StopSignal()
        #expect(!stop.isSet)
        stop.set("SIGTERM")
        stop.set("SIGINT")
        #expect(stop.isSet)
        #expect(stop.reason == "SIGTERM")
    }

    /// What a sequence of signals does: the reason that stands, and which of them, from 0, ends the
    /// process at once.
    @Test(arguments: [
        (["SIGTERM"], nil), (["SIGTERM", "SIGTERM"], 1), (["SIGINT", "SIGTERM"], 1),
        (["SIGHUP", "SIGHUP", "SIGHUP"], nil), (["SIGUSR1", "SIGTERM"], nil),
        (["SIGUSR1", "SIGTERM", "SIGTERM"], 2), (["SIGTERM", "SIGHUP"], nil),
        (["SIGTERM", "SIGHUP", "SIGUSR2", "SIGXCPU", "SIGINT"], 4),
    ])
    func `a second signal ends it at once only if a person sends it`(names: [String], end: Int?)
        throws
    {
        let stop = StopSignal()
        for (index, name) in names.enumerated() {
            let kind = try #require(StopSignal.kinds.first { $0.name == name })
            #expect(stop.receive(kind) == (index == end))
            #expect(stop.isSet && stop.reason == names[0])
        }
    }

    @Test func `a sleep ends at once when the signal is set`() {
        let stop = StopSignal()
        stop.set("SIGTERM")
        let start = ContinuousClock.now
        stop.sleep(seconds: 3_600)
        #expect(ContinuousClock.now - start < .seconds(3_000))
    }

    @Test func `the grace runs from the signal on, and only then`() {
        let stop = StopSignal(grace: .seconds(3_600))
        #expect(stop.timeLeft(untilShare: 1) == nil)
        #expect(!stop.isPast(share: 0))
        stop.set("SIGTERM")
        #expect(stop.isPast(share: 0))
        #expect(!stop.isPast(share: 0.5))
        let left = stop.timeLeft(untilShare: 0.5) ?? .zero
        #expect(left > .seconds(1_700) && left <= .seconds(1_800))
        let hasty = StopSignal(grace: .zero)
        hasty.set("SIGTERM")
        #expect(hasty.isPast(share: 1))
        #expect(hasty.timeLeft(untilShare: 1) == .zero)
    }
}
