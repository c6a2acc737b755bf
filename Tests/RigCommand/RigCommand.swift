import ArgumentParser
import Foundation
import Rig

/// Does faults to real coordinators and workers, and judges what they made of it.
@main struct RigCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "gdln-rig", abstract: "Do faults to real coordinators and workers.",
        subcommands: [Once.self, Soak.self, Mutants.self, List.self], defaultSubcommand: Once.self)
}

/// Which scenarios, by name.
struct Choice: ParsableArguments {
    @Argument(help: "Scenarios; all if none is named.")
    var scenarios: [String] = []

    func validate() throws {
        for name in scenarios where Scenario.named(name) == nil {
            let known = Scenario.all.map(\.name).joined(separator: ", ")
            throw ValidationError("found '\(name)', wanted one of \(known)")
        }
    }

    var chosen: [Scenario] {
        scenarios.isEmpty ? Scenario.all : scenarios.compactMap(Scenario.named)
    }
}

/// How much there is of what is done faults to.
struct Size: ParsableArguments {
    @Option(help: "How many leases a mass expiry ends; a multiple of 5000 if it is more.")
    var leases = 5_000

    func validate() throws {
        guard (1...5_000).contains(leases) || (leases > 0 && leases % 5_000 == 0) else {
            throw ValidationError("--leases: found \(leases), wanted 1 to 5000 or a multiple of it")
        }
    }
}

struct List: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "List the scenarios.")

    func run() {
        for scenario in Scenario.all { say("\(scenario.name): \(scenario.fault)") }
    }
}

/// One run of each.
struct Once: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Run scenarios once (the default).",
        discussion: """
            Example: gdln-rig coordinator-kill --seed 7 --cycles 50 --keep failed

            A run makes the same decisions for the same seed; how the processes interleave is the \
            machine's.
            """)

    @OptionGroup var choice: Choice

    @Option(help: "What all decisions follow from.")
    var seed: UInt64 = 1

    @Option(help: "Faults in a run.")
    var cycles: Int?

    @OptionGroup var size: Size

    @Option(help: "Where the history and the store of a run that failed are kept.")
    var keep: String?

    func run() async throws {
        var hasFailed = false
        for scenario in choice.chosen {
            var input = Scenario.Input(seed: seed, cycles: cycles ?? scenario.cyclesQuick)
            input.keep = keep.map { URL(filePath: $0) }
            input.leases = size.leases
            guard let run = await Run(of: scenario, input) else { continue }
            run.show()
            hasFailed = hasFailed || run.hasFailed
        }
        if hasFailed { throw ExitCode.failure }
    }
}

/// One run of a scenario, as it went.
struct Run {
    let scenario: Scenario
    let input: Scenario.Input
    let outcome: Scenario.Outcome
    let seconds: Int64

    /// Nil, with a sentence, where this machine cannot do it.
    init?(of scenario: Scenario, _ input: Scenario.Input) async {
        if let lack = Machine.lack(of: scenario.needs) {
            say("\(scenario.name): skipped, \(lack)")
            return nil
        }
        self.scenario = scenario
        self.input = input
        let start = ContinuousClock.now
        outcome = await scenario.run(input)
        seconds = (ContinuousClock.now - start).components.seconds
    }

    var hasFailed: Bool { !outcome.failures.isEmpty }

    func show() {
        let notes = outcome.notes.isEmpty ? "" : " (\(outcome.notes.joined(separator: "; ")))"
        say(
            "\(scenario.name), seed \(input.seed): \(hasFailed ? "FAILED" : "passed"), "
                + "\(outcome.cycles) cycles in \(seconds) s\(notes)")
        guard hasFailed else { return }
        for failure in outcome.failures { say("  " + failure) }
        say("  again: gdln-rig \(scenario.name) --seed \(input.seed) --cycles \(input.cycles)")
    }
}

/// Prints at once, also into a pipe: a soak takes hours.
func say(_ line: String) { FileHandle.standardOutput.write(Data((line + "\n").utf8)) }
