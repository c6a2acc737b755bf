import CFloats
import Foundation
import Shared
import Synchronization
import TestSupport
import Testing

@testable import Trainer

/// What another library may have set in a thread changes no bit of a result, and the self-test
/// would see it if it did.
@Suite struct FloatEnvironmentTests {
    /// The body's result; this thread has the default environment again afterwards.
    private func restoring<Value>(_ body: () throws -> Value) rethrows -> Value {
        defer { gdln_set_default_float_environment() }
        return try body()
    }

    /// Flushes subnormal numbers to zero and rounds upward.
    private func spoil() {
        gdln_set_rounding_upward()
        gdln_set_flush_to_zero(1, 1)
    }

    private func wanted(_ name: String) throws -> Digest {
        try #require(KnownAnswers.byCase[name].flatMap(Digest.init(hexadecimal:)))
    }

    private func digits() -> Dataset {
        EmbeddedDataset.beginning(trainExamples: 150, testExamples: 40)
    }

    // MARK: The environment

    @Test func `the default environment rounds to nearest and keeps subnormal numbers`() {
        restoring {
            let small = [1e-20, 1e-30].shuffled().sorted(by: >)
            func product() -> Float { Float(small[0]) * Float(small[0]) }
            func third() -> Double { Double(small.count - 1) / 3 }
            let nearest = third()
            #expect(gdln_float_environment_is_default() != 0 && product() != 0)
            gdln_set_flush_to_zero(1, 0)
            #expect(gdln_float_environment_is_default() == 0 && product() == 0)
            gdln_set_flush_to_zero(0, 1)
            #expect(gdln_float_environment_is_default() == 0)
            gdln_set_flush_to_zero(0, 0)
            #expect(gdln_float_environment_is_default() != 0)
            gdln_set_rounding_upward()
            #expect(gdln_float_environment_is_default() == 0)
            let upward = third()
            spoil()
            FloatEnvironment.setDefault()
            #expect(gdln_float_environment_is_default() != 0 && product() != 0)
            expectSameBits([third()], [nearest])
            #expect(upward > nearest)
        }
    }

    // MARK: Entry points

    @Test func `a training that begins under flush-to-zero has the same bits`() throws {
        for (name, configuration) in SelfTest.subnormalCases {
            for threads in [1, 3] {
                let found = try restoring {
                    spoil()
                    // Its threads inherit the environment.
                    let machine = try Machine(threads: threads)
                    return SelfTest.trainToEnd(
                        try KPathTraining(
                            configuration: configuration, dataset: digits(), machine: machine))
                }
                #expect(try found == wanted(name), "\(name), \(threads) threads")
            }
        }
    }

    @Test func `a training of the theory that begins under flush-to-zero has the same bits`() throws
    {
        for (name, configuration) in SelfTest.subnormalGatedCases {
            let found = try restoring {
                spoil()
                return SelfTest.trainToEndWithWeights(try GatedTraining(configuration))
            }
            #expect(try found == wanted(name), "\(name)")
        }
    }

    /// As a library may do that is loaded late.
    @Test func `an environment that changes between epochs changes no bit`() throws {
        let kPath = SelfTest.subnormalCases.map { Configuration.kPath($0.configuration) }
        let gated = SelfTest.subnormalGatedCases.map {
            Configuration.gatedNetwork($0.configuration)
        }
        let routing = SelfTest.routingCases.map { Configuration.routing($0.configuration) }
        for configuration in kPath + gated + routing {
            func train(_ change: () -> Void) throws -> (rows: [MetricRow], end: Safetensors) {
                try restoring {
                    change()
                    var training = try configuration.makeTraining(dataset: digits(), threads: 2)
                    var rows: [MetricRow] = []
                    while !training.isFinished {
                        change()
                        rows += try #require(training.trainEpoch { false })
                        change()
                        training = try configuration.makeTraining(
                            dataset: digits(), threads: 2,
                            resuming: TrainingCheckpoint(
                                state: training.checkpoint(), rows: rows))
                    }
                    return (rows, training.checkpoint())
                }
            }
            let (undisturbed, disturbed) = (try train {}, try train(spoil))
            #expect(!undisturbed.rows.isEmpty && undisturbed.rows == disturbed.rows)
            #expect(undisturbed.end == disturbed.end)
        }
    }

