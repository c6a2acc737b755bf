import Crypto
import Foundation
import Shared
import Synchronization

/// The tokens that a coordinator accepts. Of each it knows the digest alone, which is of no use to
/// whoever reads the file.
final class TokenBook: Sendable {
    struct Entry: Codable, Hashable, Sendable {
        let request: TokenRequest
        let createdAt: Timestamp
        /// It is remembered: a call that made it, or revoked it, may be repeated later.
        var revokedAt: Timestamp?

        var id: String { String(request.digest.hexadecimal.prefix(Limits.tokenIDDigits)) }
        var status: TokenStatus {
            TokenStatus(
                id: id, role: request.role, label: request.label, createdAt: createdAt,
                expiresAt: expiresAt)
        }

        /// By the wall clock, as a certificate: people set it, and it holds over restarts.
        var expiresAt: Timestamp? {
            request.validForSeconds.map { seconds in
                // The file may say anything.
                let most = min(max(0, seconds), Limits.tokenSecondsMax) * 1_000
                let (end, isBeyond) = createdAt.milliseconds.addingReportingOverflow(most)
                return Timestamp(milliseconds: isBeyond ? .max : end)
            }
        }

        func isExpired(at now: Timestamp) -> Bool { expiresAt.map { $0 <= now } ?? false }
        func isValid(at now: Timestamp) -> Bool { revokedAt == nil && !isExpired(at: now) }
        /// Of an owner, for good.
        var isInCharge: Bool { request.role == .admin && revokedAt == nil && expiresAt == nil }
    }

    private struct Known {
        let entry: Entry
        let bytes: [UInt8]

        init(_ entry: Entry) {
            self.entry = entry
            bytes = Array(entry.request.digest.bytes)
        }
    }

    private let path: String
    /// What is on disk. Locked only to be read or replaced, never while anything is written: every
    /// call is authenticated by it.
    private let known: Mutex<[Known]>
    /// Held by the one change that is being written.
    private let writing = Mutex(())
    private let write: @Sendable (Data, String) throws -> Void

    /// Reads the file, if there is one. One that cannot be read is told, not replaced.
    /// - Parameter write: puts the file on disk; a test's may wait.
    init(
        path: String,
        write: @escaping @Sendable (Data, String) throws -> Void = {
            try DurableFile.write($0, to: $1)
        }
    ) throws {
        self.path = path
        self.write = write
        var entries: [Entry] = []
        if FileManager.default.fileExists(atPath: path) {
            do {
                let data = try InputFile.read(path, bytesMax: Limits.stateFileBytesMax)
                entries = try WireCoding.decode([Entry].self, from: data)
            } catch {
                throw DataDirectoryError.unusable(path, reason: "it is damaged")
            }
        }
        known = Mutex(entries.map(Known.init))
    }

    /// Of those that are valid, oldest first.
    func statuses(at now: Timestamp) -> [TokenStatus] {
        known.withLock { $0.map(\.entry).filter { $0.isValid(at: now) }.map(\.status) }
    }

    func entry(of token: AccessToken) -> Entry? { entry(ofToken: token.text) }

    /// Whose token it is, or was until it expired; nil for nobody's. Takes equally long for each of
    /// them: every digest is compared to its last byte.
    func entry(ofToken text: some StringProtocol) -> Entry? {
        let digest = SHA256.hash(data: Array(text.utf8))
        let known = known.withLock { $0 }
        var found: Int?
        digest.withUnsafeBytes { wanted in
            for (index, candidate) in known.enumerated()
            where Self.isSame(candidate.bytes, wanted) { found = index }
        }
        guard let found, known[found].entry.revokedAt == nil else { return nil }
        return known[found].entry
    }

    private static func isSame(_ left: [UInt8], _ right: UnsafeRawBufferPointer) -> Bool {
        guard left.count == right.count else { return false }
        var difference: UInt8 = 0
        for index in left.indices { difference |= left[index] ^ right[index] }
        return difference == 0
    }

    /// Accepts a token from now on. A repeat changes nothing, and brings back none that was revoked
    /// meanwhile. Those that have ended are forgotten where there would be too many.
    func add(_ request: TokenRequest, at now: Timestamp) throws -> TokenStatus {
        try change { known in
            if let same = known.first(where: { $0.entry.request.digest == request.digest }) {
                guard same.entry.request == request else { throw TokenBookError.taken }
                guard same.entry.revokedAt == nil else { throw TokenBookError.revoked }
                return same.entry.status
            }
            if known.count >= Limits.tokensMax { known.removeAll { !$0.entry.isValid(at: now) } }
            guard known.count < Limits.tokensMax else { throw TokenBookError.full }
            let entry = Entry(request: request, createdAt: now)
            known.append(Known(entry))
            return entry.status
        }
    }

    /// Accepts it no more, at once. A repeat changes nothing.
    func revoke(_ id: String, at now: Timestamp) throws -> TokenStatus {
        try change { known in
            guard let index = known.firstIndex(where: { $0.entry.id == id }) else {
                throw TokenBookError.noSuchToken(id)
            }
            var entry = known[index].entry
            guard entry.revokedAt == nil else { return entry.status }
            if entry.isInCharge, known.count(where: { $0.entry.isInCharge }) == 1 {
                // One that expires would leave nobody in charge one day.
                throw TokenBookError.lastAdmin
            }
            entry.revokedAt = now
            known[index] = Known(entry)
            return entry.status
        }
    }

    /// Writes the changed tokens, then replaces those by which calls are authenticated. What is not
    /// on disk is not so in memory either. Blocks while it writes.
    private func change<Value>(_ body: (inout [Known]) throws -> Value) throws -> Value {
        try writing.withLock { _ in
            let before = known.withLock { $0 }
            var changed = before
            let value = try body(&changed)
            if changed.map(\.entry) != before.map(\.entry) {
                try write(WireCoding.encode(changed.map(\.entry)), path)
                let after = changed
                known.withLock { $0 = after }
            }
            return value
        }
    }
}

enum TokenBookError: Error, CustomStringConvertible {
    case noSuchToken(String)
    case taken
    case revoked
    case full
    case lastAdmin

    var description: String {
        switch self {
        case .noSuchToken(let id): "There is no token '\(id)'."
        case .taken: "This token is there already, with another role, label or time."
        case .revoked: "This token was revoked."
        case .full: "There are \(Limits.tokensMax) tokens: revoke some first."
        case .lastAdmin:
            "This is the last admin token that does not expire: create another one first."
        }
    }
}
