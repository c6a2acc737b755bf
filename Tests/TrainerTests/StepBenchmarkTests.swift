import Testing
import Trainer

@Suite struct StepBenchmarkTests {
    @Test func `a step's time is that of its phases, by the caller's clock`() throws {
        var benchmark = StepBenchmark()
        (benchmark.domains, benchmark.openPerInput, benchmark.width) = (3, 2, 4)
        var readings = 0.0
        let clock = {
            readings += 1
            return readings
        }
        let times = try benchmark.step(steps: 3, clock: clock)
        #expect(times.step == 4)
        #expect(times.forward == 1 && times.decoders == 1)
        #expect(times.backward == 1 && times.update == 1)
        #expect(readings == 15)
        #expect(try benchmark.evaluation(examples: 20, clock: clock) == 1)
    }
}
