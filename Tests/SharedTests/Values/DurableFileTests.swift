import Foundation
import Shared
import TestSupport
import Testing

@Suite struct DurableFileTests {
    private let folder: TemporaryDirectory
    private var path: String { folder.path + "/file" }

    init() throws { folder = try TemporaryDirectory() }

    private var names: [String] {
        get throws { try FileManager.default.contentsOfDirectory(atPath: folder.path) }
    }

    @Test func `a file is replaced whole, and nothing is left beside it`() throws {
        for size in [0, 1, 100_000] {
            let data = Data(repeating: 7, count: size)
            try DurableFile.write(data, to: path)
            #expect(try Data(contentsOf: URL(filePath: path)) == data)
        }
        #expect(try names == ["file"])
        #expect(throws: POSIXFileError.self) {
            try DurableFile.write(Data([1]), to: folder.path + "/none/file")
        }
    }

    @Test func `pieces come to one file, counted and hashed on the way`() throws {
        let file = try FileInTheMaking(path + ".partial")
        for piece in ["one ", "", "two"] { try file.append(Data(piece.utf8)) }
        #expect(file.byteCount == 7)
        #expect(file.digest == Digest(of: Data("one two".utf8)))
        #expect(!FileManager.default.fileExists(atPath: path))
        try file.sync()
        try file.rename(to: path)
        #expect(try Data(contentsOf: URL(filePath: path)) == Data("one two".utf8))
        #expect(try names == ["file"])
    }

    @Test func `what got no lasting name is gone`() throws {
        do {
            let file = try FileInTheMaking(path + ".partial")
            try file.append(Data([1]))
        }
        #expect(try names == [])
    }

    /// Who can make a link in the folder must not choose which file is written.
    @Test func `a link in the place of the file is not followed`() throws {
        try FileManager.default.createSymbolicLink(
            atPath: path + ".partial", withDestinationPath: folder.path + "/elsewhere")
        #expect(throws: POSIXFileError.self) { try DurableFile.write(Data([1]), to: path) }
    }
}
