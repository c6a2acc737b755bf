import Foundation
import TestSupport

/// A disk whose power can be cut: ext4 in a file, which lies on an XFS of its own, where a copy is
/// an image of one moment. The image has what reached the disk, and nothing of what the kernel
/// still held in memory.
final class PowerDisk {
    /// Where the disk is mounted.
    var path: String { folder + "/disk" }
    private let folder: String
    private var cuts = 0

    static let needs: [Need] = [
        .root, .loopDevices, .tool("mkfs.xfs"), .tool("mkfs.ext4"), .tool("mount"),
    ]

    init(in parent: String) throws {
        folder = parent + "/power"
        for name in ["store", "disk", "cut"] {
            try FileManager.default.createDirectory(
                atPath: "\(folder)/\(name)", withIntermediateDirectories: true)
        }
        try Machine.run("truncate", "--size=2G", folder + "/store.img")
        try Machine.run("mkfs.xfs", "-q", "-m", "reflink=1", folder + "/store.img")
        try Machine.run("mount", "-o", "loop", folder + "/store.img", folder + "/store")
        try Machine.run("truncate", "--size=256M", image)
        try Machine.run("mkfs.ext4", "-q", image)
        try mount()
    }

    private var image: String { folder + "/store/disk.img" }
    /// Another file each time: the loop device of the one before may still be there, and would be
    /// used again, with what it remembers of that file.
    private var copy: String { folder + "/store/cut-\(cuts).img" }

    func mount() throws { try Machine.run("mount", "-o", "loop", image, path) }

    /// Repairs and mounts it again, after nobody uses it any more.
    func mountAgain() throws {
        try Machine.run("umount", path)
        // The kernel frees the loop device some time later. A mount before that would use it again,
        // with the broken file system that it remembers.
        let end = ContinuousClock.now + .stuck
        while try !Machine.run("losetup", "--associated", image).isEmpty {
            guard ContinuousClock.now < end else {
                throw TestFailure("the loop device of '\(image)' is never free")
            }
            Thread.sleep(forTimeInterval: 0.01)
        }
        // Exits with 1 where it repaired something.
        _ = try? Machine.run("e2fsck", "-p", image)
        try mount()
    }

    /// The disk finds its journal broken: everything is read-only from now on, also to those who
    /// have files open.
    func breakDown() throws { try Machine.run("mount", "-o", "remount,abort", path) }

    /// What is on the disk at this moment.
    func cut() throws {
        try? FileManager.default.removeItem(atPath: copy)
        cuts += 1
        try Machine.run("cp", "--reflink=always", image, copy)
    }

    /// Mounts what was cut, after its journal was replayed, as a machine that starts again does.
    func withCut<Value>(_ body: (String) async throws -> Value) async throws -> Value {
        try Machine.run("mount", "-o", "loop", copy, folder + "/cut")
        do {
            let value = try await body(folder + "/cut")
            try Machine.run("umount", folder + "/cut")
            return value
        } catch {
            _ = try? Machine.run("umount", folder + "/cut")
            throw error
        }
    }

    /// To be called once nobody uses it any more.
    func remove() {
        for name in ["cut", "disk", "store"] {
            _ = try? Machine.run("umount", "--lazy", "\(folder)/\(name)")
        }
    }
}

/// A disk that can be filled to the last byte.
final class SmallDisk {
    let path: String
    private var filler: String { path + "/filler" }

    static let needs: [Need] = [.root, .tool("mount")]

    init(in parent: String, megabytes: Int) throws {
        path = parent + "/small"
        try FileManager.default.createDirectory(
            atPath: path, withIntermediateDirectories: true)
        try Machine.run("mount", "-t", "tmpfs", "-o", "size=\(megabytes)m", "tmpfs", path)
    }

    func fill() throws {
        try Data().write(to: URL(filePath: filler))
        let file = try FileHandle(forWritingTo: URL(filePath: filler))
        defer { try? file.close() }
        for size in [1 << 16, 1 << 12] {
            while (try? file.write(contentsOf: Data(count: size))) != nil {}
        }
    }

    func free() throws { try FileManager.default.removeItem(atPath: filler) }

    func remove() { _ = try? Machine.run("umount", "--lazy", path) }
}
