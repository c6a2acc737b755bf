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
