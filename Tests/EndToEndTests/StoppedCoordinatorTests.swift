import Foundation
import Shared
import TestSupport
import Testing

extension EndToEnd {
    /// A coordinator whose process does not run for a while: SIGSTOP, or a suspended machine.
    @Suite struct StoppedCoordinatorTests {
        private static let leaseSeconds = 4.0

        @Test func `leases outlast a coordinator that is stopped for longer than a lease`()
            async throws
        {
            try await Deployment.run { deployment in
                deployment.options.leaseSeconds = Self.leaseSeconds
                try await deployment.startCoordinator()
                let coordinator = try #require(deployment.coordinator)
                try deployment.write(TinySweep.endless, to: "endless.yaml")
                _ = try await deployment.output(of: "submit", "endless.yaml")
                let worker = try deployment.startWorker()
                func epochs() async throws -> Int {
                    try await deployment.status(of: "endless").epochsCompleted
                }
                try await eventually("it trains", log: { worker.log }) { try await epochs() > 0 }

                try coordinator.pause()
                // The length of the stop, and nothing that a test waits for.
                try await Task.sleep(for: .seconds(Self.leaseSeconds + 0.5))
                coordinator.send(SIGCONT)
                let before = try await epochs()
                try await eventually("it goes on", log: { worker.log }) {
                    try await epochs() > before
                }
                #expect(!coordinator.errors.contains("leases expired"), "\(coordinator.log)")
                let report = Table(
                    try await deployment.output(of: "report", "endless", "--runtime"))
                #expect(report.column("attempts") == ["1"])
            }
        }
    }
}
