import ArgumentParser
import Foundation
import Shared

/// Looks for broken invariants in a store.
struct Check: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Check a data directory that no coordinator is using.",
        discussion: """
            Example: gdln-coordinator check --data-dir sweeps

            Exits with 1 and a sentence for each thing that is wrong.
            """)

    @Option(help: "The data directory.")
    var dataDir = "gdln-data"

    func run() async throws {
        // A folder that is made only to be found in order would say nothing.
        guard FileManager.default.fileExists(atPath: dataDir + "/coordinator.sqlite") else {
            throw CommandFailure("'\(dataDir)' is no coordinator's data directory.")
        }
        umask(0o077)
        let directory = try DataDirectory(path: dataDir)
        let store = try Store(
            path: directory.databasePath, leaseDuration: .seconds(Limits.leaseSecondsDefault),
            environment: .system)
        let broken = try await store.brokenInvariants()
        guard broken.isEmpty else { throw CommandFailure(broken.joined(separator: "\n")) }
        print("All is well.")
    }
}
