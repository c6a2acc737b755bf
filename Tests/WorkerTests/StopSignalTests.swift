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
        #expect(ContinuousClock.now - start < .seconds(10))
    }
}
