import ArgumentParser
import Shared

/// The coordinator's executable: the server, and every command a person types.
@main
struct Coordinator: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "gdln-coordinator",
        abstract: "Coordinates sweeps of gated deep linear networks.",
        discussion: """
            Start one with `gdln-coordinator serve`, workers with `gdln-worker run`, and hand it \
            sweeps with `gdln-coordinator submit FILE`.

            Exit codes: 0 done, 1 refused or failed (for watch and submit --watch also: a task \
            failed or was cancelled), 64 wrong arguments, \(Self.unreachableExitCode) the \
            coordinator cannot be reached.
            """,
        version: ProductVersion.current,
        subcommands: [
            Serve.self, Submit.self, Status.self, Watch.self, Report.self, Cancel.self, Retry.self,
            Workers.self, DataCommand.self, Gates.self, JoinStringCommand.self,
            TokenCommand.self, Check.self, Bench.self,
        ])

    static func main() async {
        StandardStreams.prepare()
        // All threads inherit it, unless a library changes it later: what computes sets it again.
        FloatEnvironment.setDefault()
        ProcessSignals.ignoreFileSizeLimit()
        do {
            var command = try await asyncParseAsRoot()
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
        } catch ClientError.unreachable(let reason) {
            CommandEnd.exit(message: "Error: \(reason)", code: unreachableExitCode)
        } catch {
            CommandEnd.exit(message: fullMessage(for: error), code: exitCode(for: error).rawValue)
        }
    }

    /// The coordinator cannot be reached, which may pass: EX_UNAVAILABLE of sysexits(3).
    static let unreachableExitCode: Int32 = 69
}
