import Foundation
import NIOSSL
import Shared
import TestSupport
import Testing

@testable import Coordinator

@Suite struct TokenBookTests {
    private static let now = Timestamp(milliseconds: 1_700_000_000_000)

    private static func request(_ bits: UInt64, _ role: Role = .worker) -> (
        AccessToken, TokenRequest
    ) {
        let token = AccessToken(role: role) { bits }
        return (token, TokenRequest(role: role, label: "test", digest: token.digest))
    }

    @Test func `tokens are accepted until they are revoked, also by the next process`() throws {
        let folder = try TemporaryDirectory()
        let path = folder.path + "/tokens.json"
        let book = try TokenBook(path: path)
        let (admin, adminRequest) = Self.request(1, .admin)
        let (worker, workerRequest) = Self.request(2)
        #expect(book.entry(of: worker) == nil)
        _ = try book.add(adminRequest, at: Self.now)
        let status = try book.add(workerRequest, at: Self.now)
        #expect(try book.add(workerRequest, at: Timestamp(milliseconds: 0)) == status)
        #expect(book.entry(of: worker)?.request == workerRequest)
        #expect(book.entry(of: worker)?.status == status && status.role == .worker)
        #expect(book.statuses(at: Self.now).count == 2)

        let next = try TokenBook(path: path)
        #expect(next.statuses(at: Self.now) == book.statuses(at: Self.now))
        #expect(next.entry(of: admin) != nil)
        #expect(try next.revoke(status.id, at: Self.now) == status)
        #expect(next.entry(of: worker) == nil && next.entry(of: admin) != nil)
        #expect(try TokenBook(path: path).entry(of: worker) == nil)
    }

    @Test func `a token that expires is valid until then, and is not the last in charge`() throws {
        let folder = try TemporaryDirectory()
        let path = folder.path + "/tokens.json"
        let book = try TokenBook(path: path)
        var (token, request) = Self.request(1, .admin)
        request.validForSeconds = 60
        let status = try book.add(request, at: Self.now)
        let end = Timestamp(milliseconds: Self.now.milliseconds + 60_000)
        let last = Timestamp(milliseconds: end.milliseconds - 1)
        #expect(status.expiresAt == end)
        for book in [book, try TokenBook(path: path)] {
            let entry = try #require(book.entry(of: token))
            #expect(!entry.isExpired(at: last) && entry.isExpired(at: end))
            #expect(book.statuses(at: last) == [status] && book.statuses(at: end).isEmpty)
        }
        let steady = try book.add(Self.request(2, .admin).1, at: Self.now)
        #expect(steady.expiresAt == nil)
        #expect(throws: TokenBookError.self) { try book.revoke(steady.id, at: Self.now) }
        #expect(try book.revoke(status.id, at: Self.now) == status)
    }

    @Test func `a repeat of what made or revoked a token changes nothing`() throws {
        let folder = try TemporaryDirectory()
        let path = folder.path + "/tokens.json"
        let book = try TokenBook(path: path)
        let (token, request) = Self.request(1)
        let status = try book.add(request, at: Self.now)
        // No admin is needed to revoke another's.
        for book in [book, book, try TokenBook(path: path)] {
            #expect(try book.revoke(status.id, at: Self.now) == status)
            #expect(book.entry(of: token) == nil && book.statuses(at: Self.now).isEmpty)
            // One that was held up on its way.
            #expect(throws: TokenBookError.self) { try book.add(request, at: Self.now) }
            #expect(book.entry(of: token) == nil)
        }
        let steady = try book.add(Self.request(2, .admin).1, at: Self.now)
        #expect(throws: TokenBookError.self) { try book.revoke(steady.id, at: Self.now) }
        _ = try book.add(Self.request(3, .admin).1, at: Self.now)
        #expect(try book.revoke(steady.id, at: Self.now) == steady)
    }

