import Foundation
import Shared
import TestSupport

/// The sweep that these tests run, again and again: twelve tasks of about a second each, on the
/// data set made by code, so that nothing needs to be registered.
enum TinySweep {
    static let name = "tiny"
    static let taskCount = 12
    static let epochs = 60

    static let yaml = """
        name: \(name)
        experiment: k_path
        attempts: 100
        base:
          dataset: embedded-digits
          train_examples: 240
          test_examples: 60
          domains: 3
          hidden_width: 8
          batch_size: 8
          epochs: \(epochs)
          optimizer: {name: sgd, learning_rate: 0.02, momentum: 0.9}
        axes:
          seeds.weights: [1, 2, 3]
          gate:
            - {family: plus_mod, k: [1, 2]}
          init.gain: [1, 0.1]
        """

    /// One task of the same kind that does not end while a test lasts.
    static let endless = """
        name: endless
        experiment: k_path
        base:
          dataset: embedded-digits
          train_examples: 240
          test_examples: 60
          domains: 3
          gate: {family: plus_mod, k: 1}
          hidden_width: 8
          batch_size: 8
          epochs: 1000000
          optimizer: {name: sgd, learning_rate: 0.02}
        axes:
          seeds.weights: [1]
        """

    /// What one run of it leaves behind.
    struct Result: Sendable {
        var report: String
        var history: String
        var manifest: String
        /// What the first task's training alone gave.
        var firstTrajectory: String
    }

    /// A run that nothing disturbs, made once: what every other run must come to, to the byte.
    static let undisturbed = Task { try await Deployment.run(runUndisturbed) }

    private static func runUndisturbed(_ deployment: Deployment) async throws -> Result {
        try await deployment.startCoordinator()
        try deployment.write(yaml, to: "tiny.yaml")
        _ = try await deployment.output(of: "submit", "tiny.yaml")
        let workers = try (0..<2).map { _ in try deployment.startWorker("--idle-exit", "2") }
        _ = try await deployment.output(of: "watch", name)
        for worker in workers {
            let exit = try await worker.exit()
            guard exit == .code(0) else { throw TestFailure("\(exit)\n\(worker.log)") }
        }
        return try await result(of: deployment)
    }

    /// The files of the deployment's run.
    static func result(of deployment: Deployment) async throws -> Result {
        let report = try await deployment.output(of: "report", name)
        return Result(
            report: report,
            history: try await deployment.output(of: "report", name, "--history"),
            manifest: try await deployment.output(of: "report", name, "--manifest"),
            firstTrajectory: Table(report).rows.first?["trajectory_sha256"] ?? "")
    }

    /// Submits it and stops `worker` in the middle of a task, of which the coordinator has already
    /// heard something. The test kills it, or lets it go on with SIGCONT.
    static func submit(to deployment: Deployment, holdingInMidTask worker: TestProcess)
        async throws
    {
        try deployment.write(yaml, to: "tiny.yaml")
        _ = try await deployment.output(of: "submit", "tiny.yaml")
        let held = try await deployment.hold(worker) { store, id in
            store.running(by: id).contains { $0.isInMidTask }
        }
        guard held != nil else { throw TestFailure("nobody saw a training\n\(worker.log)") }
    }

    /// Waits until nothing is left to do.
    static func finish(on deployment: Deployment, within limit: Duration = .seconds(600))
        async throws -> Result
    {
        _ = try await deployment.output(of: "watch", name, within: limit)
        return try await result(of: deployment)
    }
}
