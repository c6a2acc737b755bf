import ArgumentParser
import Foundation
import Shared

/// Looks for broken invariants in a store.
struct Check: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Check a data directory that no coordinator is using.",
        discussion: """
            Example: gdln-coordinator check --data-dir sweeps

            Exits with 1 and a sentence for each thing that is wrong. Computes every trajectory \
            anew from the stored metric rows, and every task's id from its configuration.
            """)

    @Option(help: "The data directory.")
    var dataDir = "gdln-data"

    @Flag(
        help: """
            Accept a database that lacks acknowledged commits because its write-ahead log is \
            gone. What is missing is then lost.
            """)
    var acceptLoss = false

    func run() async throws {
        // A folder that is made only to be found in order would say nothing.
        guard FileManager.default.fileExists(atPath: dataDir + "/coordinator.sqlite") else {
            throw CommandFailure("'\(dataDir)' is no coordinator's data directory.")
        }
        umask(0o077)
        let directory = try DataDirectory(path: dataDir)
        let store = try Store(
            path: directory.databasePath, leaseDuration: .seconds(Limits.leaseSecondsDefault),
            environment: .system, acceptsLoss: acceptLoss)
        var broken = try await store.brokenInvariants()
        do {
            broken += try await store.damagedContents()
        } catch {
            broken.append("the store could not be read to its end: \(error)")
        }
        guard broken.isEmpty else { throw CommandFailure(broken.joined(separator: "\n")) }
        try StandardOutput.print("All is well.")
    }
}
