import CFloats
import Foundation
import Shared
import Testing

/// Drawn values are part of a sweep's tasks: they are drawn in the default environment.
@Suite struct FloatEnvironmentTests {
    @Test func `a random search draws the same values under flush-to-zero`() throws {
        let json = try JSONValue(
            parsing: Data(
                """
                {"name": "s", "experiment": "k_path", "base": {"dataset": "embedded-digits",
                "domains": 4, "hidden_width": 8, "gate": {"family": "plus_mod", "k": 2},
                "batch_size": 4, "epochs": 1, "optimizer": {"name": "sgd", "learning_rate": 0.1}},
                "axes": {"init.gain": {"log_uniform": [1e-4, 10]},
                "init.bias": {"uniform": [0, 1]}},
                "search": {"method": "random", "tasks": 200, "seed": 3}}
                """.utf8))
        let undisturbed = try Sweep(reading: SourceValue(json)).expand()
        defer { gdln_set_default_float_environment() }
        gdln_set_rounding_upward()
        gdln_set_flush_to_zero(1, 1)
        let sweep = try Sweep(reading: SourceValue(json))
        #expect(gdln_float_environment_is_default() != 0)
        #expect(try sweep.expand() == undisturbed)
        #expect(undisturbed.count == 200)
    }
}
