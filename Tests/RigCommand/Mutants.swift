import ArgumentParser
import Foundation
import Rig

/// Runs the scenarios against coordinators that break a promise each: every one must be caught.
struct Mutants: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Check that broken coordinators are caught.",
        discussion: "Example: gdln-rig mutants --folder .build/mutants")

    @Argument(help: "Mutants; all if none is named.")
    var mutants: [String] = []

    @Option(help: "Where the copy of the sources is edited and built.")
    var folder = ".build/mutants"

    @Option(help: "How often a mutant may come through before it has survived.")
    var tries = 3

    func validate() throws {
        for name in mutants where Mutant.named(name) == nil {
            let known = Mutant.all.map(\.name).joined(separator: ", ")
            throw ValidationError("found '\(name)', wanted one of \(known)")
        }
    }

    func run() async throws {
        let chosen = mutants.isEmpty ? Mutant.all : mutants.compactMap(Mutant.named)
        let build = try MutantBuild(in: URL(filePath: folder))
        let names = Set(chosen.map(\.scenario)).sorted()
        for name in names {
            // The same executable without a mutant: else all that is caught is the build.
            guard let scenario = Scenario.named(name),
                let run = await run(scenario, build, mutant: "", seed: 1)
            else { continue }
            guard !run.hasFailed else {
                run.show()
                throw ExitCode.failure
            }
            say("none: \(name) passes")
        }
        var survivors = 0
        for mutant in chosen where try await !isCaught(mutant, build) { survivors += 1 }
        say("\(chosen.count - survivors) of \(chosen.count) mutants caught")
        if survivors > 0 { throw ExitCode.failure }
    }

    private func isCaught(_ mutant: Mutant, _ build: MutantBuild) async throws -> Bool {
        guard let scenario = Scenario.named(mutant.scenario) else { return false }
        for seed in 1...UInt64(tries) {
            guard let run = await run(scenario, build, mutant: mutant.name, seed: seed) else {
                return false
            }
            guard let first = run.outcome.failures.first else { continue }
            say("\(mutant.name) (\(mutant.breaks)): caught by \(scenario.name), seed \(seed):")
            say("    " + String(first.prefix(200)).replacing("\n", with: " "))
            return true
        }
        say("\(mutant.name) (\(mutant.breaks)): SURVIVED \(tries) runs of \(scenario.name)")
        return false
    }

    private func run(_ scenario: Scenario, _ build: MutantBuild, mutant: String, seed: UInt64)
        async -> Run?
    {
        var input = Scenario.Input(seed: seed, cycles: scenario.cyclesQuick)
        input.executables = build.executables
        input.environment = [MutantBuild.variable: mutant]
        return await Run(of: scenario, input)
    }
}
