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

    @Test func `a file in the place of the directory is told`() throws {
        let parent = try TemporaryDirectory()
        try Data().write(to: URL(filePath: parent.path + "/file"))
        #expect(throws: (any Error).self) { try DataDirectory(path: parent.path + "/file") }
    }
}
