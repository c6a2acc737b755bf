import Foundation
import Testing

@testable import Shared

/// `seeds: n` is the seed of every stream, in the base, on an axis and in `exclude`.
@Suite struct SeedsTests {
    private static let gated = """
        "experiment": "gated_network", "base": {"hidden_width": 4, "network": {"kind": "xor", \
        "scheme": "corners"}, "init": {"gain": 0.1}, "method": {"name": "gradient_descent", \
        "learning_rate": 0.1}, "epochs": 3 BASE}
        """
    private static let routing = """
        "experiment": "routing", "base": {"domains": 3, "hidden_width": 4, "gate": {"family": \
        "plus_mod", "k": 2}, "data": {"kind": "tree", "depth": 1, "branching": 2, "strengths": \
        [2, 1]}, "init": {"gain": 0.1}, "method": {"name": "gradient_descent", "learning_rate": \
        0.1}, "epochs": 3 BASE}
        """
    private static let kPath = """
        "experiment": "k_path", "base": {"dataset": "mnist", "domains": 3, "hidden_width": 4, \
        "gate": {"family": "plus_mod", "k": 2}, "batch_size": 8, "epochs": 3, "optimizer": \
        {"name": "sgd", "learning_rate": 0.1} BASE}
        """

    private static let experiments: [(text: String, streams: [String])] = [
        (kPath, ["gate", "weights", "data"]), (routing, ["gate", "weights"]),
        (gated, ["weights"]),
    ]

    private func sweep(_ experiment: String, base: String = "", _ more: String = "") throws -> Sweep
    {
        let base = base.isEmpty ? "" : ", " + base
        let text =
            "{\"name\": \"s\", " + experiment.replacingOccurrences(of: " BASE", with: base)
            + (more.isEmpty ? "" : ", " + more) + "}"
        return try Sweep(reading: SourceValue(JSONValue(parsing: Data(text.utf8))))
    }

    private func identities(_ sweep: Sweep) throws -> [Digest] {
        try sweep.expand().map { try $0.configuration.identity(dataDigest: nil) }
    }

    private static func map(_ streams: [String], _ seed: Int) -> String {
        "{" + streams.map { "\"\($0)\": \(seed)" }.joined(separator: ", ") + "}"
    }

