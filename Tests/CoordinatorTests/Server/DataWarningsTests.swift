import Foundation
import HummingbirdTesting
import Shared
import Testing

@testable import Coordinator

/// A sweep whose data lose examples: what its submission, its check and its manifest say of it.
@Suite(.timeLimit(.minutes(10))) struct DataWarningsTests {
    /// Labels from 1, sorted.
    private static var letters: Dataset {
        get throws {
            let split = Dataset.Split(
                inputs: .features([1, 2, 3, 4, 5, 6], count: 1), labels: [1, 1, 1, 2, 2, 2])
            return try Dataset(train: split, test: split)
        }
    }

    private static let warnings = ["test", "training"].flatMap { split in
        [
            "data set 'letters', \(split) split: 3 of 6 examples are left out: their label is 2, "
                + "and classes is 2",
            "data set 'letters', \(split) split: class 0 has no examples",
        ]
    }

    private static func warnings(_ manifest: Answer) throws -> [String] {
        guard case .array(let texts)? = try JSONValue(parsing: Data(manifest.body.utf8))["warnings"]
        else { throw StoreWorld.Nothing() }
        return texts.compactMap { if case .string(let text) = $0 { text } else { nil } }
    }

    @Test func `a submission answers with each warning once, a repeat and the manifest alike`()
        async throws
    {
        let file = try Self.letters.serialized()
        let sound = try ServerWorld.tiny.serialized()
        try await ServerWorld().test { client in
            _ = try await DatasetRoutesTests.put(client, "letters", file)
            let sweep = ServerWorld.sweep(dataset: "letters")
            let first = try await client.post("/v1/sweeps", sweep, id: "a")
            #expect(try first.decoded(SweepCreated.self).warnings == Self.warnings)
            let again = try await client.post("/v1/sweeps", sweep, id: "a")
            #expect(again.body == first.body)
            let path = "/v1/sweeps/study/manifest.json"
            let manifest = try await client.get(path)
            #expect(try Self.warnings(manifest) == Self.warnings)
            // The tasks keep the data that they were submitted with.
            _ = try await DatasetRoutesTests.put(client, "letters?replace=1", sound, id: "other")
            #expect(try await client.get(path).body == manifest.body)
            let second = try await client.post("/v1/sweeps", sweep, id: "b")
            #expect(try second.decoded(SweepCreated.self).warnings.isEmpty)
        }
    }

    @Test func `each of the selections that a sweep makes is looked at`() async throws {
        let file = try Self.letters.serialized()
        try await ServerWorld().test { client in
            _ = try await DatasetRoutesTests.put(client, "letters", file)
            let sweep = ServerWorld.sweep(dataset: "letters")
                .replacingOccurrences(of: #""classes":2"#, with: #""classes":3"#)
                .replacingOccurrences(
                    of: #"{"seeds.weights":[1, 2, 3]}"#, with: #"{"train_examples":[2,4,6]}"#)
            let created = try await client.post("/v1/sweeps", sweep).decoded(SweepCreated.self)
            let sorted = "the set is sorted by label; shuffle it or raise train_examples"
            #expect(
                created.warnings == [
                    "data set 'letters', test split: class 0 has no examples",
                    "data set 'letters', training split: class 0 has no examples",
                    "data set 'letters', training split: the first 2 of 6 examples have 1 of 3 "
                        + "classes: \(sorted)",
                    "data set 'letters', training split: the first 4 of 6 examples have 1 of the "
                        + "3 of class 2: \(sorted)",
                ])
        }
    }

    @Test func `a check says what a submission would, and stores nothing`() async throws {
        let world = try await ServerWorld()
        let file = try Self.letters.serialized()
        try await world.test { client in
            _ = try await DatasetRoutesTests.put(client, "letters", file)
            let folder = world.server.directory.datasetsPath
            let before = try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
            func check(_ sweep: String) async throws -> SweepChecked {
                let answer = try await client.post("/v1/sweep_check", sweep)
                #expect(answer.status == 200, "\(answer.body)")
                return try answer.decoded(SweepChecked.self)
            }
            let checked = try await check(ServerWorld.sweep(dataset: "letters"))
            #expect(checked.name == "study" && checked.taskCount == 6)
            #expect(checked.warnings == Self.warnings)
            #expect(try await check(ServerWorld.sweep()).warnings.isEmpty)
            let unknown = try await check(ServerWorld.sweep(dataset: "mine"))
            #expect(
                unknown.warnings == [
                    "data set 'mine' is not known to the coordinator; `gdln-coordinator data add "
                        + "mine DIR` makes it known"
                ])
            let embedded = try await check(ServerWorld.sweep(dataset: EmbeddedDataset.name))
            #expect(
                embedded.warnings.last == "data set 'embedded-digits', training split: 3200 of "
                    + "4000 examples are left out: their labels are 2 to 9, and classes is 2")
            let wrong = ServerWorld.sweep().replacingOccurrences(
                of: #""epochs":2"#, with: #""epoch":2"#)
            let refused = try await client.post("/v1/sweep_check", wrong)
            #expect(refused.status == 422 && refused.code == .invalidSweep)
            #expect(try await client.get("/v1/sweeps").body == #"{"sweeps":[]}"#)
            let after = try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
            #expect(after == before)
        }
    }

    /// A sweep may have any name.
    @Test func `no route hides a sweep`() async throws {
        try await ServerWorld().test { client in
            for name in ["sweep_check", "check"] {
                _ = try await client.post("/v1/sweeps", ServerWorld.sweep(name: name))
                let status = try await client.get("/v1/sweeps/\(name)").decoded(SweepStatus.self)
                #expect(status.name == name)
            }
        }
    }

    @Test func `a data set's file that is gone is said to be, and stops no manifest`()
        async throws
    {
        let world = try await ServerWorld()
        let digest = Digest(of: try ServerWorld.tiny.serialized())
        try await world.test { client in
            _ = try await client.post("/v1/sweeps", ServerWorld.sweep())
        }
        let files = DatasetFiles(directory: world.server.directory.datasetsPath)
        try FileManager.default.removeItem(atPath: files.path(digest))
        try await world.test { client in
            let manifest = try await client.get("/v1/sweeps/study/manifest.json")
            #expect(
                try Self.warnings(manifest) == [
                    "data set 'tiny': its file cannot be read, so its examples were not checked"
                ])
        }
    }
}
