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
        let error = #expect(throws: SweepMistakes.self) {
            try sweep(gate, files: files).expand()
        }
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

    @Test func `a list of files is a gate each, named after its file unless it has a name`() throws
    {
        let files = ["a.csv": "10\n11", "b.b.csv": "01\n11"]
        let sweep = try sweep("{family: file, path: [a.csv, b.b.csv]}", files: files)
        let received = try Sweep(reading: SourceValue(sweep.json)).expand()
        #expect(received.map(\.gateLabel.name) == ["a", "b.b", "a", "b.b"])
        #expect(Set(received.map(\.gateLabel.family)) == ["file"])
        let named = try self.sweep("{family: file, path: a.csv, name: ring}", files: files)
        #expect(try named.expand().map(\.gateLabel.name) == ["ring", "ring"])
        // What is trained has no name.
        let json = try #require(sweep.configuration(at: 0).json["gate"])
        #expect(json["name"] == nil && json["family"] == .string("explicit"))
    }

    @Test func `a gate of two names is one task`() {
        #expect(
            message("{family: file, path: [a.csv, b.csv]}", files: ["a.csv": "11", "b.csv": "11"])
                .contains("found a list of 1"))
        let same = ["a.csv": "11\n10", "b.csv": "11\n10"]
        #expect(
            message("{family: file, path: [a.csv, b.csv]}", files: same)
                .contains("found the same configuration as with axes.gate[0].path[0]"))
    }

    @Test func `the gate of a file can be left out, whatever its name`() throws {
        let gates = """
            {family: file, path: [a.csv, b.csv]}
            exclude: [{gate: {family: file, path: a.csv}}]
            """
        let sweep = try sweep(gates, files: ["a.csv": "10\n11", "b.csv": "01\n11"])
        let received = try Sweep(reading: SourceValue(sweep.json)).expand()
        #expect(received.map(\.gateLabel.name) == ["b", "b"])
    }

    @Test func `a file without its gate is refused where no file is read`() throws {
        let gate = JSONValue.object(["family": .string("file"), "path": .string("a.csv")])
        let sweep = try sweep("{family: diagonal}")
        guard case .object(var members) = sweep.json else { return }
        members["axes"] = .array([.object(["gate": .array([gate])])])
        let error = #expect(throws: SweepMistakes.self) {
            try Sweep(reading: SourceValue(.object(members)))
        }
        #expect(error?.description.contains("only sweep files name files, wanted rows") == true)
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
        #expect(message(gate).contains("axes.gate[0].path: cannot read '"))
        #expect(
            message(gate, files: ["a.csv": "1,0\n1,2\n"])
                == "line 15, axes.gate[0].path: a.csv, line 2, column 3: found \"2\", wanted 0 or 1"
        )
        let withEmptyLines = message(gate, files: ["a.csv": "\r\n1,0\r\n\r\n1,2"])
        #expect(withEmptyLines.contains("a.csv, line 4, column 3: found \"2\""))
        #expect(message(gate, files: ["a.csv": "10\n11\n10"]).contains("found a list of 3, wanted"))
        #expect(message(gate, files: ["a.csv": "10\n1"]).contains("wanted 2 digits 0 or 1"))
        #expect(message(gate, files: ["a.csv": ""]).contains("found a list of 0, wanted"))
        #expect(message("{family: file, path: [7]}").contains("found no text, wanted the path"))
        #expect(message("{family: file, path: []}").contains("found an empty list, wanted the"))
        #expect(
            message("{family: file, path: a.csv, k: 1}", files: ["a.csv": "10\n11"])
                .contains("axes.gate[0].k: found a key that file does not have"))
    }
}
