import Foundation
import Shared
import TestSupport
import Testing

@testable import Trainer

/// When the closed form of a routing network holds: it stands in the report where it does, and lies
/// on the simulation; and elsewhere it is left out, with the condition that fails.
@Suite struct ClosedFormTests {
    private static func configuration(
        _ gate: GateRecipe.Family, domains: Int, k: Int, epochs: Int = 8,
        scheme: GatedPlan.Scheme = .balanced
    ) -> RoutingConfiguration {
        var configuration = RoutingTrainingTests.configuration(
            domains: domains, k: k, epochs: epochs, scheme: scheme,
            method: .gradientFlow(learningRate: 0.12 / Double(k), tolerance: 1e-9))
        configuration.gate = GateRecipe(family: gate)
        configuration.plan.everyEpochs = 1
        return configuration
    }

    private static func strengths(_ configuration: RoutingConfiguration) -> [Double] {
        singularValues(configuration.data.table.targets)
    }

    /// The scalars of a routing network, followed by the classical Runge-Kutta method: when their
    /// product is a half of the strength, in epochs.
    private static func halfEpoch(
        _ configuration: RoutingConfiguration, k: Int, strength: Double
    ) -> Double {
        let table = configuration.data.table
        let size = Double(table.targets.rows * table.targets.columns)
        let rate = 2 * configuration.plan.method.learningRate / size * Double(k)
        let step = 0.02
        func slope(_ b: [Double]) -> [Double] {
            let error = rate * (strength - b[0] * b[1] * b[2])
            return [
                b[1] * b[2] * error, Double(configuration.domains) * b[0] * b[2] * error,
                b[0] * b[1] * error,
            ]
        }
        func add(_ b: [Double], _ size: Double, _ slope: [Double]) -> [Double] {
            zip(b, slope).map { $0 + size * $1 }
        }
        var (b, time) = ([Double](repeating: configuration.plan.initialization.gain, count: 3), 0.0)
        while time < 10_000 {
            let first = slope(b)
            let second = slope(add(b, step / 2, first))
            let third = slope(add(b, step / 2, second))
            let fourth = slope(add(b, step, third))
            let next = b.indices.map { index in
                b[index] + step / 6
                    * (first[index] + 2 * second[index] + 2 * third[index] + fourth[index])
            }
            let (before, after) = (b.reduce(1, *), next.reduce(1, *))
            if after >= strength / 2 {
                return time + step * (strength / 2 - before) / (after - before)
            }
            (b, time) = (next, time + step)
        }
        return .infinity
    }

    /// One trained output an input is enough, and blocks that no correlation joins: what the closed
    /// form wants is a start in common, not a representation that comes to be shared.
    @Test(arguments: [
        (GateRecipe.Family.plusMinusMod(k: 1), 5, 1), (.plusMinusMod(k: 3), 5, 3),
        (.blocks(count: 2), 4, 2), (.fullyConnected, 3, 3), (.randomRegular(k: 2), 6, 2),
        (.fullyConnected, 1, 1),
    ])
    func `it holds from a balanced start with as many pathways in every row and column`(
        gate: GateRecipe.Family, domains: Int, k: Int
    ) throws {
        let configuration = Self.configuration(gate, domains: domains, k: k, epochs: 400)
        let training = try GatedTraining(configuration)
        #expect(training.theory.status == .exact, "\(training.theoryNote)")
        let last = try #require(training.finish().last)
        #expect(TheoryText.closedForm(last.values) == "applies")
        for (mode, index) in [(1, 0), (2, 1), (3, 2)] {
            let strength = Self.strengths(configuration)[index]
            let closed = last[MetricName.closedFormHalfEpoch(mode)]
            let wanted = Self.halfEpoch(configuration, k: k, strength: strength)
            expectClose(closed, wanted, relative: 1e-4)
            // A half is found by a straight line within an epoch.
            expectClose(closed, last[MetricName.halfEpoch(mode)], absolute: 0.2)
            let hidden = last[MetricName.closedFormFinalHidden(mode)]
            expectClose(last[MetricName.hiddenSingularValue(mode)], hidden, relative: 1e-4)
        }
    }

    /// Of `routing-pathways.yaml`'s balanced arm, by quadrature and root finding of SciPy.
    @Test(arguments: [
        (1, 0.08, [64.831, 136.419, 287.582]), (6, 0.02, [43.221, 90.946, 191.721]),
    ])
    func `it has the numbers of another quadrature`(k: Int, rate: Double, halves: [Double]) throws {
        var configuration = Self.configuration(.plusMinusMod(k: k), domains: 10, k: k)
        configuration.plan.method = .gradientFlow(learningRate: rate, tolerance: 1e-9)
        configuration.plan.initialization.gain = 0.08
        let last = try #require(try GatedTraining(configuration).finish().last)
        for (index, hidden) in [5.13902, 3.99585, 3.10105].enumerated() {
            let half = last[MetricName.closedFormHalfEpoch(index + 1)]
            expectClose(half, halves[index], absolute: 1e-3)
            expectClose(
                last[MetricName.closedFormFinalHidden(index + 1)], hidden, absolute: 1e-5)
        }
    }

