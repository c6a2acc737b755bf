import ArgumentParser
import Foundation
import Shared

/// Measures what a coordinator on this host can carry.
struct Bench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Measure what a coordinator on this host can carry.",
        discussion: """
            Example: gdln-coordinator bench tasks rows --seconds 10 --json

            Starts coordinators of its own, on loopback and in temporary folders, and puts load on \
            them from this process, on the same processors. Every answer waits for its fsync, as \
            always. Parts: disk, tasks, tasks-tls, rows, sweep, heartbeats; without any, all.
            """)

    @Argument(help: "What to measure.")
    var parts: [BenchPart] = BenchPart.allCases

    @Option(help: "How long to measure each rate.")
    var seconds = 5.0

    @Option(help: "Tasks of the large sweep.")
    var tasks = Limits.tasksPerSweepMax

    @Option(help: "Metric rows of each of its tasks.")
    var rows = 10

    @Option(help: "Workers that send heartbeats.")
    var workers = 10_000

    @Option(parsing: .upToNextOption, help: "Connections that take tasks at once.")
    var connections = [1, 16, 64]

    @Option(help: "Where the coordinators keep their data: the disk that is measured.")
    var folder = EnvironmentVariables.current.temporaryFolder

    @Flag(help: "JSON for programs, one object a line.")
    var json = false

    func validate() throws {
        guard seconds > 0, seconds <= 3_600, (1...Limits.tasksPerSweepMax).contains(tasks),
            (1...Limits.rowsPerRequestMax).contains(rows),
            (1...Limits.tasksPerSweepMax).contains(workers),
            connections.allSatisfy((1...Limits.connectionsMax).contains)
        else {
            throw ValidationError(
                "--seconds must be above 0 and at most 3600, --tasks and --workers from 1 to "
                    + "\(Limits.tasksPerSweepMax), --rows from 1 to \(Limits.rowsPerRequestMax), "
                    + "--connections from 1 to \(Limits.connectionsMax).")
        }
    }

    func run() async throws {
        // A connection is a file here as there.
        let room = OpenFiles.allowMany()
        guard !parts.contains(.heartbeats) || workers <= room else {
            throw CommandFailure(
                "\(workers) workers need as many connections; this process may have \(room): "
                    + "--workers \(room), or `ulimit -n` higher.")
        }
        let json = json
        // Line by line: the whole takes minutes.
        if !json { try StandardOutput.print(BenchLine.aligned(BenchLine.columns)) }
        let run = BenchRun(
            seconds: seconds, tasks: tasks, rowsPerTask: rows, workers: workers,
            connections: connections, folder: folder
        ) { line in
            if json {
                try StandardOutput.print(json: WireCoding.encode(line))
            } else {
                try StandardOutput.print(BenchLine.aligned(line.cells))
            }
        }
        for part in parts { try await run.measure(part) }
    }
}

extension BenchPart: ExpressibleByArgument {}