    @Test(arguments: 0..<3)
    func `one seed and its written-out form give the same tasks`(index: Int) throws {
        let (text, streams) = Self.experiments[index]
        let maps = (1...3).map { Self.map(streams, $0) }
        let short = try sweep(text, base: "\"seeds\": 7")
        let long = try sweep(text, base: "\"seeds\": \(Self.map(streams, 7))")
        #expect(try identities(short) == identities(long))
        #expect(
            try short.configuration(at: 0).json["seeds"]
                == .object(Dictionary(uniqueKeysWithValues: streams.map { ($0, .integer(7)) })))
        let wanted = try identities(
            sweep(text, "\"axes\": {\"seeds\": [\(maps.joined(separator: ", "))]}"))
        #expect(Set(wanted).count == 3)
        for axis in ["[1, 2, 3]", "[1, \(maps[1]), 3.0]", "[1e0, 2, \(maps[2])]"] {
            #expect(try identities(sweep(text, "\"axes\": {\"seeds\": \(axis)}")) == wanted)
        }
        for grouped in ["[{\"seeds\": [1, 2, 3]}]", "[{\"seeds\": 1}, {\"seeds\": [2, 3]}]"] {
            #expect(try identities(sweep(text, "\"axes\": {\"run\": \(grouped)}")) == wanted)
        }
    }

    /// Only so can a base of one seed for all be varied in one stream.
    @Test(arguments: 0..<3)
    func `an axis of one stream leaves the others of the base`(index: Int) throws {
        let (text, streams) = Self.experiments[index]
        let sweep = try sweep(text, base: "\"seeds\": 7", "\"axes\": {\"seeds.weights\": [1, 2]}")
        for (position, seed) in [1, 2].enumerated() {
            let seeds = try sweep.configuration(at: position).json["seeds"]
            for stream in streams {
                #expect(seeds?[stream] == .integer(stream == "weights" ? seed : 7))
            }
        }
    }

    @Test func `a report has one column of plain numbers, or one for each stream`() throws {
        func table(_ axis: String) throws -> [[String]] {
            let sweep = try sweep(Self.kPath, "\"axes\": [{\(axis)}, {\"hidden_width\": [4]}]")
            return try [sweep.axisColumns] + sweep.expand().map(\.axisCells)
        }
        let plain = [["seeds", "hidden_width"], ["1", "4"], ["20", "4"]]
        #expect(try table("\"seeds\": [1, 20.0]") == plain)
        #expect(
            try table("\"run\": [{\"seeds\": 1}, {\"seeds\": 2e1}]")
                == [["run"] + plain[0], ["1"] + plain[1], ["2"] + plain[2]])
        #expect(
            try table("\"seeds\": [{\"weights\": 1}, {\"weights\": 2}]")
                == [["seeds.weights", "hidden_width"], ["1", "4"], ["2", "4"]])
        #expect(
            try table("\"seeds\": [1, {\"weights\": [2, 3]}]")
                == [
                    ["seeds.gate", "seeds.weights", "seeds.data", "hidden_width"],
                    ["1", "1", "1", "4"], ["", "2", "", "4"], ["", "3", "", "4"],
                ])
    }

    @Test func `what has travelled makes the same tasks and columns`() throws {
        for axis in ["[1, 2, 3]", "[1, {\"weights\": [2, 3]}]"] {
            let sweep = try sweep(
                Self.kPath, base: "\"seeds\": 5",
                "\"axes\": {\"seeds\": \(axis)}, \"exclude\": [{\"seeds\": 1}]")
            let sent = try JSONValue(parsing: sweep.json.canonicalData())
            let received = try Sweep(reading: SourceValue(sent))
            #expect(try received.expand() == sweep.expand() && sweep.count == 2)
            #expect(received.axisColumns == sweep.axisColumns)
        }
    }

    @Test func `an entry of exclude means every stream, in either form`() throws {
        for (axis, entry, left) in [
            ("\"seeds\": [1, 2, 3]", "{\"seeds\": 2}", ["1", "3"]),
            ("\"seeds\": [1, 2, 3]", "{\"seeds\": [1, 3]}", ["2"]),
            ("\"seeds\": [1, 2, 3]", "{\"seeds.weights\": 2}", ["1", "3"]),
            ("\"seeds\": [1, 2, 3]", "{\"seeds\": {\"gate\": 3}}", ["1", "2"]),
            ("\"seeds.weights\": [5, 6]", "{\"seeds\": 5}", ["6"]),
        ] {
            let sweep = try sweep(
                Self.kPath, base: "\"seeds\": 5", "\"axes\": {\(axis)}, \"exclude\": [\(entry)]")
            #expect(try sweep.expand().map { $0.axisCells[0] } == left)
        }
        #expect(throws: SweepMistakes.self) {
            try sweep(
                Self.kPath, "\"axes\": {\"seeds.weights\": [1, 2]}, \"exclude\": [{\"seeds\": 1}]")
        }
    }

    @Test func `a random search draws one seed for every stream`() throws {
        let sweep = try sweep(
            Self.kPath,
            "\"search\": {\"method\": \"random\", \"tasks\": 20}, "
                + "\"axes\": {\"seeds\": {\"integer\": [1, 1000]}}")
        #expect(sweep.axisColumns == ["seeds"])
        for point in try sweep.expand() {
            let seed = JSONValue.integer(try #require(Int(point.axisCells[0])))
            let seeds = point.configuration.json["seeds"]
            #expect(seeds == .object(["gate": seed, "weights": seed, "data": seed]))
        }
    }

    @Test(arguments: [
        ("-1", "found -1, wanted a whole number from 0"),
        ("1.5", "found 1.5, wanted a whole number from 0"),
        ("\"one\"", "found \"one\", wanted a whole number from 0"),
        ("[1]", "found a list, wanted a whole number from 0"),
        ("{\"wieghts\": 1}", "found an unknown key; did you mean weights?"),
    ])
    func `a value of the axis that is no seed is told once`(value: String, sentence: String) throws
    {
        let error = #expect(throws: SweepMistakes.self) {
            try sweep(Self.kPath, "\"axes\": {\"seeds\": [1, \(value)]}")
        }
        #expect(error?.all.count == 1)
        #expect(error?.description.hasPrefix("axes.seeds[1]") == true)
        #expect(error?.description.contains(sentence) == true, "\(String(describing: error))")
    }

    @Test func `an axis of all streams and one of a single stream overlap`() {
        #expect(throws: SweepMistakes.self) {
            try sweep(Self.kPath, "\"axes\": {\"seeds\": [1, 2], \"seeds.data\": [1, 2]}")
        }
    }

    // MARK: Warnings

    private static let large = 9_007_199_254_740_993

    @Test(
        arguments: [
            ("\"seeds\": \(large)", "", ["base.seeds"]),
            ("\"seeds\": {\"data\": \(large), \"weights\": 1}", "", ["base.seeds.data"]),
            ("\"seeds\": 9007199254740992", "", []),
            ("", "\"axes\": {\"seeds\": [1, \(large), \(large + 1)]}", ["axes.seeds[1]"]),
            ("", "\"axes\": {\"seeds.data\": [\(large).0, 2]}", ["axes.seeds.data[0]"]),
            (
                "", "\"axes\": {\"run\": [{\"seeds\": {\"gate\": 1, \"data\": [1, \(large)]}}]}",
                ["axes.run[0].seeds.data[1]"]
            ),
            // The axis replaces what the base says.
            ("\"seeds\": \(large)", "\"axes\": {\"seeds\": [1, 2]}", []),
            ("\"seeds\": {\"data\": \(large)}", "\"axes\": {\"seeds.data\": [1, 2]}", []),
            (
                "\"seeds\": {\"data\": \(large)}", "\"axes\": {\"seeds.gate\": [1, 2]}",
                ["base.seeds.data"]
            ),
            (
                "",
                "\"axes\": {\"seeds\": [1, 2]}, \"search\": {\"method\": \"random\", "
                    + "\"tasks\": 1, \"seed\": \(large)}", ["search.seed"]
            ),
        ] as [(String, String, [String])])
    func `a seed that readers with float64 numbers change has a warning, and is kept`(
        base: String, more: String, paths: [String]
    ) throws {
        let sweep = try sweep(Self.kPath, base: base, more)
        #expect(sweep.warnings.map(\.place.path) == paths)
        for warning in sweep.warnings {
            #expect(
                warning.description == """
                    \(warning.place.path): found \(Self.large), a seed above 9007199254740992 \
                    (2^53), which readers of CSV and JSON with float64 numbers (pandas, R, \
                    JavaScript, spreadsheets) change
                    """)
        }
    }
}
