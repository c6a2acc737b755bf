import Foundation
import Shared
import TestSupport
import Testing

extension EndToEnd {
    /// A task goes on where it was, on another host, and comes to the same bytes; a checkpoint that
    /// is damaged is told and not used.
    @Suite struct ResumeTests {
        /// The first task of the sweep, kept after every fifth epoch.
        static let yaml =
            TinySweep.yaml
            .replacing("seeds.weights: [1, 2, 3]", with: "seeds.weights: [1]")
            .replacing("k: [1, 2]", with: "k: [1]")
            .replacing("init.gain: [1, 0.1]", with: "init.gain: [1]")
            // Long enough to be stopped in its middle.
            .replacing("epochs: \(TinySweep.epochs)", with: "epochs: 180") + """

                checkpoint: {every_epochs: 5}
                """

        private static let undisturbed = Task {
            try await Deployment.run { deployment in
                try await deployment.startCoordinator()
                _ = try deployment.startWorker()
                try deployment.write(yaml, to: "one.yaml")
                _ = try await deployment.output(of: "submit", "one.yaml")
                return try await TinySweep.finish(on: deployment)
            }
        }

        /// Submits it, and stops a worker that has handed over checkpoints, in mid-task. The test
        /// kills it, or lets it go on with SIGCONT.
        static func begin(_ deployment: Deployment, grace: String = "1h") async throws
            -> TestProcess
        {
            try await deployment.startCoordinator()
            let worker = try deployment.startWorker("--grace", grace)
            try deployment.write(yaml, to: "one.yaml")
            _ = try await deployment.output(of: "submit", "one.yaml")
            let folder = deployment.folder
            let held = try await deployment.hold(worker) { store, id in
                store.running(by: id).contains { $0.isInMidTask && $0.checkpoint >= 10 }
                    && ((try? files(folder, "cache-1/checkpoints").count) ?? 0) >= 2
            }
            guard held != nil else {
                throw TestFailure("there are never two checkpoints: \(worker.log)")
            }
            return worker
        }

        private static func files(_ parent: URL, _ name: String) throws -> [URL] {
            let folder = parent.appending(path: name)
            guard FileManager.default.fileExists(atPath: folder.path) else { return [] }
            return try FileManager.default.contentsOfDirectory(
                at: folder, includingPropertiesForKeys: nil
            ).filter { $0.pathExtension != "partial" }
        }

        static func finish(_ deployment: Deployment) async throws {
            let result = try await TinySweep.finish(on: deployment)
            let expected = try await undisturbed.value
            #expect(result.firstTrajectory == expected.firstTrajectory)
            #expect(result.history == expected.history && result.history.count > 1_000)
        }

        /// The epochs from which a worker says that it went on.
        static func resumed(_ worker: TestProcess) -> [Int] {
            worker.errors.matches(of: /epochs=(\d+) .*goes on/).compactMap { Int($0.1) }
                + worker.errors.matches(of: /goes on.*epochs=(\d+)/).compactMap { Int($0.1) }
        }

        @Test func `a worker told to end hands its training over, to the last epoch, uncounted`()
            async throws
        {
            try await Deployment.run { deployment in
                let leaving = try await Self.begin(deployment)
                leaving.send(SIGTERM)
                leaving.send(SIGCONT)
                #expect(try await leaving.exit() == .code(0))
                #expect(leaving.errors.contains("handed back"), "\(leaving.log)")
                let status = try #require(try await deployment.status(of: leaving))
                #expect(status.leased == 0 && status.lost == 0 && status.failed == 0)
                let kept = try await deployment.status(of: TinySweep.name).epochsCompleted
                let next = try deployment.startWorker()
                try await Self.finish(deployment)
                #expect(Self.resumed(next) == [kept], "\(next.log)")
                #expect(try Self.files(deployment.folder, "cache-1/checkpoints").count <= 2)
                try await eventually("the checkpoint goes with its task") {
                    try Self.files(deployment.folder, "data/checkpoints").isEmpty
                }
                #expect(next.errors.contains("trained"))
            }
        }

        enum Damage: CaseIterable {
            case flippedByCoordinator, lastFlippedByWorker, allFlippedByWorker
        }

        @Test(arguments: Damage.allCases)
        func `a damaged checkpoint is told and not used`(damage: Damage) async throws {
            try await Deployment.run { deployment in
                let worker = try await Self.begin(deployment)
                worker.kill()
                // What was on its way when the worker died must not move the files meanwhile.
                deployment.coordinator?.kill()
                let isWorkers = damage == .lastFlippedByWorker || damage == .allFlippedByWorker
                var (theirs, own) = (
                    try Self.files(deployment.folder, "data/checkpoints"),
                    try Self.files(deployment.folder, "cache-1/checkpoints").sorted(
                        by: Self.isFurther)
                )
                switch damage {
                case .flippedByCoordinator: try Self.flip(theirs)
                case .lastFlippedByWorker:
                    // What is with the coordinator must not help out.
                    try Self.flip(Array(own.prefix(1)))
                    try Self.flip(theirs)
                    own.removeFirst()
                    theirs = []
                case .allFlippedByWorker: try Self.flip(own)
                }
                // The next one need not wait long for the task.
                deployment.options.leaseSeconds = 2
                try await deployment.startCoordinator()
                let next = try deployment.start(
                    "gdln-worker",
                    [
                        "run", "--coordinator", deployment.address, "--slots", "1", "--cache-dir",
                        isWorkers ? "cache-1" : "cache-other",
                    ])
                try await Self.finish(deployment)
                #expect(next.errors.contains("a checkpoint is not used"), "\(next.log)")
                switch damage {
                case .flippedByCoordinator:
                    #expect(Self.resumed(next) == [])
                case .lastFlippedByWorker, .allFlippedByWorker:
                    let resumed = try #require(Self.resumed(next).first)
                    #expect(resumed % 5 == 0 && resumed > 0)
                }
            }
        }

        private static func isFurther(_ a: URL, than b: URL) -> Bool { epochs(a) > epochs(b) }

        private static func epochs(_ url: URL) -> Int {
            Int(url.lastPathComponent.split(separator: ".")[1]) ?? 0
        }

        private static func flip(_ files: [URL]) throws {
            for file in files {
                var data = try Data(contentsOf: file)
                data[data.count / 2] ^= 4
                try data.write(to: file)
            }
        }
    }
}
