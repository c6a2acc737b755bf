import Shared
import TestSupport
import Testing

@testable import Trainer

@Suite struct TrainingBenchmarkTests {
    private func benchmark() -> TrainingBenchmark {
        var benchmark = TrainingBenchmark()
        (benchmark.data, benchmark.domains, benchmark.trained) = (.cifar10, 4, 2)
        (benchmark.width, benchmark.threads) = (16, 2)
        return benchmark
    }

    /// A clock that goes on by a second whenever someone looks.
    private final class Clock {
        var now = 0.0
        /// Looks at first that take ten seconds each.
        var slowLooks = 0
        func look() -> Double {
            now += slowLooks > 0 ? 10 : 1
            slowLooks = max(0, slowLooks - 1)
            return now
        }
    }

    @Test func `steps are timed by block, and parts add up to a step`() throws {
        let clock = Clock()
        var isReady = false
        let times = try benchmark().train(seconds: 2_000, clock: clock.look) { isReady = true }
        #expect(isReady)
        #expect(times.stepsPerBlock == 16)
        #expect(!times.steps.isEmpty)
        // 16 steps of five parts and a question, and the block's beginning.
        expectClose(times.steps.first ?? .nan, 97.0 / 16, absolute: 1e-9)
        #expect(times.parts.map(\.name).first == "firstLayer")
        // Weights and velocity: first layer, its biases, hidden layer, decoders.
        let parameters = [4 * 512 * 16, 4 * 16, 16 * 16, 16, 4 * 10 * 16, 48].reduce(0, +)
        #expect(times.parameterBytes == 2 * 4 * parameters)
        // 2 B (2 M D H + 3 M H H + 3 logits H), no input being zero.
        let useful = [2 * 4 * 512 * 16, 3 * 4 * 16 * 16, 3 * 4 * 2 * 10 * 16].reduce(0, +)
        #expect(times.usefulOperations == Double(16 * useful))
    }

    @Test func `Adam takes plain steps`() throws {
        var benchmark = benchmark()
        benchmark.optimizer = .adam(.init(learningRate: 0.001))
        let clock = Clock()
        // The first steps, which are not counted, find nothing in the cache.
        clock.slowLooks = 20
        let times = try benchmark.train(seconds: 100, clock: clock.look)
        #expect(times.stepsPerBlock == 1)
        #expect(times.steps.count > 5 && times.steps.allSatisfy { $0 < 10 })
    }

    /// As on a host that is too busy for a single block in the time.
    @Test func `one block is counted, however little time there is`() throws {
        for optimizer in [Optimizer.adam(.init(learningRate: 0.001)), benchmark().optimizer] {
            var benchmark = benchmark()
            benchmark.optimizer = optimizer
            let times = try benchmark.train(seconds: 0, clock: Clock().look)
            #expect(times.steps.count == 1)
        }
    }

    @Test func `the peak and an evaluation take the time they take`() throws {
        #expect(try benchmark().peak(clock: Clock().look) > 0)
        #expect(try benchmark().evaluate(examples: 20, clock: Clock().look) == 1)
    }
}
