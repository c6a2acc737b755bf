import Foundation
import Shared
import TestSupport
import Testing

extension EndToEnd {
    /// Workers that are killed with several tasks under way, as the kernel does it for want of
    /// memory: one task was the reason, and only that one is to pay for it.
    @Suite struct KilledWorkerTests {
        private static let attemptMax = 2

        /// Two tasks that never end while the test runs.
        private static let yaml =
            TinySweep.yaml
            .replacing("seeds.weights: [1, 2, 3]", with: "seeds.weights: [1, 2]")
            .replacing("k: [1, 2]", with: "k: [1]")
            .replacing("init.gain: [1, 0.1]", with: "init.gain: [1]")
            .replacing("epochs: \(TinySweep.epochs)", with: "epochs: 100000")
            + "\nattempts: \(attemptMax)\n"

        private static func start(_ deployment: Deployment) throws -> TestProcess {
            try deployment.start(
                "gdln-worker",
                [
                    "run", "--coordinator", deployment.address, "--slots", "2", "--threads", "2",
                    "--cache-dir", "cache",
                ])
        }

        /// Stops a worker that has so many tasks under way, kills it, and returns which.
        private static func kill(
            _ worker: TestProcess, training count: Int, _ deployment: Deployment
        ) async throws -> [StoredAttempt] {
            let held = try await deployment.hold(worker) { store, id in
                store.running(by: id).filter(\.isInMidTask).count == count
            }
            let view = try #require(held, "\(worker.log)")
            worker.kill()
            return view.running(by: worker.processID)
        }

        private static func rows(_ deployment: Deployment) async throws -> [[String: String]] {
            Table(try await deployment.output(of: "report", TinySweep.name, "--runtime")).rows
        }

        @Test(arguments: [1.0, 3_600.0])
        func `only the task that was alone when its worker was killed fails`(
            leaseSeconds: Double
        ) async throws {
            try await Deployment.run { deployment in
                // Short: leases expire, and attempts are used up, before the death is reported.
                deployment.options.leaseSeconds = leaseSeconds
                try await deployment.startCoordinator()
                try deployment.write(Self.yaml, to: "tiny.yaml")
                _ = try await deployment.output(of: "submit", "tiny.yaml")
                let together = try await Self.kill(
                    Self.start(deployment), training: 2, deployment)
                #expect(together.count == 2)
                if leaseSeconds < 60 {
                    try await eventually("the leases expire") {
                        try await deployment.status(of: TinySweep.name).count(.leased) == 0
                    }
                }
                // From here on each is trained alone, although there are two slots.
                var alone: [StoredAttempt] = []
                for _ in 0..<Self.attemptMax {
                    let worker = try Self.start(deployment)
                    alone += try await Self.kill(worker, training: 1, deployment)
                    #expect(worker.errors.contains("killed, probably out of memory"))
                }
                #expect(Set(alone.map(\.task)).count == 1 && alone.count == Self.attemptMax)
                let last = try Self.start(deployment)
                try await eventually("the next is trained", log: { last.log }) {
                    try deployment.storeView().running(by: last.processID).contains(
                        where: \.isInMidTask)
                }
                let rows = try await Self.rows(deployment)
                for row in rows {
                    let isGuilty = row["task"] == alone.first?.task
                    #expect(row["state"] == (isGuilty ? "failed" : "leased"), "\(row)")
                    #expect(
                        (row["error"] ?? "").contains("killed, probably out of memory") == isGuilty)
                }
                #expect(rows.count == 2)
            }
        }
    }
}
