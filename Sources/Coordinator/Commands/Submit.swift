import ArgumentParser
import Foundation
import Shared

/// Hands a sweep to the coordinator.
struct Submit: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Submit a sweep.",
        discussion: """
            Example: gdln-coordinator submit deploy/sweeps/mnist-small.yaml --watch

            The whole sweep is checked first; a mistake anywhere stores nothing. Warnings name \
            examples that no task uses and classes without examples; with --dry-run only if a \
            coordinator can be reached.

            With --watch it waits and exits as `watch` does.
            """)

    @Argument(help: "The sweep file; - for the standard input.")
    var file: String

    @Flag(help: "Check the sweep and say how many tasks it has; submit nothing.")
    var dryRun = false

    @Flag(help: "Show the progress until the sweep is finished.")
    var watch = false

    @Flag(
        help: """
            JSON for programs; with --dry-run the complete configuration of each task, one a line.
            """)
    var json = false

    @OptionGroup var connection: ClientOptions

    func run() async throws {
        let (sweep, points) = try Self.readSweep(file)
        let found = sweep.warnings(of: points)
        Warnings.write(found.map { "\(Self.name(file)): \($0)" })
        if dryRun {
            try show(sweep, points)
            checkData(of: sweep, besides: found)
            return
        }
        try StandardOutput.requireOpen()
        let client = try connection.client()
        let created = try client.submit(sweep.json)
        if json {
            try printJSON(created)
        } else {
            let cached =
                created.cachedCount == 0
                ? "" : ", \(created.cachedCount) of them trained before for other sweeps"
            let count = tasks(created.taskCount) + cached
            try StandardOutput.print(
                "\(created.name.plainLine): submitted as \(created.id), \(count)")
            Warnings.write(Self.new(created.warnings, besides: found))
        }
        if watch {
            var loop = WatchLoop(
                connection: connection, sweep: created.id.rawValue, client: client,
                wasReached: true)
            try await loop.run()
        }
    }

    /// Read, and expanded once to find all its mistakes.
    static func readSweep(_ file: String) throws -> (sweep: Sweep, points: [SweepPoint]) {
        do throws(SweepMistakes) {
            let sweep = try SweepFile.read(path: file)
            return (sweep, try sweep.expand())
        } catch {
            let sentences = error.all.map { "\(name(file)): \($0)".plainLine }
            throw CommandFailure(sentences.joined(separator: "\n"))
        }
    }

    private static func name(_ file: String) -> String {
        file == "-" ? InputFile.name(file) : file
    }

    private func show(_ sweep: Sweep, _ points: [SweepPoint]) throws {
        if json {
            for point in points {
                try StandardOutput.print(json: point.configuration.json.canonicalData())
            }
            return
        }
        try StandardOutput.print("\(sweep.name.plainLine): \(tasks(sweep.count))")
        for axis in sweep.axes {
            try StandardOutput.print("  \(axis.name.plainLine): \(axis.summary.plainLine)")
        }
        let gates = try GateList(points)
        if !gates.all.isEmpty { try StandardOutput.print("  " + gates.summary) }
    }

    /// Asks the coordinator what stands out in the data. A dry run needs none: if it cannot be
    /// reached, that is all there is to say.
    private func checkData(of sweep: Sweep, besides found: [SweepWarning]) {
        guard (try? sweep.configuration(at: 0))?.dataset != nil else { return }
        do {
            let checked = try connection.client(tryingFor: 0).check(sweep.json)
            Warnings.write(Self.new(checked.warnings, besides: found))
        } catch {
            Warnings.write(["the data were not checked: \(error)"])
        }
    }

    /// The coordinator finds in the sweep what the command has found in its file, without lines.
    private static func new(_ warnings: [String], besides found: [SweepWarning]) -> [String] {
        warnings.filter { warning in !found.contains { warning.hasSuffix($0.sentence) } }
    }

    private func tasks(_ count: Int) -> String { count == 1 ? "1 task" : "\(count) tasks" }
}