    @Test func `those that have expired make room for others`() throws {
        let folder = try TemporaryDirectory()
        let book = try TokenBook(path: folder.path + "/tokens.json")
        for bits in 1...UInt64(Limits.tokensMax) {
            var (_, request) = Self.request(bits)
            request.validForSeconds = Int64(bits)
            _ = try book.add(request, at: Self.now)
        }
        let one = Self.request(0).1
        #expect(throws: TokenBookError.self) { try book.add(one, at: Self.now) }
        let later = Timestamp(milliseconds: Self.now.milliseconds + 10_000)
        _ = try book.add(one, at: later)
        #expect(book.statuses(at: Self.now).count == Limits.tokensMax - 10 + 1)
    }

    /// The file is its owner's, who may have written into it.
    @Test(arguments: [Int64.min, -1, 0, .max])
    func `no time in the file is too long to be read`(seconds: Int64) throws {
        var (_, request) = Self.request(1)
        request.validForSeconds = seconds
        for milliseconds in [Int64.min, 0, .max] {
            let entry = TokenBook.Entry(
                request: request, createdAt: Timestamp(milliseconds: milliseconds))
            #expect(try #require(entry.expiresAt) >= entry.createdAt)
        }
    }

    @Test func `the file says no secret, and is its owner's alone`() throws {
        let folder = try TemporaryDirectory()
        let path = folder.path + "/tokens.json"
        let (token, request) = Self.request(3)
        _ = try TokenBook(path: path).add(request, at: Self.now)
        let text = try String(contentsOfFile: path, encoding: .utf8)
        #expect(!text.contains(token.text.dropFirst(12)) && !text.contains("gdln_"))
        #expect(text.contains(token.digest.hexadecimal))
        let attributes = try FileManager.default.attributesOfItem(atPath: path)
        #expect(attributes[.posixPermissions] as? Int == 0o600)
    }

    @Test func `what cannot be is refused and changes nothing`() throws {
        let folder = try TemporaryDirectory()
        let book = try TokenBook(path: folder.path + "/tokens.json")
        let (_, admin) = Self.request(1, .admin)
        let status = try book.add(admin, at: Self.now)
        #expect(throws: TokenBookError.self) { try book.revoke(status.id, at: Self.now) }
        #expect(throws: TokenBookError.self) { try book.revoke("", at: Self.now) }
        var other = admin
        other.role = .read
        #expect(throws: TokenBookError.self) { try book.add(other, at: Self.now) }
        for bits in 2...UInt64(Limits.tokensMax) {
            _ = try book.add(Self.request(bits).1, at: Self.now)
        }
        #expect(throws: TokenBookError.self) { try book.add(Self.request(0).1, at: Self.now) }
        #expect(book.statuses(at: Self.now).count == Limits.tokensMax)
    }

    @Test func `what is not on disk is not accepted`() throws {
        let book = try TokenBook(path: "/nowhere/tokens.json")
        let (token, request) = Self.request(1)
        #expect(throws: POSIXFileError.self) { try book.add(request, at: Self.now) }
        #expect(book.entry(of: token) == nil && book.statuses(at: Self.now).isEmpty)
    }

