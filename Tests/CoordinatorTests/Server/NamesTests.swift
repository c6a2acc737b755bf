import Foundation
import HummingbirdTesting
import Shared
import Testing

@testable import Coordinator

/// A name is found again in each of its forms, or refused.
@Suite(.timeLimit(.minutes(10))) struct NamesTests {
    private static func encoded(_ name: String) -> String {
        name.utf8.map { "%" + hexadecimalString([$0]).uppercased() }.joined()
    }

    @Test(arguments: [
        "-x", "--", "a/b", "a%2Fb", "%41", "50%", "a?b=c", "a#b", "a+b", " a ", "...", ".x", "~",
        "état", "e\u{301}tat", "\u{1100}\u{1161}", "😀", "\\", "a;b", "null",
    ])
    func `a sweep is found by its name`(name: String) async throws {
        let forms = [
            name, name.precomposedStringWithCanonicalMapping,
            name.decomposedStringWithCanonicalMapping,
        ]
        try await ServerWorld().test(.live) { client in
            let quoted = String(
                decoding: try JSONValue.string(name).canonicalData(), as: UTF8.self)
            let sweep = ServerWorld.sweep(name: "NAME").replacing("\"NAME\"", with: quoted)
            let created = try await client.post("/v1/sweeps", sweep)
            #expect(created.status == 201, "\(created.body)")
            for form in forms {
                let status = try await client.get("/v1/sweeps/" + Self.encoded(form))
                let found = try status.decoded(SweepStatus.self).name
                #expect(found.utf8.elementsEqual(name.inNormalFormC.utf8))
            }
        }
    }

    @Test(arguments: [".", ".."])
    func `a name that is a step in an address is refused`(name: String) async throws {
        try await ServerWorld().test { client in
            let answer = try await client.post("/v1/sweeps", ServerWorld.sweep(name: name))
            #expect(answer.status == 422 && answer.code == .invalidSweep)
            #expect(answer.body.contains("no command could find again"))
        }
    }

    @Test func `a name that is the id of a sweep is refused`() async throws {
        try await ServerWorld().test { client in
            let first = try await client.post("/v1/sweeps", ServerWorld.sweep())
            let id = try first.decoded(SweepCreated.self).id
            let answer = try await client.post("/v1/sweeps", ServerWorld.sweep(name: id.rawValue))
            #expect(answer.status == 422 && answer.code == .invalidSweep)
        }
    }

    @Test func `a submission warns of names that readers change, and of nothing else`()
        async throws
    {
        try await ServerWorld().test { client in
            let gates = #"[{"family":"plus_mod","k":1,"name":"NA"},{"family":"mod","name":"-g"}]"#
            let sweep = ServerWorld.sweep(name: "null").replacing(
                #"[{"family":"plus_mod","k":[1,2]}]"#, with: gates)
            let created = try await client.post("/v1/sweeps", sweep).decoded(SweepCreated.self)
            #expect(
                created.warnings == [
                    #"axes.gate[0].name: found "NA", which readers of CSV (pandas, R) take for a "#
                        + "missing value",
                    #"axes.gate[1].name: found "-g", which spreadsheets take for a formula"#,
                    #"name: found "null", which readers of CSV (pandas, R) take for a missing "#
                        + "value",
                ])
            let plain = try await client.post("/v1/sweeps", ServerWorld.sweep())
            #expect(try plain.decoded(SweepCreated.self).warnings.isEmpty)
        }
    }

    @Test func `a metric's name must be in normal form C`() async throws {
        try await ServerWorld().test { client in
            _ = try await client.post("/v1/sweeps", ServerWorld.sweep())
            let lease = try #require(try await client.lease().first)
            for (name, status) in [("\u{e9}", 200), ("e\u{301}", 400)] {
                let row = #"{"epoch":1,"split":"test","values":{"\#(name)":1}}"#
                let answer = try await client.post(
                    "/v1/leases/\(lease.id)/metrics",
                    #"{"first_sequence":0,"rows":[\#(row)],"epochs_completed":1}"#,
                    token: lease.token.rawValue)
                #expect(answer.status == status, "\(answer.body)")
            }
        }
    }
}

/// Results go by the bytes that they were trained on.
@Suite(.timeLimit(.minutes(10))) struct DataByContentTests {
    @Test func `a result is found for the same bytes under another name`() async throws {
        let file = try ServerWorld.tiny.serialized()
        try await ServerWorld().test { client in
            _ = try await DatasetRoutesTests.put(client, "copy", file)
            let first = try await client.post("/v1/sweeps", ServerWorld.sweep(seeds: [1]))
            #expect(try first.decoded(SweepCreated.self).cachedCount == 0)
            for lease in try await client.lease(slots: 2) {
                try await ReportsTests.finish(lease, client)
            }
            let sweep = ServerWorld.sweep(name: "again", seeds: [1, 2], dataset: "copy")
            let created = try await client.post("/v1/sweeps", sweep).decoded(SweepCreated.self)
            #expect(created.taskCount == 4 && created.cachedCount == 2)
            #expect(try await client.get("/v1/sweeps/again").body.contains("\"cached\":2"))
        }
    }

    @Test func `two names for the same bytes are no two tasks of one sweep`() async throws {
        let file = try ServerWorld.tiny.serialized()
        try await ServerWorld().test { client in
            _ = try await DatasetRoutesTests.put(client, "copy", file)
            let sweep = ServerWorld.sweep().replacing(
                #"{"seeds.weights":[1, 2, 3]}"#, with: #"{"dataset":["tiny","copy"]}"#)
            let answer = try await client.post("/v1/sweeps", sweep)
            #expect(answer.status == 422 && answer.code == .invalidSweep)
            #expect(answer.body.contains("'tiny' and 'copy', which hold the same bytes"))
        }
    }

    @Test(arguments: ["tiny", EmbeddedDataset.name])
    func `a name that holds other bytes is refused unless it is to be replaced`(name: String)
        async throws
    {
        let split = Dataset.Split(inputs: .features([4, 3, 2, 1], count: 2), labels: [0, 1])
        let other = try Dataset(train: split, test: split).serialized()
        let world = try await ServerWorld()
        try await world.test { client in
            let refused = try await DatasetRoutesTests.put(client, name, other)
            #expect(refused.status == 409 && refused.code == .datasetExists)
            #expect(refused.body.contains("--replace"))
            let kept = try FileManager.default.contentsOfDirectory(
                atPath: world.server.directory.datasetsPath)
            #expect(kept.count == 1, "the refused bytes are not kept")
            let replaced = try await DatasetRoutesTests.put(
                client, name + "?replace=1", other, id: "replace")
            #expect(replaced.status == 200)
            let again = try await DatasetRoutesTests.put(client, name, other, id: "again")
            #expect(again.status == 200)
        }
    }
}
