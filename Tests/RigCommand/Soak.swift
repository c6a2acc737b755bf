import ArgumentParser
import Foundation
import Rig

/// Runs scenarios again and again, each time with another seed, and prints one table.
struct Soak: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Run scenarios for long, and print a table.",
        discussion: "Example: gdln-rig soak --minutes 180 --cycles 1000")

    @OptionGroup var choice: Choice

    @Option(help: "No run begins after so long.")
    var minutes = 60.0

    @Option(help: "So many faults of each scenario are enough.")
    var cycles = 1_000

    @OptionGroup var size: Size

    @Option(help: "The first run's; the next ones follow.")
    var seed: UInt64 = 1

    @Option(help: "Where the history and the store of a run that failed are kept.")
    var keep: String?

    /// What came of one scenario so far.
    private struct Row {
        let scenario: Scenario
        var runs = 0
        var cycles = 0
        var failures = 0
        var isSkipped = false
    }

    func run() async throws {
        var rows = choice.chosen.map { Row(scenario: $0) }
        let end = ContinuousClock.now + .seconds(minutes * 60)
        var seed = seed
        // In turns, so that a soak that is cut short has seen something of everything.
        while rows.contains(where: wants), ContinuousClock.now < end {
            for index in rows.indices where wants(rows[index]) && ContinuousClock.now < end {
                let left = cycles - rows[index].cycles
                var input = Scenario.Input(
                    seed: seed, cycles: min(rows[index].scenario.cyclesLong, left))
                input.keep = keep.map { URL(filePath: $0) }
                input.leases = size.leases
                seed += 1
                guard let run = await Run(of: rows[index].scenario, input) else {
                    rows[index].isSkipped = true
                    continue
                }
                run.show()
                rows[index].runs += 1
                rows[index].cycles += run.outcome.cycles
                rows[index].failures += run.hasFailed ? 1 : 0
            }
        }
        show(rows)
        if rows.contains(where: { $0.failures > 0 }) { throw ExitCode.failure }
    }

    private func wants(_ row: Row) -> Bool { row.cycles < cycles && !row.isSkipped }

    private func show(_ rows: [Row]) {
        say("")
        say(line("test", "cycles", "runs", "failed runs", "95 % bound"))
        for row in rows {
            guard !row.isSkipped else {
                say(line(row.scenario.name, "skipped", "", "", ""))
                continue
            }
            let bound = FailureBound.upper(failures: row.failures, cycles: row.cycles)
                .map { String(format: "%.2f %%", $0 * 100) }
            say(
                line(
                    row.scenario.name, "\(row.cycles)", "\(row.runs)", "\(row.failures)",
                    bound ?? "-"))
        }
    }

    private func line(_ cells: String...) -> String {
        let widths = [20, 8, 6, 12, 11]
        return zip(cells, widths).enumerated().map { index, pair in
            let space = String(repeating: " ", count: max(0, pair.1 - pair.0.count))
            return index == 0 ? pair.0 + space : space + pair.0
        }.joined(separator: " ")
    }
}
