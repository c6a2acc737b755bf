import Foundation
import Shared
import TestSupport
import Testing

@testable import Coordinator

/// Gates in files of their own, beside the sweep file that names them.
@Suite struct GateFilesTests {
    private func sweep(_ gate: String, files: [String: String] = [:]) throws -> Sweep {
        let folder = try TemporaryDirectory()
        for (name, text) in files {
            try Data(text.utf8).write(to: URL(fileURLWithPath: folder.path + "/" + name))
        }
        let path = folder.path + "/sweep.yaml"
        let text = SweepMistakeTests.good.replacingOccurrences(
            of: "domains: 10", with: "domains: 2"
        )
        .replacingOccurrences(
            of: "{family: plus_mod, k: [2, 4], permute_columns: true}", with: gate)
        try Data(text.utf8).write(to: URL(fileURLWithPath: path))
        return try SweepFile.read(path: path)
    }

    private func message(_ gate: String, files: [String: String] = [:]) -> String {
        let error = #expect(throws: SweepMistakes.self) { try sweep(gate, files: files) }
        return error?.description ?? ""
    }

    @Test(arguments: ["1,0\n1,1\n", "10\r\n11", " 1, 0\n\n11\n"])
    func `a gate comes out of its file, and travels as a matrix`(text: String) throws {
        let sweep = try sweep("{family: file, path: a.csv}", files: ["a.csv": text])
        let received = try Sweep(reading: SourceValue(sweep.json))
        let gates = try received.expand().map(\.configuration.gateRequest?.recipe)
        let wanted = GateRecipe(family: .explicit([[true, false], [true, true]]))
        #expect(gates == [wanted, wanted])
    }

    @Test func `what else the gate says is kept`() throws {
        let sweep = try sweep(
            "{family: file, path: a.csv, column_permutation: [1, 0]}", files: ["a.csv": "10\n11"])
        let recipe = try sweep.configuration(at: 0).gateRequest?.recipe
        #expect(recipe?.columns == .explicit([1, 0]))
    }

    @Test func `a mistake names the file, the row and what was wanted`() {
        let gate = "{family: file, path: a.csv}"
        #expect(message("{family: file}").contains("axes.gate[0]: found no path, wanted the file"))
        #expect(message(gate).contains("axes.gate[0].path: cannot read the gate "))
        #expect(
            message(gate, files: ["a.csv": "1,0\n1,2\n"])
                == "line 15, axes.gate[0].path: a.csv, row 2: found \"2\", wanted 0 or 1")
        #expect(message(gate, files: ["a.csv": "10\n11\n10"]).contains("found a list of 3, wanted"))
        #expect(message(gate, files: ["a.csv": "10\n1"]).contains("wanted 2 digits 0 or 1"))
        #expect(message(gate, files: ["a.csv": ""]).contains("found a list of 0, wanted"))
        #expect(message("{family: file, path: [a.csv]}").contains("found no text, wanted the path"))
    }
}
