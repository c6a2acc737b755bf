import ArgumentParser
import Shared

/// The worker's executable: the loop that trains tasks for a coordinator, and the commands that
/// train without one.
@main
struct Worker: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "gdln-worker",
        abstract: "Trains gated deep linear networks for a coordinator.",
        discussion: """
            Start as many as there are hosts, at any time: gdln-worker run --join-file FILE, with \
            what `gdln-coordinator join-string --worker` prints.
            """,
        version: ProductVersion.current,
        subcommands: [Run.self, Train.self, ReplayCommand.self, Bench.self, SelfTestCommand.self])

    static func main() {
        StandardStreams.prepare()
        // All threads inherit it, unless a library changes it later: what computes sets it again.
        FloatEnvironment.setDefault()
        ProcessSignals.ignoreFileSizeLimit()
        do {
            var command = try parseAsRoot()
            try command.run()
        } catch {
            CommandEnd.exit(message: fullMessage(for: error), code: exitCode(for: error).rawValue)
        }
    }
}
