import Foundation
import HTTPTypes
import HummingbirdTesting
import Logging
import Shared
import TestSupport
import Testing

@testable import Coordinator

/// Files of data sets go when nobody needs them, and not before.
@Suite struct DatasetRemovalTests {
    private static func dataset(_ value: Float) throws -> Data {
        let split = Dataset.Split(inputs: .features([value, 2, 3, 4], count: 2), labels: [0, 1])
        return try Dataset(train: split, test: split).serialized()
    }

    private static func sweep(_ world: ServerWorld) async {
        await CheckpointSweeper(
            store: world.server.store, files: world.server.checkpoints,
            datasets: world.server.datasets,
            logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })
        ).sweepOnce()
    }

    @Test func `a data set that an unfinished sweep needs is not removed`() async throws {
        let world = try await ServerWorld()
        let digest = Digest(of: try ServerWorld.tiny.serialized())
        let files = world.server.datasets
        try await world.test { client in
            #expect(try await client.post("/v1/datasets/none/remove").status == 404)
            _ = try await client.post("/v1/sweeps", ServerWorld.sweep())
            let refused = try await client.post("/v1/datasets/tiny/remove")
            #expect(refused.status == 409 && refused.code == .datasetInUse)
            #expect(refused.message?.error.message.contains("'tiny': study") == true)
            _ = try await client.post("/v1/sweeps/study/cancel")
            let removed = try await client.post("/v1/datasets/tiny/remove", id: "rm")
            #expect(removed.status == 200)
            #expect(try removed.decoded(DatasetStatus.self).digest == digest)
            let again = try await client.post("/v1/datasets/tiny/remove", id: "rm")
            #expect(again.body == removed.body)
            #expect(try await client.get("/v1/datasets").decoded(DatasetList.self).datasets == [])
            await Self.sweep(world)
            #expect(!files.contains(digest))
            // The tasks' results and the sweep stay; a retry needs the data again.
            let retry = try await client.post("/v1/sweeps/study/retry")
            #expect(retry.status == 422 && retry.code == .unknownDataset)
            let file = try ServerWorld.tiny.serialized()
            #expect(try await DatasetRoutesTests.put(client, "again", file).status == 200)
            #expect(try await client.post("/v1/sweeps/study/retry").status == 200)
            await Self.sweep(world)
            #expect(files.contains(digest))
        }
    }

    @Test func `the file of a name that means other bytes now goes, once its tasks have ended`()
        async throws
    {
        let world = try await ServerWorld()
        let (old, new) = (try Self.dataset(5), try Self.dataset(6))
        let files = world.server.datasets
        try await world.test { client in
            _ = try await DatasetRoutesTests.put(client, "mine", old, id: "1")
            _ = try await client.post("/v1/sweeps", ServerWorld.sweep(dataset: "mine"))
            _ = try await DatasetRoutesTests.put(client, "mine", new, id: "2")
            await Self.sweep(world)
            #expect(files.contains(Digest(of: old)) && files.contains(Digest(of: new)))
            _ = try await client.post("/v1/sweeps/study/cancel")
            await Self.sweep(world)
            #expect(!files.contains(Digest(of: old)) && files.contains(Digest(of: new)))
            #expect(try await world.server.store.countedFiles().count == 2)
        }
    }

    @Test func `what a call holds is not removed`() async throws {
        let world = try await ServerWorld()
        let files = world.server.datasets
        let (status, hold) = try files.add(Self.dataset(7), as: "x")
        await Self.sweep(world)
        #expect(files.contains(status.digest))
        // Held at some time while it was looked: perhaps it has a name by now.
        let removed = try await files.removeUnneeded {
            withExtendedLifetime(files.hold([status.digest])) { [] }
        }
        #expect(removed.isEmpty || !removed.contains(status.digest))
        withExtendedLifetime(hold) {}
    }

    @Test func `the data sets of one token have a part of the disk, whatever their names`()
        async throws
    {
        let (one, two) = (try Self.dataset(8), try Self.dataset(9))
        // A submitter may have a quarter: one of these files, and not two.
        let size = Limits.datasetDiskFraction * (one.count + two.count / 2)
        let world = try await ServerWorld(space: DiskSpace { (1 << 40, size) })
        let token = try world.token(.submit)
        try await world.test(as: token) { client in
            #expect(try await DatasetRoutesTests.put(client, "a", one, id: "1").status == 200)
            #expect(try await DatasetRoutesTests.put(client, "b", one, id: "2").status == 200)
            let refused = try await DatasetRoutesTests.put(client, "a", two, id: "3")
            #expect(refused.status == 413 && refused.code == .tooLarge)
            #expect(refused.message?.error.message.contains("data rm") == true)
            // Without its names, the first makes room.
            for name in ["a", "b"] { _ = try await client.post("/v1/datasets/\(name)/remove") }
            await Self.sweep(world)
            #expect(try await DatasetRoutesTests.put(client, "a", two, id: "4").status == 200)
        }
        // Others have their own part.
        let other = try world.token(.submit)
        try await world.test(as: other) { client in
            let answer = try await DatasetRoutesTests.put(client, "c", one, id: "5")
            #expect(answer.status == 200)
        }
    }
}