    @Test func `the self-test passes under flush-to-zero`() throws {
        let report = try restoring {
            spoil()
            return try SelfTest.report(threads: 2)
        }
        #expect(report.differences.isEmpty, "\(report.differences)")
    }

    @Test(arguments: ["k-path/adam-relu-two-layers", "routing/small-random-weights"])
    func `a replay under flush-to-zero has the same numbers`(path: String) throws {
        func replay(_ change: () -> Void) throws -> Replay.Result {
            try restoring {
                change()
                return try Replay.run(directory: Fixtures.directory(path))
            }
        }
        let (undisturbed, disturbed) = (try replay {}, try replay(spoil))
        #expect(undisturbed.report == disturbed.report)
        #expect(undisturbed.parameters == disturbed.parameters)
    }

    @Test func `a benchmark measures the default environment`() throws {
        var benchmark = TrainingBenchmark()
        (benchmark.data, benchmark.domains, benchmark.trained) = (.cifar10, 4, 2)
        benchmark.width = 16
        for run: (() -> Double) throws -> Void in [
            { _ = try benchmark.train(seconds: 10, clock: $0) },
            { _ = try benchmark.evaluate(examples: 20, clock: $0) },
            { _ = try benchmark.peak(clock: $0) },
        ] {
            var (now, spoiledLooks) = (0.0, 0)
            try restoring {
                spoil()
                try run {
                    spoiledLooks += gdln_float_environment_is_default() == 0 ? 1 : 0
                    now += 1
                    return now
                }
            }
            #expect(spoiledLooks == 0)
        }
    }

    // MARK: Threads

    /// Whatever they inherit, and whatever is set in them between two rounds.
    @Test func `a crew's threads compute in the default environment in every round`() throws {
        try restoring {
            spoil()
            let crew = try Crew(threads: 3)
            gdln_set_default_float_environment()
            for round in 0..<5 {
                // Each item waits until all have begun, so that every thread has one.
                let begun = Atomic(0)
                let spoiled = Mutex<[Int]>([])
                crew.run(3) { _, thread in
                    if gdln_float_environment_is_default() == 0 {
                        spoiled.withLock { $0.append(thread) }
                    }
                    if thread != 0 { spoil() }
                    begun.wrappingAdd(1, ordering: .relaxed)
                    while begun.load(ordering: .relaxed) < 3 { sched_yield() }
                }
                #expect(spoiled.withLock(\.self) == [], "round \(round)")
            }
        }
    }

    // MARK: What the self-test sees

    /// The environment is set again where the training asks whether to stop, after its entry point
    /// has set the default.
    @Test(arguments: [(results: true, operands: false), (false, true), (true, true)])
    func `every subnormal case comes out otherwise where subnormal numbers are flushed`(
        results: Bool, operands: Bool
    ) throws {
        func flush() { gdln_set_flush_to_zero(results ? 1 : 0, operands ? 1 : 0) }
        for (name, configuration) in SelfTest.subnormalCases {
            let training = try KPathTraining(
                configuration: configuration, dataset: digits(), machine: Machine(threads: 1))
            let found = restoring { SelfTest.trainToEnd(training, look: flush) }
            #expect(try found != wanted(name), "\(name)")
        }
        for (name, configuration) in SelfTest.subnormalGatedCases
        // Its subnormal numbers are results alone.
        where results || name != "subnormal-metrics" {
            let training = try GatedTraining(configuration)
            let found = restoring { SelfTest.trainToEndWithWeights(training, look: flush) }
            #expect(try found != wanted(name), "\(name)")
        }
    }
}
