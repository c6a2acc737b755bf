import ArgumentParser
import Shared

/// Stops what is left of a sweep.
struct Cancel: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Cancel what is left of a sweep.",
        discussion: """
            Example: gdln-coordinator cancel mnist-small

            Results that are there stay; workers stop within a heartbeat.
            """)

    @Argument(help: "The sweep: its id, or its name for the newest of that name.")
    var sweep: String

    @OptionGroup var connection: ClientOptions

    func run() async throws {
        try StandardOutput.requireOpen()
        let changed = try connection.client().cancel(sweep)
        try StandardOutput.print("\(changed) tasks cancelled")
    }
}

/// Gives what did not succeed another chance.
struct Retry: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Make failed and cancelled tasks ready again.",
        discussion: "Example: gdln-coordinator retry mnist-small")

    @Argument(help: "The sweep: its id, or its name for the newest of that name.")
    var sweep: String

    @OptionGroup var connection: ClientOptions

    func run() async throws {
        try StandardOutput.requireOpen()
        let changed = try connection.client().retry(sweep)
        try StandardOutput.print("\(changed) tasks are ready again")
    }
}
