import Foundation
import Shared
import TestSupport
import Testing

@testable import Trainer

/// The trainer against an independent implementation in float64, from the same weights.
@Suite struct ReplayTests {
    static let cases = [
        "adam-relu-two-layers", "fully-connected-nesterov", "rotate-column-permuted",
        "sgd-momentum-plus-mod", "sgd-plain-plus-minus-mod",
    ]

    @Test(arguments: cases)
    func `a reference case is reproduced`(name: String) throws {
        let result = try Replay.run(directory: Fixtures.directory("k-path/\(name)"))
        let expected = try Fixtures.json("k-path/\(name)/expected.json")
        #expect(result.report["gate"] == expected["gate"])

        let losses = try #require(result.report["training_loss_per_step"]).doubles
        let wanted = try #require(expected["training_loss_per_step"]).doubles
        #expect(losses.count == 30)
        expectClose(losses.prefix(1), wanted.prefix(1), relative: 2e-5, "the first step's loss")
        expectClose(losses, wanted, relative: 5e-4, "losses by step")
        try expectMetrics(result.report["evaluation_before"], expected["evaluation_before"], 2e-5)
        try expectMetrics(result.report["evaluation_after"], expected["evaluation_after"], 5e-4)
        try expectWeights(result.parameters, Fixtures.tensors("k-path/\(name)/final.safetensors"))
    }

    private func expectMetrics(_ found: JSONValue?, _ wanted: JSONValue?, _ tolerance: Double)
        throws
    {
        guard case .object(let found)? = found, case .object(let wanted)? = wanted else {
            Issue.record("an evaluation is missing")
            return
        }
        #expect(found.keys.sorted() == wanted.keys.sorted())
        for (key, want) in wanted {
            let (value, want) = (try #require(found[key]?.double), try #require(want.double))
            // Among some hundred examples a tie may fall the other way in float32.
            let isAccuracy = key.hasPrefix("accuracy")
            expectClose(
                value, want, absolute: isAccuracy ? 2e-3 : 0, relative: isAccuracy ? 0 : tolerance,
                key)
        }
    }

    private func expectWeights(_ found: Safetensors, _ wanted: Safetensors) throws {
        #expect(found.tensors.keys.sorted() == wanted.tensors.keys.sorted())
        for (name, want) in wanted.tensors {
            let tensor = try #require(found.tensors[name])
            #expect(tensor.shape == want.shape, "\(name)")
            let (values, wants) = (tensor.floats, want.floats)
            // Of the reference, whose numbers are finite.
            let range = (wants.max() ?? 0) - (wants.min() ?? 0)
            expectClose(values, wants, absolute: 1e-3 * max(Double(range), 1e-6), name)
        }
    }

    @Test func `a case without its files is refused by name`() throws {
        let error = try #require(throws: FileError.self) {
            try Replay.run(directory: Fixtures.directory("k-path/none"))
        }
        #expect(error.description.contains("/k-path/none/case.json': No such file"))
    }

    static let wrongCases = [
        ("\"steps\": 30", "\"steps\": -1", "case.json: steps: found -1, wanted a whole number"),
        ("\"steps\": 30,", "", "case.json: steps: found nothing, wanted a whole number from 0"),
        ("\"domains\": 5,", "", "case.json: found no domains, wanted a whole number"),
        ("\"k_path\"", "\"kpath\"", "case.json: experiment: found \"kpath\", wanted k_path"),
        ("\"plus_mod\"", "\"ring\"", "case.json: gate.family: found \"ring\", wanted plus_mod"),
        ("\"sgd\"", "\"lion\"", "case.json: optimizer.name: found \"lion\", wanted sgd or adam"),
        ("\"permute\"", "\"shuffle\"", "case.json: input_transform: found \"shuffle\""),
        ("\"gain\": 1.0", "\"gain\": \"1\"", "case.json: init.gain: found \"1\""),
        ("\"relu\": false", "\"relu\": 0", "case.json: relu: found 0"),
        ("\"steps\": 30", "\"steps\": 300", "The case has 340 rows; 300 steps of 8"),
    ]

    @Test(arguments: wrongCases)
    func `a case that is wrong is refused with the place`(
        old: String, new: String, reason: String
    ) throws {
        let path = "k-path/sgd-momentum-plus-mod"
        let text = try String(
            contentsOf: Fixtures.directory("\(path)/case.json"), encoding: .utf8)
        #expect(text.contains(old))
        let changed = try JSONValue(
            parsing: Data(text.replacingOccurrences(of: old, with: new).utf8))
        let initial = try Fixtures.tensors("\(path)/initial.safetensors")
        let batches = try Fixtures.tensors("\(path)/batches.safetensors")
        let error = try #require(throws: TrainingError.self) {
            try Replay.run(description: changed, initial: initial, batches: batches)
        }
        #expect(error.description.hasPrefix(reason), "\(error)")
    }
}
