import Foundation
import Shared

/// The two tokens that every coordinator has from its first start on: its owner's, and that of
/// workers. Each lies in a file of the data directory, as `join-string` prints it.
struct OwnTokens: Sendable {
    let admin: AccessToken
    let worker: AccessToken

    /// Finds them, or makes those that are missing or were revoked.
    init(in directory: DataDirectory, book: TokenBook, environment: Store.Environment) throws {
        func token(_ role: Role) throws -> AccessToken {
            let path = directory.joinPath(role)
            if let text = try PrivateFile.read(path), let kept = try? Join(parsing: text).token,
                let entry = book.entry(of: kept), entry.request.role == role, entry.expiresAt == nil
            {
                return kept
            }
            let token = AccessToken(role: role, environment.randomBits)
            // The file first: what is accepted and written nowhere would be of no use to anybody.
            try Self.write(Join(address: "http://127.0.0.1:0", token: token), to: path)
            let label = "made at the coordinator's start"
            _ = try book.add(
                TokenRequest(role: role, label: label, digest: token.digest),
                at: environment.now())
            return token
        }
        admin = try token(.admin)
        worker = try token(.worker)
    }

    var all: [AccessToken] { [admin, worker] }

    static func write(_ join: Join, to path: String) throws {
        try DurableFile.write(Data((join.text + "\n").utf8), to: path)
    }
}

/// Tells people and their commands how to reach a coordinator that listens.
struct Announcement {
    let tokens: OwnTokens
    /// What other hosts call.
    let address: String
    /// What this host calls.
    let localAddress: String
    let pin: String?

    /// Into the data directory: what `join-string` prints.
    func write(to directory: DataDirectory) throws {
        for token in tokens.all {
            try OwnTokens.write(
                Join(address: address, token: token, pin: pin), to: directory.joinPath(token.role))
        }
    }

    /// Into the user's own folder, where commands on this host look. Gives what was written.
    func writeLocally(environment: EnvironmentVariables) throws -> [(path: String, text: String)] {
        guard let folder = LocalAccess.folder(environment: environment) else { return [] }
        try PrivateFolder.prepare(folder, remedy: "set XDG_STATE_HOME to another folder")
        return try tokens.all.compactMap { token in
            let join = Join(address: localAddress, token: token, pin: pin)
            guard
                let path = LocalAccess.path(
                    in: folder, address: localAddress, role: token.role)
            else { return nil }
            try OwnTokens.write(join, to: path)
            return (path, join.text)
        }
    }

    /// Takes the files away, unless another coordinator has put its own there meanwhile.
    static func takeBack(_ files: [(path: String, text: String)]) {
        for file in files where (try? PrivateFile.read(file.path)) == file.text + "\n" {
            try? FileManager.default.removeItem(atPath: file.path)
        }
    }
}
