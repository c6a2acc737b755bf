import Testing

@testable import Shared

/// Texts that programs read otherwise than they were written.
@Suite struct CellTextTests {
    /// What pandas 2 and 3 take for a missing value, what R does, and what both, DuckDB and
    /// spreadsheets take for something else.
    @Test(arguments: [
        ("missing", ["", "NA", "N/A", "n/a", "NaN", "nan", "-nan", "null", "NULL", "None"]),
        (
            "missing",
            ["<NA>", "#N/A", "#N/A N/A", "#NA", "-1.#IND", "1.#QNAN", "na", "Null", "Nan"]
        ),
        ("truth", ["true", "TRUE", "False", "T", "f"]),
        ("number", ["007", "1e5", "-1", "+3", "0x10", "inf", "-Infinity", "1.50"]),
        ("spaces", [" a", "a ", "\u{a0}a"]),
        ("date", ["2026-11-30", "1/2", "3-4", "12:30", "mar1", "1-Dec", "DEC2", "May 2026"]),
        ("formula", ["-x", "--x", "-", "-a b.c_d"]),
        ("apostrophe", ["=1", "+x", "@x", "-1+1", "-x(1)", "-cmd|' /C calc'!A0", "-＝x"]),
    ])
    func `a text that a reader changes is told, with what it becomes`(
        kind: String, texts: [String]
    ) {
        for text in texts {
            let sentence = CellText.misreading(of: text)
            #expect(sentence?.contains(kind) == true, "\(text): \(sentence ?? "nothing")")
        }
    }

    @Test(arguments: [
        "none", "mnist", "mnist-permute", "study 2", "nano", "nullable", "true story", "may",
        "marble", "seed-1", "decoder1", "1st", "a/b", "x=1", "é", "gain0.1", "2 layers",
        "v1.2.3", "run-2026-11-30", "10x10", "information",
    ])
    func `a plain name is told nothing`(text: String) {
        #expect(CellText.misreading(of: text) == nil)
    }
}
