import FoundationEssentials
import Shared
import TestSupport
import Testing

@testable import Worker

/// Checkpoints on the worker's own disk.
@Suite struct CheckpointShelfTests {
    private static let task = SweepTaskID(unchecked: "a.1")

    private let directory: TemporaryDirectory
    private let shelf: CheckpointShelf

    init() throws {
        directory = try TemporaryDirectory()
        shelf = CheckpointShelf(
            directory: directory.path + "/shelf", owner: WorkerName(unchecked: "w"))
    }

    private static func file(_ value: Float) -> Safetensors {
        var file = Safetensors(metadata: ["task": task.rawValue])
        file.set("weight", [value, 2], shape: [2])
        return file
    }

    private var names: [String] {
        get throws { try FileManager.default.contentsOfDirectory(atPath: shelf.directory) }
    }

    @Test func `what is kept is found again, the furthest first`() throws {
        #expect(shelf.entries(of: Self.task) == [])
        let first = try shelf.keep(Self.file(1), of: Self.task, epochs: 9)
        let second = try shelf.keep(Self.file(2), of: Self.task, epochs: 10)
        #expect(shelf.entries(of: Self.task) == [second, first])
        #expect(try Safetensors(parsing: shelf.contents(of: second)) == Self.file(2))
        #expect(second.reference.bytes == (try shelf.contents(of: second)).count)
        #expect(shelf.entries(of: SweepTaskID(unchecked: "a")) == [])
        #expect(shelf.entries(of: SweepTaskID(unchecked: "a.1.9")) == [])
    }

    @Test func `of a task the last two stay, and other tasks' are left alone`() throws {
        let other = SweepTaskID(unchecked: "b")
        _ = try shelf.keep(Self.file(0), of: other, epochs: 1)
        for epochs in 1...4 {
            _ = try shelf.keep(Self.file(Float(epochs)), of: Self.task, epochs: epochs)
        }
        #expect(shelf.entries(of: Self.task).map(\.reference.epochsCompleted) == [4, 3])
        shelf.removeAll(of: Self.task)
        #expect(shelf.entries(of: Self.task) == [])
        #expect(try names.count == 1)
        let now = Timestamp(Date())
        shelf.removeOlder(thanDays: 1, now: now)
        #expect(try names.count == 1)
        shelf.removeOlder(
            thanDays: 1, now: Timestamp(milliseconds: now.milliseconds + 2 * 86_400_000))
        #expect(try names == [])
    }

    @Test func `every flipped bit, and every cut, is found out`() throws {
        let entry = try shelf.keep(Self.file(1), of: Self.task, epochs: 1)
        let whole = try Data(contentsOf: URL(filePath: entry.path))
        for index in whole.indices {
            var damaged = whole
            damaged[index] ^= 1 << (index % 8)
            try damaged.write(to: URL(filePath: entry.path))
            #expect(throws: CheckpointDamage.self) { try shelf.contents(of: entry) }
            try whole.prefix(index).write(to: URL(filePath: entry.path))
            #expect(throws: CheckpointDamage.self) { try shelf.contents(of: entry) }
        }
        try whole.write(to: URL(filePath: entry.path))
        #expect(try shelf.contents(of: entry) == whole)
    }

    @Test func `names that are none of ours are passed over`() throws {
        let digest = Digest(of: Data()).hexadecimal
        let entry = try shelf.keep(Self.file(1), of: Self.task, epochs: 1)
        for name in [
            "a.1", "a.1.x.\(digest).safetensors", "a.1.5.short.safetensors", "a.1.partial",
        ] {
            try Data().write(to: URL(filePath: shelf.directory + "/" + name))
        }
        #expect(shelf.entries(of: Self.task) == [entry])
    }
}
