import Foundation
import Shared
import TestSupport
import Testing

@testable import Trainer

/// PyTorch's documented formulas, for one parameter, in double.
private struct ScalarOptimizer {
    let optimizer: Optimizer
    private var step = 0
    private var velocity: Double?
    private var (mean, square, largest) = (0.0, 0.0, 0.0)

    init(_ optimizer: Optimizer) { self.optimizer = optimizer }

    mutating func update(_ w: inout Double, _ gradient: Double) {
        step += 1
        switch optimizer {
        case .sgd(let sgd):
            var d = gradient + sgd.weightDecay * w
            if sgd.momentum != 0 {
                velocity = velocity.map { sgd.momentum * $0 + (1 - sgd.dampening) * d } ?? d
                let v = velocity ?? d
                d = sgd.nesterov ? d + sgd.momentum * v : v
            }
            w -= sgd.learningRate * d
        case .adam(let adam):
            let d = gradient + adam.weightDecay * w
            mean = adam.beta1 * mean + (1 - adam.beta1) * d
            square = adam.beta2 * square + (1 - adam.beta2) * d * d
            largest = max(largest, square)
            let meanHat = mean / (1 - pow(adam.beta1, Double(step)))
            let used = adam.amsgrad ? largest : square
            let squareHat = used / (1 - pow(adam.beta2, Double(step)))
            w -= adam.learningRate * meanHat / (squareHat.squareRoot() + adam.epsilon)
        }
    }
}

@Suite struct OptimizerTests {
    static let optimizers: [Optimizer] = [
        .sgd(.init(learningRate: 0.1)),
        .sgd(.init(learningRate: 0.1, weightDecay: 0.2)),
        .sgd(.init(learningRate: 0.1, momentum: 0.9)),
        .sgd(.init(learningRate: 0.1, momentum: 0.8, dampening: 0.3)),
        .sgd(.init(learningRate: 0.1, momentum: 0.8, dampening: 0.3, weightDecay: 0.1)),
        .sgd(.init(learningRate: 0.1, momentum: 0.7, weightDecay: 0.1, nesterov: true)),
        .adam(.init(learningRate: 0.05)),
        .adam(.init(learningRate: 0.05, beta1: 0.5, beta2: 0.7, epsilon: 0.01, weightDecay: 0.3)),
        .adam(.init(learningRate: 0.05, beta1: 0.8, beta2: 0.6, weightDecay: 0.1, amsgrad: true)),
    ]

    /// Gradients that shrink, so that amsgrad's largest square is not the last one.
    private func gradient(_ step: Int, _ i: Int) -> Float {
        randomFloats(64, seed: UInt64(step), scale: 1 / Double(step * step))[i % 64]
    }

    @Test(arguments: optimizers)
    func `six steps are those of PyTorch's formulas`(optimizer: Optimizer) throws {
        let machine = try Machine(threads: 1)
        let count = 33
        let state = OptimizerState(optimizer, count: count)
        let weights = FloatBuffer(count: count)
        let gradients = FloatBuffer(count: count)
        var wanted = randomFloats(count, seed: 9).map(Double.init)
        for i in 0..<count { weights.base[i] = Float(wanted[i]) }
        var scalars = wanted.map { _ in ScalarOptimizer(optimizer) }
        for step in 1...6 {
            state.begin()
            for i in 0..<count {
                gradients.base[i] = gradient(step, i)
                scalars[i].update(&wanted[i], Double(gradients.base[i]))
            }
            // In two parts, as a network is updated.
            state.update(weights, from: 0, count: 16, gradients: gradients.base, machine)
            state.update(
                weights, from: 16, count: count - 16, gradients: gradients.base + 16, machine)
            expectClose(weights.values, wanted, absolute: 2e-6, "step \(step)")
        }
    }
}
