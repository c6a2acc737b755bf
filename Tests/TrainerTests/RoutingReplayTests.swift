import Foundation
import Shared
import TestSupport
import Testing

@testable import Trainer

/// The routing network against an independent implementation, from the same weights.
@Suite struct RoutingReplayTests {
    @Test(arguments: ["balanced-decoupled", "small-random-weights", "lazy-large-init"])
    func `a reference case is reproduced`(name: String) throws {
        let result = try Replay.run(directory: Fixtures.directory("routing/\(name)"))
        let expected = try Fixtures.json("routing/\(name)/expected.json")
        let report = result.report
        let first = try #require(expected["loss_per_epoch"]).doubles[0]
        expectNumbers(report, expected, "loss_per_epoch", 1e-13 * first)
        for layer in ["input", "hidden", "output"] {
            expectNumbers(report, expected, "singular_values.\(layer)", 1e-12)
            // The reference integrated with a tolerance of its own.
            expectNumbers(report, expected, "theory.\(layer)", 1e-8)
        }
        expectNumbers(report, expected, "singular_values.epoch", 0)
        expectNumbers(report, expected, "hidden_similarity_first_two_domains", 1e-13)
        expectNumbers(report, expected, "theory.epoch", 0)
        expectNumbers(report, expected, "theory.singular_values_of_task", 1e-13)
        expectNumbers(report, expected, "theory.loss", 1e-9 * first)
        for key in ["trained", "untrained"] {
            let path = "final.mean_squared_error_\(key)"
            let want = try #require(Self.numbers(expected, path).first)
            expectNumbers(report, expected, path, 1e-8 * want + 1e-24)
        }
        let key = "closed_form_epochs_to_half_of_final_hidden"
        let (found, wanted) = (report["theory"]?[key], expected["theory"]?[key])
        for part in ["mode", "final_hidden_singular_value", "epochs"] {
            let (a, b) = (Self.members(found, part), Self.members(wanted, part))
            #expect(a.count == 4)
            expectClose(a, b, absolute: 1e-10, part)
        }
        #expect(result.parameters.tensors["hidden"]?.shape == [64, 64])
    }

    private func expectNumbers(
        _ found: JSONValue, _ wanted: JSONValue, _ path: String, _ tolerance: Double
    ) {
        let (a, b) = (Self.numbers(found, path), Self.numbers(wanted, path))
        expectClose(a, b, absolute: tolerance, path)
    }

    /// All numbers below a path, in order; NaN for what is no number.
    private static func numbers(_ json: JSONValue, _ path: String) -> [Double] {
        let found = path.split(separator: ".").reduce(Optional(json)) { $0?[String($1)] }
        func flat(_ value: JSONValue?) -> [Double] {
            guard case .array(let elements)? = value else {
                return value.map { [$0.double ?? .nan] } ?? []
            }
            return elements.flatMap { flat($0) }
        }
        return flat(found)
    }

    private static func members(_ list: JSONValue?, _ key: String) -> [Double] {
        guard case .array(let elements)? = list else { return [] }
        return elements.map { $0[key]?.double ?? .nan }
    }

    @Test(arguments: [
        ("\"record_every\": 2", "\"record_every\": 0", "case.json: record_every: found 0"),
        ("\"domains\": 7", "\"domains\": 0", "case.json: domains: found 0, wanted"),
        ("\"hidden_width\": 64", "\"hidden_width\": 32", "The case's 'input' is [7, 64, 4]"),
        ("\"gain\": 0.08", "\"gain\": \"x\"", "case.json: init.gain: found \"x\""),
        ("\"theory_initial_singular_value\": 0.08,", "", "case.json: theory_initial_singular"),
    ])
    func `a case that is wrong is refused with the place`(
        old: String, new: String, reason: String
    ) throws {
        let text = try String(
            contentsOf: Fixtures.directory("routing/balanced-decoupled/case.json"), encoding: .utf8)
        #expect(text.contains(old))
        let changed = try JSONValue(
            parsing: Data(text.replacingOccurrences(of: old, with: new).utf8))
        let initial = try Fixtures.tensors("routing/balanced-decoupled/initial.safetensors")
        let error = try #require(throws: TrainingError.self) {
            try RoutingReplay(description: changed, initial: initial)
        }
        #expect(error.description.hasPrefix(reason), "\(error)")
    }
}
