import Foundation
import Shared
import Testing

@testable import Coordinator

/// Gates as other programs write them, and what is said of a text that is none.
@Suite struct GateTextTests {
    /// The same gate: 110, 011.
    @Test(arguments: [
        "1,1,0\n0,1,1\n", "1;1;0\r\n0;1;1\r\n", "1\t1\t0\n0\t1\t1", "1 1 0\n0 1 1", "110\n011",
        "\u{feff}1,1,0\r\n0,1,1", "1,1,0\r0,1,1\r", "\"1\",\"1\",\"0\"\n\"0\",\"1\",\"1\"",
        "'1';'1';'0'\n'0';'1';'1'", "1.0,1.0,0.0\n0.0,1.0,1.0", "1., 1., 0.\n0., 1., 1.",
        "1.000000000000000000e+00 1.000000000000000000e+00 0.000000000000000000e+00\n0e0 1e0 1E-0",
        "+1,1,-0\n0,10e-1,0.1e1", "True,true,FALSE\nFalse,TRUE,True", "1,1,0,,\n0,1,1,,\n,,,,\n",
        "\n 1, 1 ,0 \n\n0 ,1,\t1\n\n", "11 0\n01 1",
    ])
    func `every usual spelling of a gate is read`(text: String) throws {
        #expect(try GateText.rows(of: Data(text.utf8)) == ["110", "011"])
    }

    private static let mistakes: [(text: String, sentence: String)] = [
        ("1,0\n1,−1", "line 2, column 3: found \"−\" (U+2212), wanted 0 or 1"),
        ("1,\u{a0}0", "line 1, column 3: found \"\u{a0}\" (U+00A0), wanted 0 or 1"),
        ("1,0\r\n“1”,0", "line 2, column 1: found \"“\" (U+201C), wanted 0 or 1"),
        ("1,\u{200b}0", "line 1, column 3: found U+200B, wanted 0 or 1"),
        ("1,0\u{2028}1,0", "line 1, column 4: found U+2028, wanted 0 or 1"),
        ("1,\u{1b}0", "line 1, column 3: found U+001B, wanted 0 or 1"),
        ("1,１", "line 1, column 3: found \"１\" (U+FF11), wanted 0 or 1"),
        ("1,2", "line 1, column 3: found \"2\", wanted 0 or 1"),
        ("1,0.5", "line 1, column 3: found \"0.5\", wanted 0 or 1"),
        ("1,1e-400", "line 1, column 3: found \"1e-400\", wanted 0 or 1"),
        ("1,0.99999999999999999999", "found \"0.99999999999999999999\", wanted 0 or 1"),
        ("1,,0", "line 1, column 3: found an empty cell, wanted 0 or 1"),
        ("1,\"\",0", "line 1, column 3: found an empty cell, wanted 0 or 1"),
        ("0,10", "line 1, column 3: found \"10\", wanted 0 or 1"),
        ("1,0;0,1", "column 4: found \";\" after \",\", wanted one of the two between all cells"),
        (",0,1\n0,1,0\n1,0,1", "line 1, column 1: found a header row, wanted only rows of 0 and 1"),
        ("\n0,1,2\n1,0,1", "line 2, column 1: found a header row"),
        ("a,b\n1,0", "found a header row, wanted only rows of 0 and 1 (pandas writes them with"),
        ("0,1,0\n1,0,1\n2,1,1", "line 3, column 1: found \"2\", wanted 0 or 1 (row labels?"),
        ("[[1 0]", "line 1, column 1: found \"[[1\", wanted 0 or 1"),
        ("nan,1", "line 1, column 1: found \"nan\", wanted 0 or 1"),
        ("0x1,1", "line 1, column 1: found \"0x1\", wanted 0 or 1"),
        ("<html>", "found a web page (HTML), wanted rows of 0 and 1 as UTF-8 text"),
        ("version https://git-lfs.github.com/spec/v1", "found a Git LFS pointer"),
    ]

    @Test(arguments: mistakes)
    func `what cannot be read is shown with its place`(text: String, sentence: String) {
        #expect(failure(Data(text.utf8)).contains(sentence), "\(failure(Data(text.utf8)))")
    }

    @Test func `another encoding or type of file is named`() {
        let units = "1,0\n".utf8.flatMap { (byte: UInt8) -> [UInt8] in [byte, 0] }
        let utf16 = Data([0xFF, 0xFE]) + Data(units)
        #expect(failure(utf16) == "found UTF-16 text, wanted rows of 0 and 1 as UTF-8 text")
        #expect(failure(Data([0x1F, 0x8B, 8])).hasPrefix("found a gzip file, wanted"))
        #expect(failure(Data([0x31, 0xFF])).hasPrefix("found bytes that are not UTF-8, wanted"))
    }

    private func failure(_ data: Data) -> String {
        let error = #expect(throws: GateTextError.self) { try GateText.rows(of: data) }
        return error?.description ?? ""
    }
}
