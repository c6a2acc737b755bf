import ArgumentParser
import Shared
import Trainer

/// Trains small cases whose answers are known to the last bit.
struct SelfTestCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "self-test",
        abstract: "Train small cases whose answers are known, bit for bit.",
        discussion: """
            Example: gdln-worker self-test

            Fails where this host computes differently from others. GDLN_KERNELS=portable (or \
            avx2, avx512, neon) forces one kind of kernels.
            """)

    @Option(help: "How many threads to train with.")
    var threads = 2

    @Flag(help: "JSON for programs.")
    var json = false

    private struct Line: Encodable {
        let name: String
        let answer: Digest
        let isRight: Bool

        enum CodingKeys: String, CodingKey {
            case name
            case answer = "sha256"
            case isRight = "is_right"
        }
    }

    func run() throws {
        let outcomes = try SelfTest.run(threads: threads)
        for outcome in outcomes {
            if json {
                let line = Line(
                    name: outcome.name, answer: outcome.found, isRight: outcome.isRight)
                try StandardOutput.print(json: WireCoding.encode(line))
            } else {
                try StandardOutput.print(
                    "\(outcome.isRight ? "right" : "WRONG") \(outcome.name) \(outcome.found)")
            }
        }
        guard outcomes.allSatisfy(\.isRight) else { throw ExitCode.failure }
    }
}
