import CKernels
import Shared

/// An optimizer and what it remembers of each parameter, in the layout's order. The formulas stand
/// in the kernels; here are the numbers that change from step to step.
final class OptimizerState {
    let optimizer: Optimizer
    /// SGD with momentum: [v]; Adam: [m, s], with amsgrad [m, s, largest s]; else none.
    let states: [FloatBuffer]
    /// Steps begun: with the states, all that a training continues from.
    private(set) var steps = 0
    private var now: Coefficients

    private enum Coefficients {
        case sgd(gdln_sgd)
        case adam(gdln_adam)
    }

    init(_ optimizer: Optimizer, count: Int) {
        self.optimizer = optimizer
        let number =
            switch optimizer {
            case .sgd(let sgd): sgd.momentum == 0 ? 0 : 1
            case .adam(let adam): adam.amsgrad ? 3 : 2
            }
        states = (0..<number).map { _ in FloatBuffer(count: count) }
        now = Self.coefficients(optimizer, step: 1)
    }

    /// Begins the next step; the updates that follow, each part of the parameters once, are of it.
    func begin() {
        steps += 1
        now = Self.coefficients(optimizer, step: steps)
    }

    /// Continues after that number of steps, with states that the caller has loaded.
    ///
    /// Throws if a state is one that no step leaves behind. Velocities and means may be any floats.
    /// Adam's second moment begins at 0 and adds squares, so that it is never negative but may be
    /// infinite or NaN; amsgrad's largest one is never below it.
    func resume(after steps: Int) throws(TrainingError) {
        if case .adam = optimizer {
            for index in 0..<states[1].count {
                try Self.checkMoments(
                    states[1].base[index], largest: states.count > 2 ? states[2].base[index] : nil)
            }
        }
        self.steps = steps
    }

    private static func checkMoments(_ moment: Float, largest: Float?) throws(TrainingError) {
        guard moment.isNaN || moment.sign == .plus else {
            throw TrainingError(
                "The checkpoint has \(moment) as a second moment; none is negative.")
        }
        guard let largest else { return }
        guard largest.isNaN ? moment.isNaN : !(largest < moment) && largest.sign == .plus else {
            throw TrainingError(
                "The checkpoint has \(largest) as the largest of second moments of which the last "
                    + "is \(moment).")
        }
    }

    private static func coefficients(_ optimizer: Optimizer, step: Int) -> Coefficients {
        switch optimizer {
        case .sgd(let sgd):
            // The first velocity is the gradient itself: neither damped nor added to anything.
            return .sgd(
                gdln_sgd(
                    rate: Float(sgd.learningRate), decay: Float(sgd.weightDecay),
                    keep: step == 1 ? 0 : Float(sgd.momentum),
                    take: step == 1 ? 1 : Float(1 - sgd.dampening),
                    direct: sgd.nesterov ? 1 : 0, carried: sgd.nesterov ? Float(sgd.momentum) : 1))
        case .adam(let adam):
            let meanCorrection = 1 - power(adam.beta1, step)
            let squareCorrection = 1 - power(adam.beta2, step)
            return .adam(
                gdln_adam(
                    rate: Float(adam.learningRate / meanCorrection),
                    decay: Float(adam.weightDecay), meanTake: Float(1 - adam.beta1),
                    squareKeep: Float(adam.beta2), squareTake: Float(1 - adam.beta2),
                    rootDivisor: Float(squareCorrection.squareRoot()),
                    epsilon: Float(adam.epsilon)))
        }
    }

    /// base^exponent by squaring: the same operations for a step, however a training came to it.
    private static func power(_ base: Double, _ exponent: Int) -> Double {
        var (result, square, rest) = (1.0, base, exponent)
        while rest > 0 {
            if rest & 1 == 1 { result *= square }
            square *= square
            rest >>= 1
        }
        return result
    }

    /// Whether a step is linear in weights, states and gradients, so that several can be taken at
    /// once (`FirstLayer`).
    var isLinear: Bool {
        if case .sgd = optimizer { true } else { false }
    }

    /// Updates `count` parameters from `start` on, by their gradients.
    func update(
        _ parameters: FloatBuffer, from start: Int, count: Int,
        gradients: UnsafeMutablePointer<Float>, _ machine: Machine
    ) {
        let weights = parameters.base + start
        switch now {
        case .sgd(var how):
            machine.kernels.pointee.sgd(&how, weights, state(0, start), gradients, count)
        case .adam(var how):
            // Adam has two states, and a third where it is amsgrad.
            machine.kernels.pointee.adam(
                &how, weights, states[0].base + start, states[1].base + start, state(2, start),
                gradients, count)
        }
    }

    private func state(_ index: Int, _ start: Int) -> UnsafeMutablePointer<Float>? {
        index < states.count ? states[index].base + start : nil
    }
}
