import Foundation
import GRDB
import TestSupport
import Testing

extension EndToEnd {
    /// A data directory as a person copies it, or as a disk damages it.
    @Suite struct StoreFilesTests {
        private static let yaml = """
            name: two
            experiment: k_path
            base: {dataset: embedded-digits, train_examples: 80, test_examples: 20, domains: 2,
              hidden_width: 4, batch_size: 8, epochs: 2, gate: {family: plus_mod, k: 1},
              optimizer: {name: sgd, learning_rate: 0.02}}
            axes: {seeds.weights: [1, 2]}
            """

        private static func trainAndEnd(_ deployment: Deployment) async throws {
            try await deployment.startCoordinator()
            try deployment.write(yaml, to: "two.yaml")
            _ = try await deployment.output(of: "submit", "two.yaml")
            let worker = try deployment.startWorker("--idle-exit", "1")
            #expect(try await worker.exit() == .code(0), "\(worker.log)")
            deployment.coordinator?.send(SIGTERM)
            #expect(try await deployment.coordinator?.exit() == .code(0))
        }

        @Test func `after SIGTERM the database's file has everything`() async throws {
            try await Deployment.run { deployment in
                try await Self.trainAndEnd(deployment)
                let copy = deployment.folder.path + "/alone.sqlite"
                try FileManager.default.copyItem(
                    atPath: deployment.dataDirectory + "/coordinator.sqlite", toPath: copy)
                let counts = try await DatabaseQueue(path: copy).read { database in
                    try ["sweep", "task WHERE trajectory IS NOT NULL"].map {
                        try Int.fetchOne(database, sql: "SELECT count(*) FROM \($0)")
                    }
                }
                #expect(counts == [1, 2])
            }
        }

        @Test func `report writes no file of damaged rows, and ends with code 1`() async throws {
            try await Deployment.run { deployment in
                try await Self.trainAndEnd(deployment)
                let path = deployment.dataDirectory + "/coordinator.sqlite"
                let queue = try DatabaseQueue(path: path)
                try await queue.write { database in
                    let rows = try Data.fetchOne(
                        database, sql: "SELECT rows FROM metric WHERE number = 1")
                    guard var bytes = rows else { throw TestFailure("there are no rows") }
                    bytes[bytes.count - 1] ^= 1
                    try database.execute(
                        sql: "UPDATE metric SET rows = ? WHERE number = 1", arguments: [bytes])
                }
                try queue.close()
                let check = try await deployment.command("check", "--data-dir", "data")
                #expect(check.exit == .code(1))
                #expect(check.errors.contains(" of sweep two (position "))
                try await deployment.startCoordinator()
                for kind in ["--table", "--summary", "--history", "--manifest"] {
                    let report = try await deployment.command("report", "two", kind, "-o", "out")
                    #expect(report.exit == .code(1))
                    #expect(report.errors.contains(" of sweep two (position "))
                    #expect(
                        !FileManager.default.fileExists(atPath: deployment.folder.path + "/out"))
                    let rest = try await deployment.command("report", "two", kind, "--skip-damaged")
                    #expect(rest.exit == .code(0), "\(rest.errors)")
                }
            }
        }
    }
}
