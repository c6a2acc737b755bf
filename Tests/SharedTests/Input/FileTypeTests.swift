import Foundation
import Testing

@testable import Shared

@Suite struct FileTypeTests {
    private static func utf16(_ text: String, isBig: Bool) -> Data {
        Data(text.utf8.flatMap { (byte: UInt8) -> [UInt8] in isBig ? [0, byte] : [byte, 0] })
    }

    private static let types: [(data: Data, name: String)] = [
        (Data([0x1F, 0x8B, 8, 0]), "a gzip file"),
        (Data("PK\u{3}\u{4}\u{14}".utf8), "a zip archive (or an Excel workbook)"),
        (Data("\n <!doctype HTML>".utf8), "a web page (HTML)"),
        (Data("\u{feff}<HTML lang=de>".utf8), "a web page (HTML)"),
        (Data("<?xml version='1.0'?><Error/>".utf8), "an XML document"),
        (
            Data("version https://git-lfs.github.com/spec/v1\noid sha256:4d7a".utf8),
            "a Git LFS pointer (`git lfs pull` fetches the file)"
        ),
        (Data([0xFF, 0xFE, 0x31, 0]), "UTF-16 text"), (Data([0xFE, 0xFF, 0, 0x31]), "UTF-16 text"),
        (utf16("name: x", isBig: false), "UTF-16 text"),
        (utf16("name: x", isBig: true), "UTF-16 text"),
        (Data([0x93, 0x4E, 0x55, 0x4D, 0x50, 0x59]), "a NumPy array (.npy)"),
        (Data(count: 257) + Data("ustar".utf8), "a tar archive"),
    ]

    @Test(arguments: types)
    func `a type is told by its first bytes`(data: Data, name: String) {
        #expect(FileType.name(of: data) == name)
        #expect(FileType.name(of: (Data([1, 2, 3]) + data)[3...]) == name)
    }

    @Test(arguments: [
        Data(), Data("name: x\n".utf8), Data("1,0\n0,1\n".utf8), Data("{\"a\": 1}".utf8),
        Data([0, 0, 8, 3, 0, 0, 0, 1]), Data([0, 0, 8, 1, 0, 0, 0, 1, 0, 0]), Data("x".utf8),
    ])
    func `what is wanted has no such name`(data: Data) {
        #expect(FileType.name(of: data) == nil)
    }

    /// The length of its header, 35,615 bytes, begins as a gzip file does.
    @Test func `a safetensors file is read whatever its first bytes look like`() throws {
        var file = Safetensors()
        file.set("a", [Float(1)], shape: [1])
        var length = 0
        repeat {
            let missing = 35_615 - length
            file.metadata["text", default: ""] += String(repeating: "x", count: max(1, missing / 2))
            length = Int(try file.serialized()[0]) + Int(try file.serialized()[1]) << 8
        } while length < 35_608
        var bytes = try file.serialized()
        // Spaces after the header, as many as the length wants.
        let spaces = 35_615 - length
        try #require(spaces >= 0)
        bytes.insert(contentsOf: Data(repeating: 0x20, count: spaces), at: 8 + length)
        bytes.replaceSubrange(0..<2, with: [0x1F, 0x8B])
        #expect(FileType.name(of: bytes) == "a gzip file")
        #expect(try Safetensors(parsing: bytes) == file)
    }

    @Test(arguments: ["<html><body>404</body></html>", "PK\u{3}\u{4}........"])
    func `another file in place of safetensors is named`(text: String) throws {
        let type = try #require(FileType.name(of: Data(text.utf8)))
        let error = #expect(throws: SafetensorsError.self) {
            try Safetensors(parsing: Data(text.utf8))
        }
        #expect(error?.description.contains("it is \(type)") == true)
    }
}
