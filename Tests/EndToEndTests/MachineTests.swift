import Foundation
import Shared
import TestSupport
import Testing

extension EndToEnd {
    /// Workers of one machine under several names, and of two machines.
    @Suite struct MachineTests {
        private static func start(
            _ deployment: Deployment, host: String, boot: String
        ) throws -> TestProcess {
            try deployment.start(
                "gdln-worker",
                [
                    "run", "--coordinator", deployment.address, "--slots", "1", "--host", host,
                    "--cache-dir", "cache-\(host)",
                ], environment: ["GDLN_BOOT_ID": boot])
        }

        @Test func `results are checked on another machine alone, and people are told why not`()
            async throws
        {
            try await Deployment.run { deployment in
                try await deployment.startCoordinator()
                let first = try Self.start(deployment, host: "container-1", boot: "boot-1")
                let yaml = TinySweep.yaml
                    .replacing("seeds.weights: [1, 2, 3]", with: "seeds.weights: [1]")
                    .replacing("k: [1, 2]", with: "k: [1]")
                    .replacing("epochs: \(TinySweep.epochs)", with: "epochs: 2")
                try deployment.write(yaml + "\nrecheck: {share: 1}\n", to: "tiny.yaml")
                _ = try await deployment.output(of: "submit", "tiny.yaml", "--watch")
                #expect(try await deployment.status(of: first)?.succeeded == 2)

                let second = try Self.start(deployment, host: "container-2", boot: "boot-1")
                try await eventually("it asks", log: { second.log }) {
                    try await deployment.status(of: second)?.secondsSinceSeen != nil
                }
                let sentence =
                    "2 tasks wait to be run again: no worker on another machine has asked lately; "
                    + "all workers run on one machine, which has boot id boot-1"
                #expect(
                    try await deployment.output(of: "status", TinySweep.name).contains(sentence))
                #expect(try await deployment.output(of: "workers").contains(sentence))
                let coordinator = try #require(deployment.coordinator)
                try await eventually("the log says so", log: { coordinator.log }) {
                    coordinator.log.contains(sentence)
                }
                #expect(try await deployment.status(of: second)?.host == "container-2")

                let other = try Self.start(deployment, host: "other", boot: "boot-2")
                try await eventually("another machine runs them again", log: { other.log }) {
                    try await deployment.status(of: TinySweep.name).rechecks.same == 2
                }
                #expect(try await deployment.status(of: second)?.succeeded == 0)
                #expect(try await !deployment.output(of: "status").contains("wait to be run again"))
            }
        }
    }
}
