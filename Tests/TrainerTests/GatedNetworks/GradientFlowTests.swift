import Foundation
import Shared
import TestSupport
import Testing

@testable import Trainer

/// The integrator against solutions in closed form.
@Suite struct GradientFlowTests {
    /// x -> h -> y with scalars: u = b^2 follows du/dt = 2 u (s - u), a logistic curve.
    private func chain(s: Double) throws -> GatedModel {
        let graph = GatedGraph(
            nodes: ["x", "h", "y"].map { .init(name: $0, width: 1) },
            edges: [.init(from: 0, to: 1), .init(from: 1, to: 2)],
            contexts: [
                .init(
                    name: "c",
                    moments: Moments(
                        inputs: [0], outputs: [2], inputInput: Matrix(identity: 1),
                        outputInput: Matrix(rows: 1, columns: 1, values: [s]), power: [s * s]))
            ])
        return try GatedModel(graph)
    }

    @Test(arguments: [1e-4, 1e-7, 1e-10, 1e-12])
    func `a logistic curve is followed within the tolerance`(tolerance: Double) throws {
        let (s, b) = (2.0, 0.05)
        let model = try chain(s: s)
        (model.network.weights[0], model.network.weights[1]) = (b, b)
        let flow = GradientFlow(model.network, tolerance: tolerance, firstStep: 0.1)
        var (found, wanted): ([Double], [Double]) = ([], [])
        for index in 1...40 {
            flow.advance(by: 0.1) {}
            let growth = exp(2 * s * 0.1 * Double(index))
            wanted.append(s * growth / (growth - 1 + s / (b * b)))
            found.append(model.network.weights[0] * model.network.weights[1])
        }
        // Errors of single steps add up, and the curve's growth multiplies them.
        expectClose(found, wanted, absolute: 50 * tolerance)
        // A tolerance that is not used would be met by chance only.
        let isExact = closenessFailure(found, wanted, Tolerance(absolute: tolerance / 1e4)) == nil
        #expect(!isExact || tolerance <= 1e-12)
    }

    @Test func `a stop is heeded, and a number that is none ends`() throws {
        let model = try chain(s: 1)
        (model.network.weights[0], model.network.weights[1]) = (0.1, 0.1)
        let flow = GradientFlow(model.network, tolerance: 1e-6, firstStep: 0.1)
        #expect(throws: TrainingStopped.self) {
            try flow.advance(by: 1) { throw TrainingStopped() }
        }
        model.network.weights[0] = .nan
        var looks = 0
        try flow.advance(by: 1) {
            looks += 1
            if looks > 10_000 { throw TrainingStopped() }
        }
        #expect(model.network.weights[1].isNaN)
        // At each trial of a step that is refused again and again.
        #expect(looks >= 60)
    }
}
