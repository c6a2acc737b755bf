import Foundation
import Shared
import Testing

@testable import Coordinator

/// Sweep files that were pasted from a web page or a word processor.
@Suite struct LookalikeTests {
    private func failure(_ data: Data) -> String {
        let error = #expect(throws: SweepMistakes.self) { try SweepFile.document(bytes: data) }
        return error?.description ?? ""
    }

    private static let mistakes: [(text: String, sentence: String)] = [
        ("a: 1\nb: −1", "line 2: column 4: found \"−\" (U+2212), wanted \"-\""),
        ("a: 1e−4", "line 1: column 6: found \"−\" (U+2212), wanted \"-\""),
        ("a: [1.e–4]", "line 1: column 8: found \"–\" (U+2013), wanted \"-\""),
        ("a:\n  – 1", "line 2: column 3: found \"–\" (U+2013), wanted \"-\""),
        ("a: “x”", "column 4: found \"“\" (U+201C), wanted a plain quote"),
        ("ä: {b: ‘x’}", "column 8: found \"‘\" (U+2018), wanted a plain quote"),
        ("a:\n\u{a0}\u{a0}b: 1", "line 2: column 1: found \"\u{a0}\" (U+00A0), wanted an ordinary"),
        ("a:\u{a0}1", "column 3: found \"\u{a0}\" (U+00A0), wanted an ordinary space"),
        ("a: b\u{2009}c", "column 5: found \"\u{2009}\" (U+2009), wanted an ordinary space"),
        ("a: \u{3000}1", "column 4: found \"\u{3000}\" (U+3000), wanted an ordinary space"),
        ("a: 1\n\u{feff}b: 2", "line 2: column 1: found an invisible line or order mark (U+FEFF)"),
        ("a: \u{7}", "found a control character (U+0007), wanted plain text"),
        ("<!DOCTYPE html>", "found a web page (HTML), wanted a sweep as YAML in UTF-8"),
        ("version https://git-lfs.github.com/spec/v1", "found a Git LFS pointer"),
    ]

    @Test(arguments: mistakes)
    func `a character that looks like another is shown with its code point and column`(
        text: String, sentence: String
    ) {
        #expect(failure(Data(text.utf8)).contains(sentence), "\(failure(Data(text.utf8)))")
    }

    @Test func `another encoding or type of file is named`() {
        let text: [UInt8] = Array("a: 1\n".utf8)
        let little = text.flatMap { (byte: UInt8) -> [UInt8] in [byte, 0] }
        let big = text.flatMap { (byte: UInt8) -> [UInt8] in [0, byte] }
        for data in [Data([0xFF, 0xFE]) + Data(little), Data(big)] {
            #expect(failure(data) == "found UTF-16 text, wanted a sweep as YAML in UTF-8")
        }
        #expect(failure(Data([0x1F, 0x8B, 8])).hasPrefix("found a gzip file, wanted"))
    }

    @Test(arguments: [
        "a: \"1−2 “x”\u{a0}\"", "# – “\u{a0}\na: 1", "a: Andrew’s", "a: MNIST – k", "a: x−y",
        "größe: ½", "a: 网络（x）", "\u{feff}a: 1\r\n",
    ])
    func `in quotes, comments and the middle of a text they are letters`(text: String) throws {
        _ = try SweepFile.document(bytes: Data(text.utf8))
    }
}