    @Test func `a damaged file is told, not replaced`() throws {
        let folder = try TemporaryDirectory()
        let path = folder.path + "/tokens.json"
        try Data("[{".utf8).write(to: URL(filePath: path))
        #expect {
            try TokenBook(path: path)
        } throws: {
            "\($0)".contains("it is damaged")
        }
    }

    // MARK: - The coordinator's own

    @Test func `a coordinator keeps its two tokens, and replaces one that was revoked`() throws {
        let folder = try TemporaryDirectory()
        let directory = try DataDirectory(path: folder.path + "/data")
        let book = try TokenBook(path: directory.tokensPath)
        let first = try OwnTokens(in: directory, book: book, environment: .system)
        #expect(book.entry(of: first.admin)?.request.role == .admin)
        #expect(book.entry(of: first.worker)?.request.role == .worker)
        let again = try OwnTokens(in: directory, book: book, environment: .system)
        #expect(again.admin == first.admin && again.worker == first.worker)
        _ = try book.revoke(try #require(book.entry(of: first.worker)).id, at: Self.now)
        var later = try OwnTokens(in: directory, book: book, environment: .system)
        #expect(later.admin == first.admin && later.worker != first.worker)
        #expect(book.entry(of: later.worker) != nil && book.statuses(at: Self.now).count == 2)
        // One that ends is not its own for good, even if its owner put it there.
        var (guest, request) = Self.request(9, .admin)
        request.validForSeconds = 3_600
        _ = try book.add(request, at: Self.now)
        try OwnTokens.write(
            Join(address: "http://127.0.0.1:0", token: guest), to: directory.joinPath(.admin))
        later = try OwnTokens(in: directory, book: book, environment: .system)
        #expect(later.admin != guest && book.entry(of: later.admin)?.expiresAt == nil)
    }

    @Test func `what is left for commands on this host is taken away, if it is still the same`()
        throws
    {
        let folder = try TemporaryDirectory()
        let directory = try DataDirectory(path: folder.path + "/data")
        let book = try TokenBook(path: directory.tokensPath)
        let tokens = try OwnTokens(in: directory, book: book, environment: .system)
        let announcement = Announcement(
            tokens: tokens, address: "https://node:1", localAddress: "https://127.0.0.1:1",
            pin: Join.pin(publicKey: Data()))
        let environment = ["XDG_STATE_HOME": folder.path + "/state"]
        let files = try announcement.writeLocally(environment: environment)
        #expect(
            files.map(\.path)
                == ["admin", "worker"].map { role in
                    folder.path + "/state/gdln/127.0.0.1:1.\(role)"
                })
        let source = try JoinSource(
            options: .init(address: "http://127.0.0.1:1"), environment: environment, role: .admin)
        #expect(try source.load().token == tokens.admin)
        try OwnTokens.write(Join(address: "http://x:1", token: tokens.admin), to: files[0].path)
        Announcement.takeBack(files)
        #expect(FileManager.default.fileExists(atPath: files[0].path))
        #expect(!FileManager.default.fileExists(atPath: files[1].path))

        try announcement.write(to: directory)
        let joined = try Join(
            parsing: try #require(try PrivateFile.read(directory.joinPath(.worker))))
        #expect(joined.address == "https://node:1" && joined.token == tokens.worker)
        #expect(try announcement.writeLocally(environment: [:]).isEmpty)
    }

    // MARK: - The certificate

    @Test func `a certificate is made once, and never speaks an old TLS`() throws {
        let folder = try TemporaryDirectory()
        let directory = try DataDirectory(path: folder.path + "/data")
        let now = Date(timeIntervalSince1970: 1_700_000_000)
        let first = try ServerCertificate(in: directory, now: now, hostName: "node-7")
        #expect(first.tls.minimumTLSVersion == .tlsv12)
        let again = try ServerCertificate(in: directory, now: now, hostName: "other")
        #expect(again.pin == first.pin)
        let attributes = try FileManager.default.attributesOfItem(atPath: directory.keyPath)
        #expect(attributes[.posixPermissions] as? Int == 0o600)
        try FileManager.default.removeItem(atPath: directory.keyPath)
        #expect(try ServerCertificate(in: directory, now: now, hostName: "x").pin != first.pin)
    }

    @Test func `a key that does not belong to the certificate is told`() throws {
        let folder = try TemporaryDirectory()
        let places = try ["a", "b"].map { try DataDirectory(path: folder.path + "/" + $0) }
        for place in places {
            _ = try ServerCertificate(in: place, now: Date(), hostName: "h")
        }
        for (certificate, key, sentence) in [
            (places[0].certificatePath, places[1].keyPath, "does not belong to"),
            (places[0].keyPath, places[0].keyPath, "certificate"),
            ("/nowhere", places[0].keyPath, "cannot read '/nowhere': No such file"),
            (places[0].certificatePath, "/nowhere", "cannot read '/nowhere': No such file"),
        ] {
            #expect {
                try ServerCertificate(certificate: certificate, key: key)
            } throws: {
                "\($0)".contains(sentence)
            }
        }
    }
}
