import Shared
import Testing
import Trainer

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
        #expect(losses.count == wanted.count && losses.count == 30)
        for (step, (loss, want)) in zip(losses, wanted).enumerated() {
            let tolerance = step == 0 ? 2e-5 : 5e-4
            #expect(abs(loss - want) <= tolerance * want, "step \(step)")
        }
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
            let bound = key.hasPrefix("accuracy") ? 2e-3 : tolerance * want
            #expect(abs(value - want) <= bound, "\(key)")
        }
    }

    private func expectWeights(_ found: Safetensors, _ wanted: Safetensors) throws {
        #expect(found.tensors.keys.sorted() == wanted.tensors.keys.sorted())
        for (name, want) in wanted.tensors {
            let tensor = try #require(found.tensors[name])
            #expect(tensor.shape == want.shape, "\(name)")
            let (values, wants) = (tensor.floats, want.floats)
            let range = (wants.max() ?? 0) - (wants.min() ?? 0)
            let worst = zip(values, wants).map { abs($0 - $1) }.max() ?? 0
            #expect(worst <= 1e-3 * max(range, 1e-6), "\(name): \(worst) of \(range)")
        }
    }
}
