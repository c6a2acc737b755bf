import Foundation
import Glibc
import TestSupport
import Testing

@testable import Shared

/// Folders in places where others may have been first.
@Suite struct PrivateFolderTests {
    private static func refusal(_ path: String) -> String? {
        do {
            try PrivateFolder.prepare(path, remedy: "do this")
            return nil
        } catch {
            return "\(error)"
        }
    }

    @Test func `a folder is made for its owner alone, and found again`() throws {
        let parent = try TemporaryDirectory()
        let path = parent.path + "/a/b"
        #expect(Self.refusal(path) == nil && Self.refusal(path) == nil)
        #expect(FileStatus(of: path)?.permissions == 0o700)
        #expect(FileStatus(of: parent.path + "/a")?.permissions == 0o700)
        let link = parent.path + "/link"
        #expect(symlink(path, link) == 0)
        #expect(Self.refusal(link) == nil)
    }

    @Test func `what others can write in, and what is no folder, is refused`() throws {
        let parent = try TemporaryDirectory()
        let path = parent.path + "/wide"
        #expect(mkdir(path, 0o700) == 0 && chmod(path, 0o777) == 0)
        #expect(
            Self.refusal(path)
                == "the folder '\(path)' cannot be used: other users can write in it, chmod 700 "
                + "it; do this")
        try Data().write(to: URL(filePath: parent.path + "/file"))
        #expect(Self.refusal(parent.path + "/file")?.contains("it is no folder") == true)
        #expect(
            Self.refusal(parent.path + "/file/x")?.contains("cannot be made: Not a directory")
                == true)
        #expect(symlink("/nowhere/at/all", parent.path + "/loose") == 0)
        #expect(Self.refusal(parent.path + "/loose")?.contains("it is no folder") == true)
    }

    @Test func `another user's folder, and another user's link, is refused`() throws {
        guard geteuid() == 0 else { return }
        let parent = try TemporaryDirectory()
        for name in ["folder", "link"] {
            let path = "\(parent.path)/\(name)"
            if name == "link" {
                #expect(symlink(parent.path, path) == 0)
            } else {
                #expect(mkdir(path, 0o700) == 0)
            }
            #expect(lchown(path, 65_534, 65_534) == 0)
            let words = "it belongs to the user 65534, and this process runs as 0; do this"
            #expect(Self.refusal(path)?.hasSuffix(words) == true, "\(name)")
        }
    }
}
