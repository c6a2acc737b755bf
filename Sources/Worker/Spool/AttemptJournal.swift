import FoundationEssentials
import Glibc
import Shared
import Synchronization

/// What one attempt has to tell, on disk before it is told: the lease, every metric row, and at the
/// last how it ended. It goes once the coordinator has taken it, or refused it for good; should
/// this process die before, the next one on this host delivers it.
///
/// One record a line: the SHA-256 of its JSON, a space, the JSON. A line that was cut short or has
/// flipped bits is passed over by whoever reads it.
final class AttemptJournal: Sendable {
    let path: String
    private let descriptor: Int32

    struct Record: Codable {
        var lease: Lease?
        var rows: [MetricRow]?
        var end: AttemptEnd?
    }

    init(of lease: Lease, at path: String) throws {
        try DurableFile.write(try Self.line(Record(lease: lease)), to: path)
        let opened = open(path, O_WRONLY | O_APPEND | O_CLOEXEC | O_NOFOLLOW)
        guard opened >= 0 else { throw POSIXFileError(path) }
        (self.path, descriptor) = (path, opened)
    }

    deinit { close(descriptor) }

    func append(_ rows: [MetricRow]) throws { try append(Record(rows: rows)) }

    func append(_ end: AttemptEnd) throws { try append(Record(end: end)) }

    func remove() { unlink(path) }

    /// On disk when it returns. What a failed write has left is taken away again, so that the next
    /// record stands on a line of its own.
    private func append(_ record: Record) throws {
        let line = try Self.line(record)
        let start = lseek(descriptor, 0, SEEK_END)
        let written = line.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
        guard written == line.count, fsync(descriptor) == 0 else {
            let error = POSIXFileError(path)
            _ = ftruncate(descriptor, start)
            throw error
        }
    }

    private static func line(_ record: Record) throws -> Data {
        let json = try WireCoding.encode(record)
        return Data("\(Digest(of: json)) ".utf8) + json + Data("\n".utf8)
    }
}

/// How an attempt ended, by itself.
enum AttemptEnd: Codable, Hashable {
    case trained(CompleteRequest)
    case failed(FailRequest)
}

/// What a journal that was left behind has to tell.
struct ForsakenJournal {
    let lease: Lease
    /// Without those of lines that cannot be read any more. The coordinator compares their number
    /// and digest with what the end says.
    let rows: [MetricRow]
    let end: AttemptEnd
    /// That were passed over.
    let damagedLines: Int

    /// Nil where there is nothing to deliver: the attempt had not ended. Throws where that cannot
    /// be known, because the file, or too much of it, cannot be read.
    init?(at path: String) throws {
        try self.init(Data(contentsOf: URL(filePath: path)))
    }

    /// - Parameter data: what the file holds.
    init?(_ data: Data) throws(JournalDamage) {
        var (lease, rows, end): (Lease?, [MetricRow], AttemptEnd?) = (nil, [], nil)
        var damagedLines = 0
        for line in data.split(separator: 0x0A) {
            guard let record = Self.record(line) else {
                damagedLines += 1
                continue
            }
            lease = lease ?? record.lease
            rows += record.rows ?? []
            end = record.end ?? end
        }
        guard let lease, let end else {
            if damagedLines > 0 || lease == nil { throw JournalDamage(lines: damagedLines) }
            return nil
        }
        (self.lease, self.rows, self.end) = (lease, rows, end)
        self.damagedLines = damagedLines
    }

    /// The lease of an attempt that had not ended; nil if the attempt had ended, or if the journal
    /// does not tell.
    static func unfinished(at path: String) -> Lease? {
        guard let data = try? Data(contentsOf: URL(filePath: path)) else { return nil }
        let records = data.split(separator: 0x0A).map { record($0) }
        guard records.allSatisfy({ $0 != nil && $0?.end == nil }) else { return nil }
        return records.lazy.compactMap { $0?.lease }.first
    }

    private static func record(_ line: Data) -> AttemptJournal.Record? {
        let (digest, json) = (line.prefix(64), Data(line.dropFirst(65)))
        guard line.dropFirst(64).first == 0x20,
            Digest(hexadecimal: String(decoding: digest, as: UTF8.self)) == Digest(of: json)
        else { return nil }
        return try? WireCoding.decode(AttemptJournal.Record.self, from: json)
    }
}

/// A journal whose lease or end, if it had one, cannot be read any more.
struct JournalDamage: Error, CustomStringConvertible {
    let lines: Int

    var description: String {
        "the journal is damaged: \(lines) lines cannot be read, and what can is not enough"
    }
}
