import FoundationEssentials
import Trainer

/// What `bench` measured in one case.
struct BenchResult: Encodable {
    let data: String
    let hiddenWidth: Int
    let trained: Int
    let domains: Int
    let optimizer: String
    let threads: Int
    let kernels: String
    /// Median over blocks of steps, and a tenth and nine tenths of the way up.
    let millisecondsPerStep: Double
    let millisecondsPerStepP10: Double
    let millisecondsPerStepP90: Double
    let stepsPerBlock: Int
    /// Mean milliseconds of a step by part.
    let parts: [String: Double]
    let gflops: Double
    let peakGflops: Double
    let shareOfPeak: Double
    /// The most memory by the end of the training, beyond the program and its data.
    let peakBytes: Int?
    let parameterBytes: Int
    /// Of 60,000 examples (50,000 for CIFAR-10).
    let secondsPerEpoch: Double
    let evaluationExamples: Int
    let secondsPerEvaluation: Double?
    /// A thousand epochs with two evaluations each.
    let hoursPerPaperTask: Double?

    enum CodingKeys: String, CodingKey {
        case data = "case"
        case hiddenWidth = "hidden_width"
        case trained, domains, optimizer, threads, kernels, parts, gflops
        case millisecondsPerStep = "milliseconds_per_step"
        case millisecondsPerStepP10 = "milliseconds_per_step_p10"
        case millisecondsPerStepP90 = "milliseconds_per_step_p90"
        case stepsPerBlock = "steps_per_block"
        case peakGflops = "peak_gflops"
        case shareOfPeak = "share_of_peak"
        case peakBytes = "peak_bytes"
        case parameterBytes = "parameter_bytes"
        case secondsPerEpoch = "seconds_per_epoch"
        case evaluationExamples = "evaluation_examples"
        case secondsPerEvaluation = "seconds_per_evaluation"
        case hoursPerPaperTask = "hours_per_paper_task"
    }

    init(
        _ benchmark: TrainingBenchmark, _ times: TrainingBenchmark.Times, peak: Double,
        evaluationSeconds: Double?, evaluationExamples: Int, optimizer: String, peakBytes: Int?
    ) {
        data = benchmark.data.rawValue
        (hiddenWidth, trained) = (benchmark.width, benchmark.trained)
        (domains, threads) = (benchmark.domains, benchmark.threads)
        self.optimizer = optimizer
        kernels = times.kernels
        let sorted = times.steps.sorted()
        func at(_ share: Double) -> Double {
            sorted[min(Int(Double(sorted.count) * share), sorted.count - 1)]
        }
        let median = at(0.5)
        (millisecondsPerStep, millisecondsPerStepP10) = (median * 1e3, at(0.1) * 1e3)
        millisecondsPerStepP90 = at(0.9) * 1e3
        stepsPerBlock = times.stepsPerBlock
        parts = Dictionary(uniqueKeysWithValues: times.parts.map { ($0.name, $0.seconds * 1e3) })
        gflops = times.usefulOperations / median * 1e-9
        peakGflops = peak * 1e-9
        shareOfPeak = gflops / peakGflops
        self.peakBytes = peakBytes
        parameterBytes = times.parameterBytes
        let examples = benchmark.data == .mnist ? 60_000 : 50_000
        secondsPerEpoch = median * Double(examples / benchmark.batch)
        self.evaluationExamples = evaluationExamples
        secondsPerEvaluation = evaluationSeconds
        let epoch = secondsPerEpoch
        hoursPerPaperTask = evaluationSeconds.map { evaluation in
            let full = evaluation * 10_000 / Double(evaluationExamples)
            return 1_000 * (epoch + 2 * full) / 3_600
        }
    }

    var text: String {
        func two(_ value: Double) -> String { "\((value * 100).rounded() / 100)" }
        let memory =
            peakBytes.map { ", \($0 >> 20) MB (parameters \(parameterBytes >> 20) MB)" } ?? ""
        let evaluation = secondsPerEvaluation.map { ", evaluation \(two($0)) s" } ?? ""
        let task = hoursPerPaperTask.map { ", the paper's task \(two($0)) h" } ?? ""
        let parts = parts.sorted { $0.key < $1.key }.map { "\($0.key) \(two($0.value))" }
        return """
            \(data) H = \(hiddenWidth), M = \(domains), K = \(trained), \(optimizer), \
            \(kernels), \(threads) threads:
              \(two(millisecondsPerStep)) ms a step (\(two(millisecondsPerStepP10)) to \
            \(two(millisecondsPerStepP90))), \(two(gflops)) of \(two(peakGflops)) GFLOP/s \
            (\(Int(shareOfPeak * 100)) %)\(memory)
              epoch \(two(secondsPerEpoch)) s\(evaluation)\(task)
              ms by part: \(parts.joined(separator: ", "))
            """
    }
}
