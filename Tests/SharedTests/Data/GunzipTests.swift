import Foundation
@testable import Shared
import Testing

@Suite struct GunzipTests {
    @Test(arguments: [0, 1, 65_535, 65_536, 1 << 18, 1 << 18 + 1, 700_000])
    func `what was stored comes back`(count: Int) throws {
        let content = (0..<count).map { UInt8(truncatingIfNeeded: $0 / 3) }
        let file = GzipWriter.member(content)
        #expect(Gunzip.isGzip(file))
        #expect(try Gunzip.inflate(file, file: "f.gz") == Data(content))
    }

    /// The file is Python's `gzip.compress(b"gated " * 1000, 9, mtime=0)`.
    @Test func `deflated data is inflated`() throws {
        let file = try #require(Data(base64Encoded: Self.deflated))
        let text = String(decoding: try Gunzip.inflate(file, file: "f"), as: UTF8.self)
        #expect(text == String(repeating: "gated ", count: 1_000))
    }

    @Test func `members one after the other are one content, in a slice too`() throws {
        let file = GzipWriter.member([1, 2]) + GzipWriter.member([]) + GzipWriter.member([3])
        #expect(try Gunzip.inflate(file, file: "f") == Data([1, 2, 3]))
        let padded = Data([0, 0, 0]) + file
        #expect(try Gunzip.inflate(padded[3...], file: "f") == Data([1, 2, 3]))
    }

    @Test func `the bound holds to the byte`() throws {
        let file = GzipWriter.member([1, 2, 3, 4])
        #expect(try Gunzip.inflate(file, file: "f", bytesMax: 4).count == 4)
        #expect(throws: DatasetError("'f' inflates to more than 3 bytes, the limit for one file")) {
            try Gunzip.inflate(file, file: "f", bytesMax: 3)
        }
        #expect(throws: DatasetError.self) {
            try Gunzip.inflate(file + file, file: "f", bytesMax: 7)
        }
    }

    @Test func `a file cut anywhere is said to be cut short`() {
        let whole = GzipWriter.member([1, 2, 3])
        for count in 2..<whole.count {
            #expect(throws: DatasetError("'f' is cut short: its gzip data has no end")) {
                try Gunzip.inflate(whole.prefix(count), file: "f")
            }
        }
    }

    @Test func `bytes after the end are refused`() {
        let reason = "'f' has 2 bytes after its gzip data, where its end was wanted"
        #expect(throws: DatasetError(reason)) {
            try Gunzip.inflate(GzipWriter.member([1]) + Data([0, 0]), file: "f")
        }
    }

    @Test(arguments: [(8, "incorrect data check"), (4, "incorrect length check")])
    func `damage is found by checksum and by length`(fromEnd: Int, reason: String) {
        var file = GzipWriter.member([1, 2, 3])
        file[file.count - fromEnd] ^= 1
        #expect(throws: DatasetError("'f' has damaged gzip data: \(reason)")) {
            try Gunzip.inflate(file, file: "f")
        }
    }

    @Test func `what is not gzip is said to be damaged`() {
        #expect(!Gunzip.isGzip(Data()) && !Gunzip.isGzip(Data([0x1f])))
        #expect(throws: DatasetError("'f' has damaged gzip data: incorrect header check")) {
            try Gunzip.inflate(Data("hello".utf8), file: "f")
        }
    }

    private static let deflated =
        "H4sIAAAAAAACA+3EMQkAAAgAsCpWExQL2B9D+G7HJrcrxrZt27Zt27ZtPz7IjfancBcAAA=="
}
