import Shared
import Testing

@testable import Coordinator

@Suite struct ProgressMeterTests {
    let meter = ProgressMeter()
    let start = ContinuousClock.now
    let sweep = SweepID(unchecked: "s")

    private func add(_ epochs: Int, at seconds: Double) {
        meter.add(epochs, to: sweep, now: start + .seconds(seconds))
    }

    private func rate(at seconds: Double) -> Double? {
        meter.rate(of: sweep, now: start + .seconds(seconds))
    }

    @Test func `nothing trained has no rate`() {
        #expect(rate(at: 5) == nil)
        add(0, at: 1)
        #expect(rate(at: 5) == nil)
    }

    @Test func `less than a second has no rate`() {
        add(10, at: 0)
        #expect(rate(at: 0.5) == nil)
    }

    @Test func `the rate is of what came after the first sample`() {
        add(1_000, at: 0)
        add(20, at: 2)
        add(20, at: 4)
        #expect(rate(at: 4) == 10)
        #expect(rate(at: 8) == 5)
    }

    @Test func `samples within a second count together`() {
        add(1, at: 0)
        add(5, at: 2)
        add(5, at: 2.5)
        #expect(rate(at: 5) == 2)
    }

    @Test func `what is older than the window is forgotten`() {
        add(1, at: 0)
        add(60, at: 60)
        #expect(rate(at: 119) != nil)
        #expect(rate(at: 400) == nil)
    }

    @Test func `sweeps are measured apart`() {
        add(1, at: 0)
        add(4, at: 2)
        #expect(meter.rate(of: SweepID(unchecked: "other"), now: start + .seconds(2)) == nil)
    }
}
