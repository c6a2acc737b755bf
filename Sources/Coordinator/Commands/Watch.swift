import ArgumentParser
import Foundation
import Shared

/// Shows a sweep's progress until it is finished.
struct Watch: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Follow a sweep until it is finished.",
        discussion: """
            Example: gdln-coordinator watch mnist-small

            A bar on a terminal, a line now and then elsewhere. Exits with 1 if a task failed or \
            was cancelled, and with 0 if tasks diverged; it says how many.

            If the coordinator is restarted it says so and waits, for a day at most. Exits with \
            \(Coordinator.unreachableExitCode) if the coordinator stays away, or was not there at \
            the start.
            """)

    @Argument(help: "The sweep: its id, or its name for the newest of that name.")
    var sweep: String

    @OptionGroup var connection: ClientOptions

    func run() async throws {
        var loop = try WatchLoop(
            connection: connection, sweep: sweep, client: connection.client())
        try await loop.run()
    }
}

/// Asks for the status once a second and shows it. A coordinator that was there and is away is
/// waited for.
struct WatchLoop {
    let connection: ClientOptions
    let sweep: String
    var client: CoordinatorClient
    /// Whether the coordinator has answered before.
    var wasReached = false
    var outageSecondsMax = Limits.watchOutageSecondsMax

    mutating func run() async throws {
        let isTerminal = isatty(STDOUT_FILENO) == 1
        var lastLine = ""
        var ticks = 0
        while true {
            let status = try await self.status(breaksLine: isTerminal && !lastLine.isEmpty)
            let line = ProgressLine(status).text(columns: isTerminal ? terminalColumns() : 100)
            // Elsewhere than on a terminal a line now and then is enough.
            let isDue = isTerminal || status.isFinished || ticks % 5 == 0
            if isDue && line != lastLine {
                try show(line, isTerminal: isTerminal)
                lastLine = line
            }
            if status.isFinished { return try finish(status, isTerminal: isTerminal) }
            ticks += 1
            try await Task.sleep(for: .seconds(1))
        }
    }

    /// - Parameter breaksLine: whether the cursor is on the line of the progress.
    private mutating func status(breaksLine: Bool) async throws -> SweepStatus {
        var outageStart: ContinuousClock.Instant?
        var pauseSeconds = 1.0
        while true {
            do throws(ClientError) {
                let status = try client.status(sweep)
                wasReached = true
                return status
            } catch {
                guard wasReached, Self.mayPass(error, inOutage: outageStart != nil) else {
                    throw error
                }
                let start = outageStart ?? .now
                guard ContinuousClock.now - start < .seconds(outageSecondsMax) else {
                    throw ClientError.unreachable(
                        "\(error); waited for \(HumanDuration.text(seconds: outageSecondsMax))")
                }
                if outageStart == nil {
                    StandardError.print(
                        (breaksLine ? "\n" : "") + "waiting for the coordinator: \(error)")
                }
                outageStart = start
            }
            try await Task.sleep(for: .seconds(pauseSeconds))
            pauseSeconds = min(2 * pauseSeconds, Limits.watchPauseSecondsMax)
            if let other = try? connection.client(unlike: client) { client = other }
        }
    }

    /// A coordinator that has just been started may not have told this host its token yet.
    private static func mayPass(_ error: ClientError, inOutage: Bool) -> Bool {
        switch error {
        case .unreachable: true
        case .refused(let status, _):
            RetryPolicy.isWorthRetrying(status: status) || (inOutage && status == 401)
        }
    }

    private func show(_ line: String, isTerminal: Bool) throws {
        guard isTerminal else { return try StandardOutput.print(line) }
        // Back to the start of the line, and what is left of the old one wiped out.
        try StandardOutput.write(Data("\r\(line)\u{1b}[K".utf8))
    }

    private func finish(_ status: SweepStatus, isTerminal: Bool) throws {
        if isTerminal { try StandardOutput.print("") }
        if status.divergedCount > 0 {
            try StandardOutput.print(
                "\(status.name.plainLine): \(status.divergedCount) of \(status.taskCount) tasks "
                    + "diverged: their training loss became NaN or infinite; the report's column "
                    + "diverged_epoch says when")
        }
        if status.resultCount + status.count(.pruned) < status.taskCount {
            throw ExitCode.failure
        }
    }

    private func terminalColumns() -> Int {
        var size = winsize()
        guard ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 20 else {
            return 80
        }
        return Int(size.ws_col) - 1
    }
}
