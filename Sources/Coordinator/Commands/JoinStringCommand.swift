import ArgumentParser
import Foundation
import Shared

/// What another host needs to know.
struct JoinStringCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "join-string",
        abstract: "Print the line that lets another host in.",
        discussion: """
            Example: gdln-coordinator join-string --worker --data-dir sweeps >join-worker

            It holds the coordinator's address, a token, and what its certificate is known by: \
            whoever has it can do what the token allows. On the other host, workers and commands \
            take it from a file (--join-file, GDLN_JOIN_FILE) or the environment (GDLN_JOIN).
            """)

    @Flag(help: "For workers, who may train and nothing else; else for people, with all rights.")
    var worker = false

    @Option(help: "The data directory of the coordinator, which must have been started.")
    var dataDir = "gdln-data"

    func run() async throws {
        let path = DataDirectory.joinPath(dataDir, worker ? .worker : .admin)
        // A service's directory belongs to a user of its own, and root asks.
        guard let text = try PrivateFile.read(path, isOwnerChecked: false) else {
            throw CommandFailure(
                "'\(dataDir)' is not the data directory of a coordinator that was ever started.")
        }
        try StandardOutput.print(Join(parsing: text).text)
    }
}
