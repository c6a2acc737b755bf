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
            """)

    @Argument(help: "The sweep: its id, or its name for the newest of that name.")
    var sweep: String

    @OptionGroup var connection: ClientOptions

    func run() async throws {
        try await WatchLoop(client: connection.client(), sweep: sweep).run()
    }
}

/// Asks for the status once a second and shows it.
struct WatchLoop {
    let client: CoordinatorClient
    let sweep: String

    func run() async throws {
        let isTerminal = isatty(STDOUT_FILENO) == 1
        var lastLine = ""
        var ticks = 0
        while true {
            let status = try client.status(sweep)
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
