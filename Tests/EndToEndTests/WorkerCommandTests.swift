import Foundation
import Shared
import TestSupport
import Testing

extension EndToEnd {
    /// The worker's commands that need no coordinator, as a person runs them.
    @Suite struct WorkerCommandTests {
        /// Runs a worker's command to its end; its output and errors.
        @discardableResult
        static func run(
            _ deployment: Deployment, _ arguments: String..., exit wanted: Int32 = 0,
            environment: [String: String] = [:]
        ) async throws -> (output: String, errors: String) {
            let process = try deployment.start(
                "gdln-worker", arguments, environment: environment)
            let exit = try await process.exit()
            #expect(exit == .code(wanted), "\(arguments): \(process.log)")
            return (process.output, process.errors)
        }

        /// Writes one configuration, the fields of `base` changed or added.
        static func write(
            _ name: String, to deployment: Deployment, _ fields: [String: String] = [:]
        ) async throws {
            var base = [
                "dataset": "embedded-digits", "train_examples": "240", "test_examples": "60",
                "domains": "5", "hidden_width": "12", "batch_size": "8", "epochs": "4",
                "optimizer": "{name: sgd, learning_rate: 0.02, momentum: 0.9}",
                "gate": "{family: plus_mod, k: 2}",
            ]
            base.merge(fields) { $1 }
            let lines = base.keys.sorted().map { "  \($0): \(base[$0] ?? "")\n" }.joined()
            let axes = "axes:\n  seeds.weights: [1]\n"
            try deployment.write(
                "name: one\nexperiment: k_path\nbase:\n\(lines)\(axes)", to: name + ".yaml")
            let json = try await deployment.output(
                of: "submit", name + ".yaml", "--dry-run", "--json")
            try deployment.write(json, to: name)
        }

        private static func member(_ json: String, _ key: String) throws -> JSONValue? {
            try JSONDecoder().decode([String: JSONValue].self, from: Data(json.utf8))[key]
        }

        private static func integer(_ json: String, _ key: String) throws -> Int {
            guard case .integer(let number)? = try member(json, key) else {
                throw TestFailure("no whole number \(key) in \(json)")
            }
            return Int(number)
        }

        // MARK: Checkpoints

        @Test func `a training resumed in another process, otherwise made, takes the same course`()
            async throws
        {
            try await Deployment.run { deployment in
                try await Self.write("task.json", to: deployment)
                let whole = try await Self.run(deployment, "train", "task.json", "--json").output
                let course = try #require(try Self.member(whole, "trajectory_sha256"))
                let partial = try await Self.run(
                    deployment, "train", "task.json", "--json", "--until-epoch", "1", "--threads",
                    "2", "--checkpoint", "one.safetensors"
                ).output
                #expect(try Self.member(partial, "trajectory_sha256") != course)
                #expect(try Self.integer(partial, "epochs_completed") == 1)
                // On from the checkpoint of a checkpoint, with other kernels and threads each time.
                try await Self.run(
                    deployment, "train", "task.json", "--resume", "one.safetensors",
                    "--until-epoch", "3", "--checkpoint", "three.safetensors", "--threads", "3",
                    environment: ["GDLN_KERNELS": "portable"])
                let end = try await Self.run(
                    deployment, "train", "task.json", "--json", "--resume", "three.safetensors"
                ).output
                #expect(try Self.member(end, "trajectory_sha256") == course)
                #expect(try Self.integer(end, "epochs_completed") == 4)
            }
        }

