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
            """)

    @Argument(help: "The sweep file.")
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
        Warnings.write(found.map { "\(file): \($0)" })
        if dryRun {
            try show(sweep, points)
            checkData(of: sweep, besides: found)
            return
        }
        let client = try connection.client()
        let created = try client.submit(sweep.json)
        if json {
            try printJSON(created)
        } else {
            // At once: the progress that follows is not buffered either.
            let cached =
                created.cachedCount == 0
                ? "" : ", \(created.cachedCount) of them trained before for other sweeps"
            let count = tasks(created.taskCount) + cached
            writeOut("\(created.name): submitted as \(created.id), \(count)\n")
            Warnings.write(Self.new(created.warnings, besides: found))
        }
        if watch { try await WatchLoop(client: client, sweep: created.id.rawValue).run() }
    }

    /// Read, and expanded once to find all its mistakes.
    static func readSweep(_ file: String) throws -> (sweep: Sweep, points: [SweepPoint]) {
        do throws(SweepMistakes) {
            let sweep = try SweepFile.read(path: file)
            return (sweep, try sweep.expand())
        } catch {
            let sentences = error.all.map { "\(file): \($0)" }
            throw CommandFailure(sentences.joined(separator: "\n"))
        }
    }

    private func show(_ sweep: Sweep, _ points: [SweepPoint]) throws {
        if json {
            for point in points {
                let line = try point.configuration.json.canonicalData()
                print(String(decoding: line, as: UTF8.self))
            }
            return
        }
        print("\(sweep.name): \(tasks(sweep.count))")
        for axis in sweep.axes { print("  \(axis.name): \(axis.summary)") }
        let gates = try GateList(points)
        if !gates.all.isEmpty { print("  " + gates.summary) }
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
