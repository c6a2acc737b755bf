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

    /// Whatever it was told, or came to: the clock moves on, or the rest is taken whole.
    @Test(arguments: [0, -1, .nan, .infinity, -.infinity, .leastNonzeroMagnitude, 1e-300, 1e308])
    func `no step and no weight keeps an epoch from its end`(step: Double) throws {
        for weight in [0.1, 1e9, 1e100, -1e308, .infinity, .nan, .leastNonzeroMagnitude] {
            let model = try chain(s: 1)
            (model.network.weights[0], model.network.weights[1]) = (weight, 0.1)
            let flow = GradientFlow(
                model.network, tolerance: 1e-9, firstStep: 0.1, stepsMax: 200)
            flow.step = step
            for _ in 0..<3 {
                var looks = 0
                try flow.advance(by: 0.1) {
                    looks += 1
                    if looks > 100_000 { throw TrainingStopped() }
                }
                // What it leaves is what a checkpoint may have, unless it began beyond that.
                let isPossible = GradientFlow.canFollow(flow.step, stepsOf: 0.1)
                #expect(isPossible || step > 0.5 && flow.step == step, "\(weight)")
            }
        }
    }

    /// The bound that a checkpoint's step is held to is the integrator's own.
    @Test func `a step is never longer than five epochs`() throws {
        let model = try chain(s: 1)
        (model.network.weights[0], model.network.weights[1]) = (1e-9, 1e-9)
        let flow = GradientFlow(model.network, tolerance: 1e-2, firstStep: 0.1)
        var longest = 0.0
        for _ in 0..<40 {
            flow.advance(by: 0.1) {}
            longest = max(longest, flow.step)
        }
        #expect(longest == 0.5)
        for step in [0, -0.1, 0.51, .nan, .infinity] {
            #expect(!GradientFlow.canFollow(step, stepsOf: 0.1))
        }
        // An epoch of no time never asks for a step.
        #expect(GradientFlow.canFollow(0, stepsOf: 0) && !GradientFlow.canFollow(1, stepsOf: 0))
    }
}