        @Test func `a checkpoint that is damaged or another's is refused, and says why`()
            async throws
        {
            try await Deployment.run { deployment in
                try await Self.write("task.json", to: deployment)
                try await Self.run(
                    deployment, "train", "task.json", "--until-epoch", "1", "--checkpoint", "good")
                let good = try Data(contentsOf: deployment.folder.appending(path: "good"))
                func refusal(_ data: Data, task: String = "task.json") async throws -> String {
                    try data.write(to: deployment.folder.appending(path: "bad"))
                    return try await Self.run(
                        deployment, "train", task, "--resume", "bad", exit: 1
                    ).errors
                }
                for length in [0, 7, 100, good.count / 2, good.count - 1] {
                    let errors = try await refusal(good.prefix(length))
                    #expect(errors.contains("'bad' is no whole checkpoint"), "\(errors)")
                }
                var flipped = good
                flipped[flipped.count - 2] ^= 0x10
                #expect(try await refusal(flipped).contains("'bad' was damaged"))

                try await Self.write(
                    "other.json", to: deployment,
                    ["optimizer": "{name: sgd, learning_rate: 0.01, momentum: 0.9}"])
                #expect(
                    try await refusal(good, task: "other.json")
                        .contains("is the checkpoint of another configuration"))

                var old = try Safetensors(parsing: good)
                old.metadata["numeric_version"] = "1"
                old.metadata["content_sha256"] = nil
                old.metadata["content_sha256"] = Digest(of: try old.serialized()).hexadecimal
                let errors = try await refusal(old.serialized())
                #expect(
                    errors.contains("numeric version of 'bad' is 1; \(NumericVersion.current)"))
            }
        }

        // MARK: Memory

        static let sizes: [(what: String, threads: String, fields: [String: String])] = [
            ("tiny", "1", [:]),
            (
                "wide", "2",
                [
                    "domains": "40", "hidden_width": "128",
                    "gate": "{family: plus_mod, k: 20, permute_columns: true}",
                ]
            ),
            (
                "deep", "2",
                [
                    "domains": "8", "hidden_width": "128", "layers": "2", "hidden_layers": "2",
                    "relu": "true",
                ]
            ),
            (
                "amsgrad", "1",
                [
                    "domains": "20", "hidden_width": "96",
                    "optimizer": "{name: adam, learning_rate: 0.001, amsgrad: true}",
                ]
            ),
        ]

        @Test(arguments: sizes.indices)
        func `a training needs the memory that it was said to, and little less`(index: Int)
            async throws
        {
            let (what, threads, fields) = Self.sizes[index]
            try await Deployment.run { deployment in
                try await Self.write(
                    "task.json", to: deployment,
                    fields.merging(["train_examples": "64", "epochs": "1"]) { $1 })
                let json = try await Self.run(
                    deployment, "train", "task.json", "--json", "--threads", threads
                ).output
                let estimate = try Self.integer(json, "estimated_bytes")
                let measured = try Self.integer(json, "peak_bytes")
                // What a small program's pages come to differs by a few megabytes.
                #expect(measured <= estimate + estimate / 16 + (4 << 20), "\(what): \(json)")
                #expect(estimate <= measured + measured / 6 + (4 << 20), "\(what): \(json)")
            }
        }

        // MARK: Benchmark and self-test

        @Test func `one case of the benchmark is one object with the figures that count`()
            async throws
        {
            try await Deployment.run { deployment in
                let output = try await Self.run(
                    deployment, "bench", "--case", "cifar10", "--hidden-width", "16", "--trained",
                    "3", "--threads", "2", "--seconds", "0.2", "--evaluation-examples", "0",
                    "--json"
                ).output
                #expect(output.split(separator: "\n").count == 1)
                let members = try JSONDecoder().decode(
                    [String: JSONValue].self, from: Data(output.utf8))
                for key in ["milliseconds_per_step", "gflops", "peak_gflops", "peak_bytes"] {
                    let number: Double? =
                        switch members[key] {
                        case .integer(let number)?: Double(number)
                        case .number(let number)?: number
                        default: nil
                        }
                    #expect(number ?? 0 > 0, "\(key) in \(output)")
                }
                #expect(members["hidden_width"] == .integer(16))
                #expect(members["trained"] == .integer(3) && members["threads"] == .integer(2))
            }
        }

        @Test func `the benchmark refuses what it cannot measure`() async throws {
            try await Deployment.run { deployment in
                for (arguments, reason) in [
                    (["--case", "imagenet"], "wanted: mnist or cifar10"),
                    (["--case", "cifar10", "--trained", "41"], "wanted: from 1 to 40"),
                ] {
                    let process = try deployment.start("gdln-worker", ["bench"] + arguments)
                    #expect(try await process.exit() != .code(0))
                    #expect(process.errors.contains(reason), "\(process.log)")
                }
            }
        }

        /// An executable whose known answer is another: what a host that computes otherwise sees.
        @Test func `the self-test passes here, and fails where an answer is not the known one`()
            async throws
        {
            try await Deployment.run { deployment in
                let own = Executables.directory.appending(path: "gdln-worker")
                var bytes = try Data(contentsOf: own)
                let output = try await Self.run(deployment, "self-test").output
                let lines = output.split(separator: "\n")
                #expect(
                    lines.count >= 6 && lines.allSatisfy { $0.hasPrefix("right ") }, "\(output)")
                let answer = try #require(lines.first?.split(separator: " ").last)
                let place = try #require(bytes.range(of: Data(answer.utf8)))
                bytes[place.lowerBound] = bytes[place.lowerBound] == 0x30 ? 0x31 : 0x30
                let other = deployment.folder.appending(path: "other-worker")
                try bytes.write(to: other)
                try FileManager.default.setAttributes(
                    [.posixPermissions: 0o755], ofItemAtPath: other.path)
                let process = try TestProcess(
                    other, ["self-test", "--json"], name: "other", folder: deployment.folder,
                    environment: ProcessInfo.processInfo.environment)
                defer { process.kill() }
                #expect(try await process.exit() == .code(1))
                let verdicts = process.output.split(separator: "\n")
                    .map { $0.contains("\"is_right\":true") }
                #expect(verdicts.count(where: { !$0 }) == 1 && verdicts.first == false)
            }
        }
    }
}
