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
            """,
        version: ProductVersion.current,
        subcommands: [
            Serve.self, Submit.self, Status.self, Watch.self, Report.self, Cancel.self, Retry.self,
            Workers.self, DataCommand.self, Gates.self, JoinStringCommand.self,
            TokenCommand.self, Check.self, Bench.self,
        ])

    static func main() async {
        // All threads inherit it, unless a library changes it later: what computes sets it again.
        FloatEnvironment.setDefault()
        await main(nil)
    }
}
