import ArgumentParser
import FoundationEssentials
import Shared
import Trainer

/// Measures how fast this host trains, beside its own peak.
struct Bench: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Measure how fast this host trains, beside its own peak.",
        discussion: """
            Example: gdln-worker bench --case mnist --hidden-width 128 --trained 50 --json

            Without --hidden-width and --trained, all of the case's are measured. The network is \
            the paper's: 100 domains (MNIST) or 40 (CIFAR-10), batches of 8, momentum 0.9.
            """)

    @Option(
        name: .customLong("case"), help: "mnist or cifar10; without it, both.",
        transform: { name in
            guard let inputs = TrainingBenchmark.Inputs(rawValue: name) else {
                throw ValidationError("'\(name)' is no case; wanted: mnist or cifar10.")
            }
            return inputs
        })
    var data: TrainingBenchmark.Inputs?

    @Option(help: "128 or 1024, say; without it, both.")
    var hiddenWidth: Int?

    @Option(help: "How many outputs each input is trained on; without it, a few.")
    var trained: Int?

    @Option(help: "sgd (with momentum) or adam.")
    var optimizer: Choice = .sgd

    @Option(help: "How many threads to train with; without it, as many as there are processors.")
    var threads: Int?

    @Option(help: "How long to train in each case.")
    var seconds = 5.0

    @Option(help: "Examples of the timed evaluation; 0: none.")
    var evaluationExamples = 10_000

    @Flag(help: "JSON for programs, one object a line.")
    var json = false

    enum Choice: String, ExpressibleByArgument { case sgd, adam }

    func validate() throws {
        for (name, value, range) in [
            ("--hidden-width", hiddenWidth, 1...Limits.hiddenWidthMax),
            ("--threads", threads, 1...Limits.threadsMax),
            ("--evaluation-examples", evaluationExamples, 0...Limits.datasetExamplesMax),
        ] {
            guard let value, !range.contains(value) else { continue }
            throw ValidationError(
                "\(name) must be from \(range.lowerBound) to \(range.upperBound).")
        }
        guard seconds > 0, seconds <= 86_400 else {
            throw ValidationError("--seconds must be above 0, and no more than a day.")
        }
    }

    func run() throws {
        let threads = threads ?? Host.here.cores
        for data in data.map({ [$0] }) ?? TrainingBenchmark.Inputs.allCases {
            for width in hiddenWidth.map({ [$0] }) ?? [128, 1024] {
                for trained in trained.map({ [$0] }) ?? (data == .mnist ? [10, 50, 90] : [20]) {
                    var benchmark = TrainingBenchmark()
                    benchmark.data = data
                    benchmark.domains = data == .mnist ? 100 : 40
                    (benchmark.width, benchmark.trained) = (width, trained)
                    benchmark.threads = threads
                    if optimizer == .adam {
                        benchmark.optimizer = .adam(Optimizer.Adam(learningRate: 1e-4))
                    }
                    try report(benchmark)
                }
            }
        }
    }

    private func report(_ benchmark: TrainingBenchmark) throws {
        guard 1...benchmark.domains ~= benchmark.trained else {
            throw ValidationError(
                "--trained is \(benchmark.trained); wanted: from 1 to \(benchmark.domains).")
        }
        let peak = try benchmark.peak(clock: Self.now)
        var before: Int?
        let times = try benchmark.train(seconds: seconds, clock: Self.now) {
            before = Host.here.processBytes("VmRSS:")
        }
        // With several cases in one process, the most may be an earlier one's.
        let trainingBytes = before.flatMap { before in
            Host.here.processBytes("VmHWM:").map { $0 - before }
        }
        let evaluation =
            evaluationExamples > 0
            ? try benchmark.evaluate(examples: evaluationExamples, clock: Self.now) : nil
        let result = BenchResult(
            benchmark, times, peak: peak, evaluationSeconds: evaluation,
            evaluationExamples: evaluationExamples, optimizer: optimizer.rawValue,
            peakBytes: trainingBytes)
        if json {
            try StandardOutput.print(json: WireCoding.encode(result))
        } else {
            try StandardOutput.print(result.text)
        }
    }

    private static func now() -> Double {
        let (seconds, attoseconds) = ContinuousClock.now.duration(to: epoch).components
        return -(Double(seconds) + Double(attoseconds) * 1e-18)
    }

    private static let epoch = ContinuousClock.now
}
