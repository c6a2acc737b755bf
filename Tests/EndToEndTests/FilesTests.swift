import Foundation
import Shared
import TestSupport
import Testing

extension EndToEnd {
    /// The files that come with the package, read by the executables.
    @Suite struct FilesTests {
        @Test(arguments: [
            ("mnist", 216), ("cifar10", 168), ("mnist-small", 54), ("quickstart", 16),
            ("routing-pathways", 105), ("routing-gain", 126), ("contextual", 12), ("tree", 20),
            ("xor", 15),
        ])
        func `a sweep file that comes along has as many tasks as it says`(
            file: String, tasks: Int
        ) async throws {
            try await Deployment.run { deployment in
                let path = Fixtures.packageDirectory() + "/deploy/sweeps/\(file).yaml"
                let output = try await deployment.output(of: "submit", path, "--dry-run")
                #expect(output.contains(": \(tasks) tasks\n"), "\(output)")
            }
        }

        @Test func `a seed above 2^53 is warned of beside the output, and accepted`() async throws {
            try await Deployment.run { deployment in
                try deployment.write(
                    TinySweep.yaml.replacing("[1, 2, 3]", with: "[1, 2, 9007199254740993.0]"),
                    to: "large.yaml")
                let command = try await deployment.command("submit", "large.yaml", "--dry-run")
                #expect(command.exit == .code(0))
                #expect(command.output.hasPrefix("tiny: 12 tasks\n"))
                #expect(!command.output.contains("warning"))
                let warning =
                    "warning: large.yaml: line 14, axes.seeds.weights[2]: found 9007199254740993,"
                #expect(command.errors.hasPrefix(warning), "\(command.errors)")
                // The other line is about the data, which nobody has checked.
                let lines = command.errors.split(separator: "\n")
                #expect(lines.count == 2 && lines[1].contains("the data were not checked"))
            }
        }

        /// What a worker makes of a stored case, and what it must be.
        private static func replay(_ name: String, _ deployment: Deployment) async throws
            -> (found: [String: JSONValue], expected: [String: JSONValue])
        {
            let folder = Fixtures.referenceCasesDirectory() + "/" + name
            let worker = try deployment.start(
                "gdln-worker",
                ["replay", folder, "--output", "out.json", "--weights", "out.safetensors"])
            #expect(try await worker.exit() == .code(0), "\(worker.log)")
            return (
                try members(deployment.folder.appending(path: "out.json")),
                try members(URL(filePath: folder + "/expected.json"))
            )
        }

        @Test(arguments: ["sgd-momentum-plus-mod", "adam-relu-two-layers"])
        func `a replayed case comes out as PyTorch's`(name: String) async throws {
            try await Deployment.run { deployment in
                let (found, expected) = try await Self.replay("k-path/\(name)", deployment)
                for key in ["training_loss_per_step", "evaluation_before", "evaluation_after"] {
                    let differences = try Self.differences(
                        #require(found[key]), #require(expected[key]), key)
                    #expect(differences.isEmpty)
                }
                let weights = try Data(
                    contentsOf: deployment.folder.appending(path: "out.safetensors"))
                #expect(weights.count > 1_000)
            }
        }

        @Test func `a replayed routing case has the reference's keys and its errors`() async throws
        {
            try await Deployment.run { deployment in
                let (found, expected) = try await Self.replay(
                    "routing/small-random-weights", deployment)
                for key in ["loss_per_epoch", "singular_values"] {
                    let differences = try Self.differences(
                        #require(found[key]), #require(expected[key]), key)
                    #expect(differences.isEmpty)
                }
                for (key, value) in expected {
                    let other = try #require(found[key], "\(key)")
                    guard case .object(let members) = value, case .object(let others) = other
                    else { continue }
                    #expect(Set(members.keys).isSubset(of: others.keys), "\(key): \(others.keys)")
                }
                for part in ["trained", "untrained"] {
                    let key = "mean_squared_error_\(part)"
                    let (a, b) = (found["final"]?[key], expected["final"]?[key])
                    #expect(Self.differences(a ?? .null, b ?? .null, key).isEmpty)
                }
                let weights = try Data(
                    contentsOf: deployment.folder.appending(path: "out.safetensors"))
                #expect(weights.count > 1_000)
            }
        }

        private static func members(_ url: URL) throws -> [String: JSONValue] {
            try JSONDecoder().decode([String: JSONValue].self, from: Data(contentsOf: url))
        }

        /// Where the numbers of two documents differ by more than a thousandth of their size.
        private static func differences(_ found: JSONValue, _ expected: JSONValue, _ path: String)
            -> [String]
        {
            switch (found, expected) {
            case (.object(let found), .object(let expected)):
                guard found.keys == expected.keys else { return ["\(path): other keys"] }
                return expected.flatMap { key, value in
                    differences(found[key] ?? .null, value, "\(path).\(key)")
                }
            case (.array(let found), .array(let expected)):
                guard found.count == expected.count else { return ["\(path): other length"] }
                return zip(found, expected).enumerated().flatMap { index, pair in
                    differences(pair.0, pair.1, "\(path)[\(index)]")
                }
            default:
                guard let a = number(found), let b = number(expected) else {
                    return ["\(path): \(found), wanted \(expected)"]
                }
                let tolerance = Tolerance(absolute: 1e-3, relative: 1e-3)
                return closenessFailure(a, b, tolerance).map { ["\(path): \($0)"] } ?? []
            }
        }

        private static func number(_ value: JSONValue) -> Double? {
            switch value {
            case .integer(let number): Double(number)
            case .number(let number): number
            default: nil
            }
        }
    }
}
