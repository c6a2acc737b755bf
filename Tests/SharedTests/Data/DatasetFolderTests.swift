import Foundation
@testable import Shared
import TestSupport
import Testing

@Suite struct DatasetFolderTests {
    @Test func `real digits are read, plain and gzipped`() throws {
        let data = try DatasetFolder.read(directory: Fixtures.mnistExtractDirectory())
        #expect(data.train.labels == (0..<100).map { UInt8($0 % 10) })
        #expect(data.test.labels == (0..<50).map { UInt8($0 % 10) })
        guard case .images(let pixels, 28, 28) = data.train.inputs else {
            Issue.record("no images of 28 x 28")
            return
        }
        // A known answer, so that rows, columns and files cannot be mixed up.
        #expect(
            Digest(of: try data.serialized()).hexadecimal
                == "f1876d787eb8c2d29d67ab729552a80f5ab4fd49c03db6f9db0d4682fa6ad4bf")
        let zeros = pixels.count { $0 == 0 }
        #expect((0.75...0.85).contains(Double(zeros) / Double(pixels.count)))
    }

    @Test(arguments: ["-idx", ".idx"], ["", ".gz"])
    func `the usual spellings of the names are known`(separator: String, suffix: String) throws {
        let folder = try Folder()
        for (stem, content) in Folder.tiny {
            let name = stem.replacing("-idx", with: separator) + suffix
            try folder.write(name, suffix.isEmpty ? content : GzipWriter.member([UInt8](content)))
        }
        let data = try DatasetFolder.read(directory: folder.path)
        #expect(data.train.labels == [7] && data.test.labels == [1, 2])
    }

    @Test func `gzip is told by content, and a plain file comes before its gzipped twin`() throws {
        let folder = try Folder(Folder.tiny)
        try folder.write("train-labels-idx1-ubyte.gz", IDXTests.file(0x801, [1], [5]))
        #expect(try DatasetFolder.read(directory: folder.path).train.labels == [7])
        try FileManager.default.removeItem(atPath: folder.path + "/train-labels-idx1-ubyte")
        #expect(try DatasetFolder.read(directory: folder.path).train.labels == [5])
    }

    @Test func `what is missing is said, beside what is there`() throws {
        let folder = try Folder(Folder.tiny.filter { $0.key.hasPrefix("train") })
        try folder.write("notes.txt", Data())
        let reason =
            "'\(folder.path)' lacks t10k-images-idx3-ubyte, t10k-labels-idx1-ubyte (with or "
            + "without .gz); it has notes.txt, train-images-idx3-ubyte, train-labels-idx1-ubyte"
        #expect(throws: DatasetError(reason)) { try DatasetFolder.read(directory: folder.path) }
    }

    @Test func `a long listing is cut and an empty one said`() throws {
        let folder = try Folder()
        let empty = Self.reason(folder)
        #expect(empty.hasSuffix("it has no files"), "\(empty)")
        for index in 0..<25 { try folder.write("file \(index)", Data()) }
        #expect(Self.reason(folder).hasSuffix("and 5 more"))
    }

    @Test func `images and labels of different sets are refused`() throws {
        let folder = try Folder(Folder.tiny)
        try folder.write("t10k-labels-idx1-ubyte", IDXTests.file(0x801, [3], [1, 2, 3]))
        #expect(
            Self.reason(folder)
                == "'t10k-images-idx3-ubyte' has 2 images, but 't10k-labels-idx1-ubyte' has "
                + "3 labels: the two are not of one set")
    }

    @Test func `splits of different sizes are refused`() throws {
        let folder = try Folder(Folder.tiny)
        try folder.write("t10k-images-idx3-ubyte", IDXTests.file(0x803, [2, 2, 1], [1, 2, 3, 4]))
        #expect(Self.reason(folder).contains("images of 1 x 2, the test examples images of 2 x 1"))
    }

    @Test func `no folder, a folder for a file and damage within are errors with names`() throws {
        let nowhere =
            "'/nowhere/at all' is not a folder that can be read: No such file or directory"
        #expect(throws: DatasetError(nowhere)) {
            try DatasetFolder.read(directory: "/nowhere/at all")
        }
        #expect(throws: DatasetError.self) { try DatasetFolder.read(directory: #filePath) }
        let folder = try Folder(Folder.tiny)
        let file = "t10k-labels-idx1-ubyte"
        try folder.write(file, Data([0x1f, 0x8b, 8, 0]))
        #expect(Self.reason(folder) == "'\(file)' is cut short: its gzip data has no end")
        try FileManager.default.removeItem(atPath: folder.path + "/" + file)
        try FileManager.default.createDirectory(
            atPath: folder.path + "/" + file, withIntermediateDirectories: false)
        #expect(
            Self.reason(folder)
                == "cannot read '\(folder.path)/\(file)': it is a folder, wanted a file or a pipe")
    }

    /// What a download may leave in place of the data.
    @Test(arguments: [
        ("<!DOCTYPE html><html>not found</html>", "is a web page (HTML), wanted an IDX file"),
        ("version https://git-lfs.github.com/spec/v1\noid sha256:0", "is a Git LFS pointer"),
        ("PK\u{3}\u{4}", "is a zip archive"),
    ])
    func `another type of file in place of the data is named`(text: String, type: String) throws {
        let folder = try Folder(Folder.tiny)
        for content in [Data(text.utf8), GzipWriter.member(Array(text.utf8))] {
            try folder.write("train-images-idx3-ubyte", content)
            let reason = Self.reason(folder)
            #expect(reason.hasPrefix("'train-images-idx3-ubyte' \(type)"), "\(reason)")
        }
        try folder.write(
            "train-images-idx3-ubyte", GzipWriter.member([UInt8](GzipWriter.member([1]))))
        #expect(Self.reason(folder).contains("is a gzip file"))
    }

    @Test func `a file over the limit is refused before it is read`() throws {
        let folder = try Folder(Folder.tiny)
        let path = folder.path + "/t10k-images-idx3-ubyte"
        #expect(truncate(path, Limits.datasetSourceFileBytesMax + 1) == 0)
        // Its size is known before its bytes are.
        #expect(
            Self.reason(folder).hasSuffix(
                "it has 1073741825 bytes, over the limit of 1073741824"))

    }

    /// Debian's package dataset-fashion-mnist: a whole set, as it is distributed.
    @Test(.enabled(if: FileManager.default.fileExists(atPath: Self.fashion)))
    func `Fashion-MNIST is read whole and comes back from its file`() throws {
        let data = try DatasetFolder.read(directory: Self.fashion)
        #expect(data.train.count == 60_000 && data.test.count == 10_000)
        for label: UInt8 in 0..<10 {
            #expect(data.train.labels.count { $0 == label } == 6_000)
        }
        let file = try data.serialized()
        #expect((1..<1_024).contains(file.count - 70_000 * 785))
        #expect(try Dataset(parsing: file) == data)
    }

    private static let fashion = "/usr/share/datasets/fashion-mnist"

    private static func reason(_ folder: Folder) -> String {
        do {
            _ = try DatasetFolder.read(directory: folder.path)
            return "nothing was wrong"
        } catch {
            return "\(error)"
        }
    }
}

/// A folder of its own for one test, removed with the value.
private final class Folder {
    let path: String

    init(_ files: [String: Data] = [:]) throws {
        let place = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
        path = place.path
        for (name, content) in files { try write(name, content) }
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func write(_ name: String, _ content: Data) throws {
        try content.write(to: URL(filePath: path).appending(path: name))
    }

    /// One example to train on and two to test, of 1 x 2.
    static let tiny: [String: Data] = [
        "train-images-idx3-ubyte": IDXTests.file(0x803, [1, 1, 2], [8, 9]),
        "train-labels-idx1-ubyte": IDXTests.file(0x801, [1], [7]),
        "t10k-images-idx3-ubyte": IDXTests.file(0x803, [2, 1, 2], [1, 2, 3, 4]),
        "t10k-labels-idx1-ubyte": IDXTests.file(0x801, [2], [1, 2]),
    ]
}
