import CMatrices
import Shared

/// Gradient flow, tau dW/dt = - dL/dW with tau = 1, by the embedded Runge-Kutta pair of orders five
/// and four with steps as long as a tolerance allows.
///
/// A step's error estimate, divided by tolerance * (1 + |weight|), has a root mean square over all
/// weights of at most 1.
///
/// Source: Dormand & Prince, "A family of embedded Runge-Kutta formulae", Journal of Computational
/// and Applied Mathematics 6 (1980), 19-26; step size control as in Hairer, Norsett & Wanner,
/// "Solving Ordinary Differential Equations I", section II.4.
final class GradientFlow {
    let tolerance: Double
    /// The length of the next step. With the weights, all state that one call leaves to the next.
    var step: Double

    private let network: GatedNetwork
    private let count: Int
    private let start: Buffer<Double>
    /// Seven slopes, one after the other.
    private let slopes: Buffer<Double>
    private let errors: Buffer<Double>

    /// Row by row: where a stage stands, in parts of the slopes before it.
    private static let stages: [[Double]] = [
        [1 / 5],
        [3 / 40, 9 / 40],
        [44 / 45, -56 / 15, 32 / 9],
        [19372 / 6561, -25360 / 2187, 64448 / 6561, -212 / 729],
        [9017 / 3168, -355 / 33, 46732 / 5247, 49 / 176, -5103 / 18656],
        [35 / 384, 0, 500 / 1113, 125 / 192, -2187 / 6784, 11 / 84],
    ]
    /// Fifth order minus fourth.
    private static let differences: [Double] = [
        71 / 57600, 0, -71 / 16695, 71 / 1920, -17253 / 339200, 22 / 525, -1 / 40,
    ]
    /// A step that is still refused after so many trials is taken whole: something is not finite.
    private static let trialsMax = 60
    /// A step is at most this many times as long as the one before it.
    private static let growthMax = 5.0
    /// Of one call of `advance`.
    private let stepsMax: Int

    init(
        _ network: GatedNetwork, tolerance: Double, firstStep: Double,
        stepsMax: Int = Limits.flowStepsPerEpochMax
    ) {
        self.network = network
        self.tolerance = tolerance
        self.stepsMax = stepsMax
        step = firstStep
        count = network.parameterCount
        start = Buffer(count: count)
        slopes = Buffer(count: 7 * count)
        errors = Buffer(count: count)
    }

    /// Lets so much time pass. Ends for any weights and any `step`: what is left is taken in one
    /// step, whatever its error, once a step is so short that the clock no longer moves, or after
    /// `stepsMax` steps.
    /// - Parameter look: called at every trial of a step, and more often where one takes long.
    func advance<Stop: Error>(by duration: Double, _ look: () throws(Stop) -> Void) throws(Stop) {
        var (rest, stepsLeft) = (duration, stepsMax)
        while rest > 0 {
            let isLast = step >= rest
            // What is left for the end is not cut into a long step and a tiny one.
            let length = isLast ? rest : (step > rest / 2 ? rest / 2 : step)
            // Also false if the length is 0, negative or NaN.
            guard stepsLeft > 0, rest - length < rest else {
                try look()
                try beginStep(look)
                _ = try stages(rest, look)
                step = rest
                return
            }
            stepsLeft -= 1
            let (taken, next) = try tryStep(length, look)
            // The last step is as short as it is for the clock's sake.
            step = taken == length && length < step ? max(step, next) : next
            // A product of tiny factors may round to 0, which is no length of a step.
            step = max(step, .leastNonzeroMagnitude)
            rest = isLast && taken == length ? 0 : rest - taken
        }
    }

    /// Whether `step` can be the next step of a flow whose first step and whose calls of `advance`
    /// are all of `duration`: every step is positive, at most as long as what is left of a call,
    /// and is followed by one that is at most `growthMax` times as long.
    static func canFollow(_ step: Double, stepsOf duration: Double) -> Bool {
        duration > 0 ? step > 0 && step <= growthMax * duration : step == duration
    }

    /// Keeps the weights and their slopes, which all stages of a step begin from.
    private func beginStep<Stop: Error>(_ look: () throws(Stop) -> Void) throws(Stop) {
        start.base.update(from: network.weights, count: count)
        try network.computeSlopes(look)
        slopes.base.update(from: network.slopes, count: count)
    }

    /// Steps by `length`, or by less where that is too far.
    /// - Returns: how far, and how far the next step may go.
    private func tryStep<Stop: Error>(_ length: Double, _ look: () throws(Stop) -> Void)
        throws(Stop) -> (taken: Double, next: Double)
    {
        try beginStep(look)
        var trial = length
        for _ in 0..<Self.trialsMax {
            try look()
            let error = try stages(trial, look)
            let factor = min(Self.growthMax, max(0.2, 0.9 / fifthRoot(error)))
            if error <= 1 { return (trial, trial * factor) }
            trial *= error.isNaN ? 0.2 : min(factor, 0.9)
        }
        _ = try stages(length, look)
        return (length, length)
    }

    /// Leaves the weights after a step and returns the error in parts of what is tolerated.
    private func stages<Stop: Error>(_ length: Double, _ look: () throws(Stop) -> Void)
        throws(Stop) -> Double
    {
        for (index, parts) in Self.stages.enumerated() {
            network.weights.update(from: start.base, count: count)
            for (stage, part) in parts.enumerated() where part != 0 {
                cm_add(count, length * part, slopes.base + stage * count, network.weights)
            }
            try network.computeSlopes(look)
            (slopes.base + (index + 1) * count).update(from: network.slopes, count: count)
        }
        errors.clear(count)
        for (stage, part) in Self.differences.enumerated() where part != 0 {
            cm_add(count, length * part, slopes.base + stage * count, errors.base)
        }
        for index in 0..<count {
            let size = max(abs(start.base[index]), abs(network.weights[index]))
            errors.base[index] /= tolerance * (1 + size)
        }
        return (cm_dot(count, errors.base, errors.base) / Double(max(count, 1))).squareRoot()
    }

    /// x^(1/5) by Newton's method, of exact operations alone; outside of 1e-5 ... 1e5, where nobody
    /// cares, that of the nearest bound.
    private func fifthRoot(_ x: Double) -> Double {
        let x = min(max(x, 1e-5), 1e5)
        var root = x.squareRoot().squareRoot()
        for _ in 0..<12 {
            let square = root * root
            root = (4 * root + x / (square * square)) / 5
        }
        return root
    }
}
