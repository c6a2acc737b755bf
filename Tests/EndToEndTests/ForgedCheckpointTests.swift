import Foundation
import Shared
import TestSupport
import Testing

extension EndToEnd {
    /// The bearer of a worker's token uploads a checkpoint with a right digest and wrong numbers:
    /// the next worker says so, does not use it, and the task comes to the undisturbed bytes.
    @Suite struct ForgedCheckpointTests {
        enum Forgery: String, CaseIterable {
            case none, steps, far, zeroStep, negativeStep

            /// Steps of an integrator are the gradient flow's.
            var yaml: String {
                switch self {
                case .none, .steps, .far: ResumeTests.yaml
                case .zeroStep, .negativeStep: GatedKillTests.Network.graphByFlow.yaml
                }
            }

            /// - Returns: how many epochs the file now claims.
            func change(_ file: inout Safetensors, epochs: Int, of all: Int) -> Int {
                switch self {
                case .none: return epochs
                case .steps: file.metadata["optimizer_steps"] = "\(Int.max)"
                case .far:
                    file.metadata["epochs_completed"] = "\(all)"
                    return all
                case .zeroStep: file.set("flow.step", [0.0], shape: [1])
                case .negativeStep: file.set("flow.step", [-1.0], shape: [1])
                }
                return epochs
            }
        }

        /// Trains until there is a checkpoint, and kills the worker.
        private static func begin(_ deployment: Deployment, _ forgery: Forgery) async throws {
            try await deployment.startCoordinator()
            try deployment.write(forgery.yaml, to: "one.yaml")
            _ = try await deployment.output(of: "submit", "one.yaml")
            let worker = try deployment.startWorker()
            let held = try await deployment.hold(worker) { store, id in
                store.running(by: id).contains { $0.isInMidTask && $0.checkpoint > 0 }
            }
            guard held != nil else { throw TestFailure("no checkpoint came: \(worker.log)") }
            worker.kill()
        }

        /// As a worker that takes the task, uploads another checkpoint, and gives the task back.
        private static func forge(_ deployment: Deployment, _ forgery: Forgery) async throws {
            let client = try CoordinatorClient(
                deployment.join(.worker),
                environment: .init(
                    sleep: { _ in }, shouldGiveUp: { _ in true }, elapsed: { .zero },
                    now: { Timestamp(milliseconds: 0) },
                    randomBits: { UInt64.random(in: .min ... .max) }), isCancelled: { false })
            let request = LeaseRequest(
                worker: WorkerName(unchecked: "forger"), host: "forger", slots: 1, waitSeconds: 1,
                selfTest: .right)
            var found: Lease?
            try await eventually("the dead worker's lease expires", within: .stuck) {
                found = try client.lease(request).first
                return found != nil
            }
            let lease = try #require(found)
            let reference = try #require(lease.checkpoint)
            var file = try Safetensors(parsing: client.checkpoint(reference, of: lease))
            let all = try Configuration(reading: SourceValue(lease.configuration)).epochs
            let claimed = forgery.change(&file, epochs: reference.epochsCompleted, of: all)
            let bytes = try file.serialized()
            _ = try client.keep(
                bytes,
                as: CheckpointReference(
                    epochsCompleted: claimed, digest: Digest(of: bytes), bytes: bytes.count),
                of: lease)
            _ = try client.handBack(lease, reason: "forged")
        }

        private static func undisturbed(_ yaml: String) async throws -> TinySweep.Result {
            try await Deployment.run { deployment in
                try await deployment.startCoordinator()
                _ = try deployment.startWorker()
                try deployment.write(yaml, to: "one.yaml")
                _ = try await deployment.output(of: "submit", "one.yaml")
                return try await TinySweep.finish(on: deployment)
            }
        }

        @Test(arguments: Forgery.allCases)
        func `a forged checkpoint is refused with a reason, and its task succeeds`(
            forgery: Forgery
        ) async throws {
            let expected = try await Self.undisturbed(forgery.yaml)
            try await Deployment.run { deployment in
                deployment.options.leaseSeconds = 2
                try await Self.begin(deployment, forgery)
                try await Self.forge(deployment, forgery)
                let next = try deployment.startWorker()
                let result = try await TinySweep.finish(on: deployment)
                #expect(Table(result.report).column("state") == ["succeeded"])
                #expect(result.report == expected.report && result.history == expected.history)
                #expect(next.isRunning)
                let isUsed = !next.errors.contains("a checkpoint is not used")
                #expect(isUsed == (forgery == .none), "\(next.log)")
                #expect(ResumeTests.resumed(next).isEmpty == !isUsed)
            }
        }
    }
}