    @Test func `under gradient descent it says that it is the flow's`() throws {
        var configuration = Self.configuration(.plusMinusMod(k: 2), domains: 4, k: 2)
        configuration.plan.method = .gradientDescent(learningRate: 0.04)
        let last = try #require(try GatedTraining(configuration).finish().last)
        #expect(
            TheoryText.closedForm(last.values)
                == "applies to gradient flow; trained by steps of 0.04")
        #expect(last[MetricName.closedFormHalfEpoch(3)].isFinite)
    }

    /// Orthonormal inputs may be fewer than they are wide.
    @Test func `it holds for orthonormal inputs, and not for longer ones`() throws {
        let targets = try #require(Matrix([[5, 0], [0, 3]]))
        for (scale, wanted) in [(1.0, ClosedFormStatus.applies), (2, .inputsNotUnit)] {
            var configuration = Self.configuration(
                .plusMinusMod(k: 2), domains: 3, k: 2, epochs: 90)
            let inputs = try #require(
                Matrix([[0.6 * scale, 0.8 * scale, 0], [-0.8 * scale, 0.6 * scale, 0]]))
            configuration.data = .examples(inputs: inputs, targets: targets)
            configuration.plan.method = .gradientFlow(learningRate: 0.01, tolerance: 1e-9)
            let training = try GatedTraining(configuration)
            #expect(training.theory.status == .exact, "\(training.theoryNote)")
            let last = try #require(training.finish().last)
            #expect(last[MetricName.closedFormStatus] == Double(wanted.rawValue))
            let formula = RoutingTheory(domains: 3, openOutputs: 2, rate: 0.02 / 4, start: 0.2)
            let half = formula.epochs(to: formula.hidden(product: 2.5), strength: 5)
            let failure = closenessFailure(
                half, last[MetricName.halfEpoch(1)], Tolerance(absolute: 0.2))
            #expect((failure == nil) == (wanted == .applies), "\(half)")
        }
    }

    private static func rows(_ texts: [String]) -> GateRecipe.Family {
        .explicit(texts.map { $0.map { $0 == "1" } })
    }

    @Test(arguments: [
        ("K = 1 from random weights", ClosedFormStatus.startNotDecoupled),
        ("K = 2 from random weights", .startNotDecoupled), ("triangular", .unequalGate),
        ("equal rows, unequal columns", .unequalGate), ("gain 0", .startNotCommon),
        ("nothing trained", .noReduction),
    ])
    func `it is left out, with the reason, where a condition fails`(
        name: String, wanted: ClosedFormStatus
    ) throws {
        var configuration = Self.configuration(.plusMinusMod(k: 2), domains: 3, k: 2)
        switch name {
        case "K = 1 from random weights":
            configuration.gate = GateRecipe(family: .plusMinusMod(k: 1))
            configuration.plan.initialization.scheme = .orthogonal
        case "K = 2 from random weights": configuration.plan.initialization.scheme = .orthogonal
        case "triangular": configuration.gate.family = Self.rows(["111", "011", "001"])
        case "equal rows, unequal columns":
            configuration.gate.family = Self.rows(["100", "100", "010"])
        case "gain 0": configuration.plan.initialization.gain = 0
        default: configuration.gate.family = Self.rows(["000", "000", "000"])
        }
        let rows = try GatedTraining(configuration).finish()
        #expect(!rows.isEmpty)
        for row in rows {
            #expect(row[MetricName.closedFormStatus] == Double(wanted.rawValue))
            #expect(TheoryText.closedForm(row.values) == wanted.text)
            let closed = (1...6).flatMap {
                [MetricName.closedFormHalfEpoch($0), MetricName.closedFormFinalHidden($0)]
            }
            #expect(closed.allSatisfy { row.values[$0] == nil })
        }
    }

    /// Encoders of a triangular gate see one to three pathways: no one number is theirs.
    @Test func `where domains differ in their numbers of pathways it would be wrong`() throws {
        var configuration = Self.configuration(.fullyConnected, domains: 3, k: 3, epochs: 200)
        configuration.gate.family = Self.rows(["111", "011", "001"])
        let training = try GatedTraining(configuration)
        #expect(training.theory.status == .exact)
        let last = try #require(training.finish().last)
        let half = last[MetricName.halfEpoch(1)]
        for k in 1...3 {
            let wrong = Self.halfEpoch(
                configuration, k: k, strength: Self.strengths(configuration)[0])
            let failure = closenessFailure(wrong, half, Tolerance(relative: 0.01))
            #expect(failure != nil && wrong.isFinite, "\(k): \(wrong), \(half)")
        }
    }

    /// Width one: every start is decoupled, and half of them point away from what is to be learnt.
    @Test func `a start that points away from the target has no closed form`() throws {
        var found: Set<ClosedFormStatus> = []
        for seed in 0..<12 as Range<UInt64> {
            var configuration = Self.configuration(
                .fullyConnected, domains: 1, k: 1, epochs: 60, scheme: .orthogonal)
            configuration.hiddenWidth = 1
            configuration.data = .examples(inputs: nil, targets: try #require(Matrix([[3]])))
            configuration.plan.method = .gradientFlow(learningRate: 0.02, tolerance: 1e-9)
            configuration.plan.initialization.gain = 0.5
            configuration.weightSeed = seed
            let training = try GatedTraining(configuration)
            let weights = (0..<3).map { training.model.network.weight($0)[0, 0] }
            let wanted: ClosedFormStatus =
                weights.reduce(1, *) > 0 ? .applies : .startNotCommon
            let last = try #require(training.finish().last)
            #expect(last[MetricName.closedFormStatus] == Double(wanted.rawValue))
            found.insert(wanted)
            guard wanted == .applies else { continue }
            let closed = last[MetricName.closedFormHalfEpoch(1)]
            expectClose(closed, last[MetricName.halfEpoch(1)], absolute: 0.2)
        }
        #expect(found.count == 2)
    }
}
