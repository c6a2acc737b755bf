import Foundation
import Shared
import TestSupport
import Testing

@testable import Rig

/// What a worker keeps against its own death is kept against a power cut: it is synced.
@Suite(.takesPlace) struct WorkerSyncTests {
    private static let yaml = """
        name: synced
        experiment: k_path
        base:
          dataset: embedded-digits
          train_examples: 16
          test_examples: 8
          domains: 3
          hidden_width: 4
          batch_size: 8
          epochs: 3
          gate: {family: plus_mod, k: 1}
          optimizer: {name: sgd, learning_rate: 0.02}
        checkpoint: {every_epochs: 1}
        """

    @Test func `journals and checkpoints have reached the disk, and so have their folders`()
        async throws
    {
        if let lack = Machine.lack(of: Shim.needs) { try Test.cancel("\(lack)") }
        try await Deployment.run { deployment in
            try await deployment.startCoordinator()
            try deployment.write(Self.yaml, to: "synced.yaml")
            _ = try await deployment.output(of: "submit", "synced.yaml")
            let shim = try Shim(.notedSyncs, in: deployment.folder)
            let worker = try deployment.start(
                "gdln-worker",
                [
                    "run", "--coordinator", deployment.address, "--slots", "1", "--cache-dir",
                    "host", "--idle-exit", "2",
                ], environment: shim.environment)
            #expect(try await worker.exit() == .code(0))
            #expect(try await deployment.status(of: "synced").isFinished)
            let folder = deployment.folder.resolvingSymlinksInPath().path + "/host"
            let names = try shim.syncedPaths.filter { $0.hasPrefix(folder) }
                .map { $0.dropFirst(folder.count + 1).split(separator: "/") }
            func count(_ isIt: ([Substring]) -> Bool) -> Int { names.count(where: isIt) }
            // The lease, under its passing name; then rows; then the end.
            #expect(count { $0.count == 3 && $0[2].hasSuffix(".journal.partial") } == 1)
            #expect(count { $0.count == 3 && $0[2].hasSuffix(".journal") } >= 2)
            #expect(count { $0.count == 2 && $0[0] == "spool" } >= 1)
            #expect(count { $0.count == 2 && $0[0] == "checkpoints" } >= 1)
            #expect(count { $0.count == 1 && $0[0] == "checkpoints" } >= 1)
        }
    }
}
