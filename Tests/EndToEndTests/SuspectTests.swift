import Foundation
import Shared
import TestSupport
import Testing

extension EndToEnd {
    /// Hosts that compute something else, with the executables as they are shipped.
    @Suite struct SuspectTests {
        private static let name = "twice"

        /// Two tasks of a moment each, both of which another host is to run again.
        private static let sweep = """
            name: \(name)
            experiment: k_path
            base:
              dataset: embedded-digits
              train_examples: 80
              test_examples: 40
              domains: 3
              hidden_width: 8
              batch_size: 8
              epochs: 2
              gate: {family: plus_mod, k: 1}
              optimizer: {name: sgd, learning_rate: 0.02, momentum: 0.9}
            axes:
              seeds.weights: [1, 2]
            recheck: {share: 1}
            """

        private static func submit(_ deployment: Deployment) async throws {
            try deployment.write(sweep, to: "twice.yaml")
            _ = try await deployment.output(
                of: "submit", "twice.yaml", "--watch")
        }

        // MARK: The self-test

        /// The worker with one digit of one known answer changed: to it, this host computes
        /// wrongly.
        private static func falsifiedWorker(in deployment: Deployment) throws -> URL {
            var program = try Data(
                contentsOf: Executables.directory.appending(path: "gdln-worker"))
            let answer = try #require(KnownAnswers.byCase["adam"])
            let place = try #require(program.range(of: Data(answer.utf8)))
            program[place.lowerBound] ^= 1
            let file = deployment.folder.appending(path: "falsified-worker")
            try program.write(to: file)
            try FileManager.default.setAttributes(
                [.posixPermissions: 0o755], ofItemAtPath: file.path)
            return file
        }

        @Test func `a worker whose self-test comes out wrong trains nothing and is shown`()
            async throws
        {
            try await Deployment.run { deployment in
                try await deployment.startCoordinator()
                let worker = try deployment.start(
                    Self.falsifiedWorker(in: deployment),
                    ["run", "--coordinator", deployment.address, "--cache-dir", "cache"])
                #expect(try await worker.exit() == .code(70), "\(worker.log)")
                let sentence = "The case adam came out wrong with the kernels "
                #expect(worker.errors.contains("refused") && worker.errors.contains(sentence))
                let shown = try #require(try await deployment.status(of: worker))
                #expect(shown.selfTestFailure?.hasPrefix(sentence) == true, "\(shown)")
                #expect(try await deployment.output(of: "workers").contains("refused: \(sentence)"))
                // The same host, with the worker as it is, is not held responsible for it.
                let sound = try deployment.startWorker()
                try await Self.submit(deployment)
                #expect(try await deployment.status(of: sound)?.succeeded == 2)
                // A coordinator that starts anew remembers whom it has refused with what kernels
                // until a sound worker has called; this one has.
                #expect(try await !deployment.output(of: "workers").contains("refused"))
            }
        }

        @Test func `nor does it wait for a coordinator that is away`() async throws {
            try await Deployment.run { deployment in
                let worker = try deployment.start(
                    Self.falsifiedWorker(in: deployment),
                    ["run", "--coordinator", "http://127.0.0.1:9", "--cache-dir", "cache"])
                #expect(try await worker.exit() == .code(70), "\(worker.log)")
                #expect(worker.errors.contains("the coordinator does not know"))
                #expect(worker.errors.contains("The case adam came out wrong"))
            }
        }

        // MARK: Reruns

        /// A worker of another host, of a few lines: it trains nothing, and says what it is told.
        private static func rerun(
            _ client: CoordinatorClient, _ rows: (SweepTaskID) -> [MetricRow]
        ) throws {
            let request = LeaseRequest(
                worker: WorkerName(unchecked: "double"), host: "double", slots: 1, waitSeconds: 20,
                selfTest: .right)
            let lease = try #require(try client.lease(request).first)
            let rows = rows(lease.task)
            var trajectory = TrajectoryDigest()
            for row in rows { trajectory.append(row) }
            _ = try client.report(
                MetricsRequest(firstSequence: 0, rows: rows, epochsCompleted: 2), for: lease)
            _ = try client.complete(
                CompleteRequest(
                    epochsCompleted: 2, rowCount: rows.count, trajectory: trajectory.digest),
                for: lease)
        }

        /// What the report's history says that the task's training measured.
        private static func rows(of task: SweepTaskID, in history: Table) -> [MetricRow] {
            var rows: [MetricRow] = []
            for line in history.rows where line["task"] == task.rawValue {
                let split = MetricRow.Split(rawValue: line["split"] ?? "") ?? .test
                let epoch = Int(line["epoch"] ?? "") ?? 0
                let value = MetricValue(Float(line["value"] ?? "") ?? .nan)
                if rows.last?.epoch != epoch || rows.last?.split != split {
                    rows.append(MetricRow(epoch: epoch, split: split, values: [:]))
                }
                rows[rows.count - 1].values[line["metric"] ?? ""] = value
            }
            return rows
        }

        @Test func `a rerun that differs by a bit marks both hosts, and one that does not neither`()
            async throws
        {
            try await Deployment.run { deployment in
                try await deployment.startCoordinator()
                let worker = try deployment.startWorker()
                try await Self.submit(deployment)
                // The host that trained them does not run them again.
                #expect(try await deployment.status(of: Self.name).rechecks.waiting == 2)
                let report = try await deployment.output(of: "report", Self.name)
                let history = Table(
                    try await deployment.output(of: "report", Self.name, "--history"))

                let client = try CoordinatorClient(
                    deployment.join(.worker),
                    environment: .init(
                        sleep: { _ in }, shouldGiveUp: { _ in true }, elapsed: { .zero },
                        now: { Timestamp(milliseconds: 0) },
                        randomBits: { UInt64.random(in: .min ... .max) }), isCancelled: { false })
                try Self.rerun(client) { Self.rows(of: $0, in: history) }
                #expect(try await deployment.output(of: "report", Self.name) == report)
                try Self.rerun(client) { task in
                    var rows = Self.rows(of: task, in: history)
                    let loss = rows[0].values[MetricName.lossTrainedPaths]?.value ?? 0
                    rows[0].values[MetricName.lossTrainedPaths] = MetricValue(loss.nextUp)
                    return rows
                }

                let rechecks = try await deployment.status(of: Self.name).rechecks
                #expect(rechecks.same == 1 && rechecks.different == 1 && rechecks.waiting == 0)
                let host = try #require(try await deployment.status(of: worker)).host
                let sentence = "came out differently on \(host) and double"
                #expect(try await deployment.output(of: "status", Self.name).contains(sentence))
                let marked = Table(try await deployment.output(of: "report", Self.name))
                #expect(marked.column("recheck").sorted() == ["", "different"])
                #expect(
                    marked.column("trajectory_sha256") == Table(report).column("trajectory_sha256"))
                #expect(try await deployment.status(of: worker)?.differing == 1)
                let workers = try await deployment.output(of: "workers", "--json")
                #expect(
                    workers.components(separatedBy: "\"differing\" : 1").count == 3, "\(workers)")
                deployment.coordinator?.kill()
                let check = try await deployment.output(of: "check", "--data-dir", "data")
                #expect(check == "All is well.\n")
            }
        }
    }
}
