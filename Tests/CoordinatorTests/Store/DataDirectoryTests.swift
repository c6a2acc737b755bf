import Crypto
import Foundation
import TestSupport
import Testing

@testable import Coordinator

@Suite struct DataDirectoryTests {
    private func bits(_ directory: DataDirectory) -> Data {
        directory.secret.withUnsafeBytes { Data($0) }
    }

    @Test func `one process at a time, and the next one finds the same secret`() throws {
        let parent = try TemporaryDirectory()
        let path = parent.path + "/new/data"
        var directory: DataDirectory? = try DataDirectory(path: path)
        let secret = try #require(directory.map(bits))
        #expect(secret.count == 32 && secret != Data(count: 32))
        #expect {
            try DataDirectory(path: path)
        } throws: {
            "\($0)".contains("Another coordinator is using the data directory '\(path)'")
        }
        directory = nil
        #expect(bits(try DataDirectory(path: path)) == secret)
    }

    @Test func `nobody else can read it`() throws {
        let parent = try TemporaryDirectory()
        let directory = try DataDirectory(path: parent.path + "/data")
        for (path, wanted) in [
            (directory.path, 0o700), (directory.datasetsPath, 0o700),
            (directory.temporaryPath, 0o700), (directory.path + "/secret", 0o600),
            (directory.path + "/lock", 0o600),
        ] {
            let attributes = try FileManager.default.attributesOfItem(atPath: path)
            #expect(attributes[.posixPermissions] as? Int == wanted, "\(path)")
        }
    }

    @Test func `what a dead process left half done is swept away`() throws {
        let parent = try TemporaryDirectory()
        let path = parent.path + "/data"
        let left = try DataDirectory(path: path).temporaryPath + "/left"
        try Data([1]).write(to: URL(filePath: left))
        _ = try DataDirectory(path: path)
        #expect(!FileManager.default.fileExists(atPath: left))
    }

    @Test func `a damaged secret is told, not replaced`() throws {
        let parent = try TemporaryDirectory()
        let path = parent.path + "/data"
        _ = try DataDirectory(path: path)
        try Data([1, 2, 3]).write(to: URL(filePath: path + "/secret"))
        #expect {
            try DataDirectory(path: path)
        } throws: {
            "\($0)".contains("it has 3 bytes, not 32")
        }
        #expect(FileManager.default.contents(atPath: path + "/secret") == Data([1, 2, 3]))
    }

    // MARK: - Whose it is

    private func refusal(_ path: String) -> String? {
        do {
            _ = try DataDirectory(path: path)
            return nil
        } catch {
            return "\(error)"
        }
    }

    @Test func `a symbolic link is not followed`() throws {
        let parent = try TemporaryDirectory()
        _ = try DataDirectory(path: parent.path + "/data")
        try FileManager.default.createSymbolicLink(
            atPath: parent.path + "/link", withDestinationPath: parent.path + "/data")
        let sentence = refusal(parent.path + "/link")
        #expect(sentence?.contains("it is a symbolic link") == true)
    }

    @Test func `a folder in which others can write is not used`() throws {
        let parent = try TemporaryDirectory()
        let path = parent.path + "/data"
        _ = try DataDirectory(path: path)
        for (mode, isUsed) in [(0o777, false), (0o770, false), (0o755, true), (0o700, true)] {
            try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
            let sentence = refusal(path)
            #expect((sentence == nil) == isUsed, "\(mode)")
            if !isUsed { #expect(sentence?.contains("other users can write in it") == true) }
        }
    }

    @Test(arguments: ["secret", "tokens.json", "tls-key.pem", "join-admin", "join-worker"])
    func `a secret that others can read is told`(name: String) throws {
        let parent = try TemporaryDirectory()
        let path = parent.path + "/data"
        _ = try DataDirectory(path: path)
        let file = "\(path)/\(name)"
        if name != "secret" { try Data("x".utf8).write(to: URL(filePath: file)) }
        for mode in [0o644, 0o640, 0o602] {
            try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: file)
            #expect(refusal(path)?.contains("'\(file)' cannot be used: it holds a secret") == true)
        }
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: file)
        #expect(refusal(path) == nil)
        try FileManager.default.removeItem(atPath: file)
        try FileManager.default.createSymbolicLink(
            atPath: file, withDestinationPath: "/etc/passwd")
        #expect(refusal(path)?.contains("it is no plain file") == true)
    }

    @Test(.enabled("only root can give files away") { geteuid() == 0 })
    func `what belongs to another user is not used`() throws {
        let parent = try TemporaryDirectory()
        let path = parent.path + "/data"
        _ = try DataDirectory(path: path)
        #expect(chown(path + "/secret", 65_534, 65_534) == 0)
        #expect(refusal(path)?.contains("it belongs to the user 65534") == true)
        #expect(chown(path + "/secret", 0, 0) == 0)
        #expect(chown(path, 65_534, 65_534) == 0)
        #expect(refusal(path)?.contains("it belongs to the user 65534") == true)
    }

    @Test func `a file in the place of the directory is told`() throws {
        let parent = try TemporaryDirectory()
        try Data().write(to: URL(filePath: parent.path + "/file"))
        #expect(throws: (any Error).self) { try DataDirectory(path: parent.path + "/file") }
    }
}
