import Foundation
import Testing

@testable import Shared

/// A halving that can act on no task is refused, and one that can act on some says on how many.
@Suite struct HalvingReachTests {
    private static func sweep(
        _ halving: String, base: String = kPath, axes: String = "[]", experiment: String = "k_path"
    ) throws -> Sweep {
        let text = """
            {"name": "s", "experiment": "\(experiment)", "base": \(base), "axes": \(axes)\
            \(halving.isEmpty ? "" : ", \"halving\": {\(halving)}")}
            """
        return try Sweep(reading: SourceValue(JSONValue(parsing: Data(text.utf8))))
    }

    private static let kPath = """
        {"dataset": "d", "domains": 4, "hidden_width": 8, "batch_size": 8, "epochs": 4,
         "optimizer": {"name": "sgd", "learning_rate": 0.1}}
        """
    private static let both = """
        [{"gate": [{"family": "plus_mod", "k": 2}, {"family": "fully_connected"}]}, \
        {"seeds.weights": [1, 2, 3]}]
        """
    private static let full = #"[{"gate": [{"family": "fully_connected"}]}, {"seeds": [1, 2]}]"#
    private static let closed = #"[{"gate": [{"family": "bernoulli", "density": 0}]}]"#
    private static let routing = """
        {"domains": 3, "hidden_width": 4, "init": {"gain": 0.1}, "epochs": 4,
         "data": {"kind": "tree", "depth": 1, "branching": 2, "strengths": [2, 1]},
         "method": {"name": "gradient_flow", "learning_rate": 0.1}}
        """
    private static func network(_ network: String) -> String {
        """
        {"hidden_width": 4, "init": {"gain": 0.1}, "epochs": 4, "network": \(network),
         "method": {"name": "gradient_descent", "learning_rate": 0.1}}
        """
    }
    private static let xor = network(#"{"kind": "xor", "scheme": "both"}"#)

    private static func halving(_ metric: String, _ rungs: String = "1") -> String {
        "\"metric\": \"\(metric)\", \"mode\": \"min\", \"rungs\": [\(rungs)]"
    }

    private static func refusal(of sweep: Sweep) -> String? {
        do throws(SweepMistakes) {
            _ = try sweep.expand()
            return nil
        } catch {
            return error.description
        }
    }

    @Test(arguments: [
        ("loss_untrained_paths", "1", "k_path", kPath, full),
        ("train_accuracy_untrained_paths", "1", "k_path", kPath, full),
        ("accuracy_trained_paths", "1", "k_path", kPath, closed),
        ("loss_untrained_paths", "1", "routing", routing, full),
        ("training_loss", "1", "routing", routing, closed),
        ("theory_step_deviation_max", "1", "routing", routing, both),
        ("loss_untrained_paths", "1", "gated_network", xor, "[]"),
        ("loss_trained_paths", "4", "k_path", kPath, both),
        ("loss_trained_paths", "5, 30", "k_path", kPath, both),
    ])
    func `a halving that can compare no task is refused`(
        metric: String, rungs: String, experiment: String, base: String, axes: String
    ) throws {
        let sweep = try Self.sweep(
            Self.halving(metric, rungs), base: base, axes: axes, experiment: experiment)
        let message = try #require(Self.refusal(of: sweep))
        #expect(message.hasPrefix("halving: found "))
        #expect(message.contains("no task can be halved"))
    }

    @Test func `tasks without the metric or without a rung are counted`() throws {
        func sentences(_ halving: String, _ axes: String) throws -> [String] {
            let sweep = try Self.sweep(halving, axes: axes)
            let points = try sweep.expand()
            return sweep.halvingWarnings(points).map(\.description)
        }
        #expect(
            try sentences(Self.halving("accuracy_untrained_paths"), Self.both) == [
                "halving: found accuracy_untrained_paths, which 3 of 6 tasks do not measure: these "
                    + "are never halved"
            ])
        #expect(try sentences(Self.halving("accuracy_trained_paths", "1, 3"), Self.both).isEmpty)
        #expect(
            try sentences(
                Self.halving("accuracy_trained_paths", "3, 9"),
                #"[{"epochs": [2, 3, 4, 5]}, {"gate": [{"family": "mod"}]}]"#) == [
                    "halving: found rungs [3, 9], of which none is before the last epoch of 2 of "
                        + "4 tasks: these are never halved",
                    "halving: found rung 9, where no task is compared: wanted epochs before the "
                        + "last of some task",
                ])
        #expect(
            try sentences(
                Self.halving("loss_trained_paths"), #"[{"gate": [{"family": "mod"}]}]"#) == [
                    "halving: found one task that can be halved, and none to compare it with: "
                        + "nothing is halved"
                ])
    }

    @Test func `a metric that the training decides on is told, and not refused`() throws {
        let sweep = try Self.sweep(
            Self.halving("half_epoch_1"), base: Self.xor, axes: #"[{"seeds": [1, 2]}]"#,
            experiment: "gated_network")
        let points = try sweep.expand()
        #expect(
            sweep.halvingWarnings(points).map(\.sentence) == [
                "found half_epoch_1, which 2 of 2 tasks may not measure, depending on their "
                    + "training: without it a task is not halved"
            ])
    }

    @Test func `a gated network measures untrained pathways if a context is not trained`() throws {
        let base = Self.network(GatedConfigurationTests.graphNetwork)
        let sweep = try Self.sweep(
            Self.halving("loss_untrained_paths"), base: base, axes: #"[{"seeds": [1, 2]}]"#,
            experiment: "gated_network")
        #expect(try sweep.warnings(of: sweep.expand()).isEmpty)
    }

    @Test func `a stop by a metric that tasks do not measure is told`() throws {
        let base = Self.kPath.replacing(
            "\"epochs\": 4",
            with: #""epochs": 4, "stop": {"metric": "loss_untrained_paths", "below": 1}"#)
        let sweep = try Self.sweep("", base: base, axes: Self.both)
        #expect(
            try sweep.warnings(of: sweep.expand()).map(\.description) == [
                "base.stop: found a stop by loss_untrained_paths, which 3 of 6 tasks do not "
                    + "measure: these never stop early"
            ])
    }

    @Test func `a relu that is nowhere applied is told, with the tasks it is told of`() throws {
        let axes = """
            [{"relu": [true, false]}, {"layers": [1, 2]}, {"hidden_layers": [1, 2]}, \
            {"gate": [{"family": "mod"}]}]
            """
        let sweep = try Self.sweep("", axes: axes)
        let warnings = try sweep.warnings(of: sweep.expand())
        #expect(warnings.map(\.place.path) == ["axes.relu"])
        #expect(warnings[0].sentence.contains("no effect in 1 of 8 tasks"))
    }
}
