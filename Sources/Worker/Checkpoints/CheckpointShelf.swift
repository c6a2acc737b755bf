import FoundationEssentials
import Glibc
import Shared

/// The checkpoints on this host's disk: a file each, whose name has the digest of its bytes, so
/// that one that was cut short or has flipped bits is found out when it is read.
struct CheckpointShelf: Sendable {
    let directory: String
    /// Told apart from other processes' files while it is written.
    let owner: WorkerName

    struct Entry: Equatable, Sendable {
        var reference: CheckpointReference
        var path: String
    }

    /// Writes the training's state. Of the task's older ones one stays, to fall back on.
    func keep(_ checkpoint: Safetensors, of task: SweepTaskID, epochs: Int) throws -> Entry {
        try FileManager.default.createDirectory(
            atPath: directory, withIntermediateDirectories: true)
        let file = try FileInTheMaking("\(directory)/\(task).\(owner).partial")
        try checkpoint.forEachPiece { try file.append($0) }
        try file.sync()
        let reference = CheckpointReference(
            epochsCompleted: epochs, digest: file.digest, bytes: file.byteCount)
        let path = "\(directory)/\(task).\(epochs).\(reference.digest).safetensors"
        try file.rename(to: path)
        for old in entries(of: task).dropFirst(Limits.checkpointsKeptPerTask) { unlink(old.path) }
        return Entry(reference: reference, path: path)
    }

    /// What the names promise, the furthest first.
    func entries(of task: SweepTaskID) -> [Entry] {
        names().compactMap { name in
            let parts = name.split(separator: ".", omittingEmptySubsequences: false)
            guard name.hasPrefix("\(task)."), parts.count >= 4, parts.last == "safetensors",
                let digest = Digest(hexadecimal: String(parts[parts.count - 2])),
                let epochs = Int(parts[parts.count - 3]),
                parts.dropLast(3).joined(separator: ".") == task.rawValue
            else { return nil }
            let path = "\(directory)/\(name)"
            let reference = CheckpointReference(
                epochsCompleted: epochs, digest: digest, bytes: size(path))
            return Entry(reference: reference, path: path)
        }.sorted { $0.reference.epochsCompleted > $1.reference.epochsCompleted }
    }

    /// The file's bytes, mapped into memory. Throws where they are not what the name promises.
    func contents(of entry: Entry) throws -> Data {
        let data = try Data(contentsOf: URL(filePath: entry.path), options: .alwaysMapped)
        let found = Digest(of: data)
        guard found == entry.reference.digest else {
            throw CheckpointDamage(found: found, wanted: entry.reference.digest)
        }
        return data
    }

    func remove(_ entry: Entry) { unlink(entry.path) }

    /// The task has ended, or is somebody else's.
    func removeAll(of task: SweepTaskID) {
        for name in names() where name.hasPrefix("\(task).") { unlink("\(directory)/\(name)") }
    }

    /// Of tasks that this host began and never heard of again.
    func removeOlder(thanDays days: Double, now: Timestamp) {
        for name in names() {
            var status = stat()
            let path = "\(directory)/\(name)"
            guard stat(path, &status) == 0 else { continue }
            let age = Double(now.milliseconds) / 1_000 - Double(status.st_mtim.tv_sec)
            if age > days * 86_400 { unlink(path) }
        }
    }

    private func names() -> [String] {
        (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []
    }

    private func size(_ path: String) -> Int {
        var status = stat()
        return stat(path, &status) == 0 ? Int(status.st_size) : 0
    }
}

/// A checkpoint whose bytes are not those that were kept.
struct CheckpointDamage: Error, CustomStringConvertible {
    let found: Digest
    let wanted: Digest

    var description: String { "its bytes have the digest \(found); \(wanted) was wanted" }
}
