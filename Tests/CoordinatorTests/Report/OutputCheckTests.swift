import Foundation
import Shared
import Testing

@testable import Coordinator

/// What readers cut or change of an output, at the bound and one beyond it.
@Suite struct OutputCheckTests {
    private func warning(_ text: String, _ format: OutputCheck.Format = .csv) -> String? {
        OutputCheck.warning(of: Data(text.utf8), as: format)
    }

    @Test func `more rows than a spreadsheet reads`() {
        let rows = { String(repeating: "a,b\r\n", count: $0) }
        #expect(warning(rows(Limits.spreadsheetRowsMax)) == nil)
        #expect(
            warning(rows(Limits.spreadsheetRowsMax + 1))
                == "the output has 1048577 rows, of which spreadsheets read 1048576")
    }

    @Test func `line ends within quotes begin no row, and commas no column`() {
        #expect(
            warning(String(repeating: "\"a\nb\"\r\n", count: 600_000)) == nil)
        let commas = String(repeating: ",", count: Limits.spreadsheetColumnsMax)
        #expect(warning("\"\(commas)\"\r\n") == nil)
        #expect(warning("\(commas.dropFirst())\r\n") == nil)
        #expect(warning("\(commas)\r\n")?.contains("16385 columns") == true)
    }

    @Test func `a cell is as long as a spreadsheet counts it`() {
        let longest = String(repeating: "a", count: Limits.spreadsheetCellUnitsMax)
        #expect(warning("\"\(longest)\",é\r\n") == nil)
        #expect(warning("\(longest)é\r\n")?.contains("a cell of 32768 characters") == true)
        // Two UTF-16 code units each.
        let wide = String(repeating: "😀", count: Limits.spreadsheetCellUnitsMax / 2)
        #expect(warning(wide) == nil)
        #expect(warning(wide + "😀")?.contains("a cell of 32768 characters") == true)
    }

    @Test(arguments: [
        ("9007199254740992", false, false), ("9007199254740994", true, true),
        ("-9007199254740994", true, true), ("999999999999999", false, false),
        ("\"9007199254740994\"", true, false), ("0.30000000000000004", false, false),
        ("x9007199254740994", false, false), ("1234567e8901234567890123456789012", false, false),
        ("00000000000000000000001", false, false), ("1e30", false, false), ("NaN", false, false),
    ])
    func `integers that a float64 does not hold`(text: String, inCSV: Bool, inJSON: Bool) {
        let sentence = "integers above 2^53"
        #expect(warning("a,\(text),b\r\n")?.contains(sentence) ?? false == inCSV)
        #expect(warning("{\"a\":[\(text)]}\n", .json)?.contains(sentence) ?? false == inJSON)
        #expect(warning(text, .json)?.contains(sentence) ?? false == inJSON)
    }

    @Test(arguments: ["1234567890123456", "1234567e8901234567890123456789012"])
    func `integers that a spreadsheet rounds`(text: String) {
        #expect(warning("a,\(text)\n")?.contains("more than 15 digits") == true)
        #expect(warning("[\(text)]", .json) == nil)
    }

    @Test func `several are one sentence`() {
        let cell = String(repeating: "a", count: 40_000)
        #expect(
            warning("\(cell),18446744073709551615")
                == "the output has a cell of 40000 characters, of which spreadsheets read 32767; "
                + "integers above 2^53, which readers with float64 numbers change (1)")
    }
}
