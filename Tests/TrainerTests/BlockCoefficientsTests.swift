import Shared
import TestSupport
import Testing

@testable import Trainer

@Suite struct BlockCoefficientsTests {
    static let optimizers: [Optimizer.SGD] = [
        .init(learningRate: 0.1),
        .init(learningRate: 0.1, weightDecay: 0.2),
        .init(learningRate: 0.1, momentum: 0.9),
        .init(learningRate: 0.1, momentum: 0.9, nesterov: true),
        .init(learningRate: 0.05, momentum: 0.8, dampening: 0.3),
        .init(learningRate: 0.05, momentum: 0.8, dampening: 0.3, weightDecay: 0.1),
        .init(learningRate: 0.05, momentum: 0.7, weightDecay: 0.1, nesterov: true),
    ]

    /// A linear layer of three weights on made-up examples, whose gradient is the error times the
    /// input: in double, by plain steps.
    private struct Plain {
        var w = [0.3, -0.2, 0.5]
        var v = [0.0, 0.0, 0.0]
        var steps = 0

        static func example(_ step: Int) -> (x: [Double], target: Double) {
            let numbers = randomFloats(4, seed: UInt64(step)).map(Double.init)
            return (Array(numbers[..<3]), numbers[3])
        }

        static func output(_ w: [Double], _ x: [Double]) -> Double {
            zip(w, x).reduce(0) { $0 + $1.0 * $1.1 }
        }

        mutating func take(_ sgd: Optimizer.SGD) {
            let (x, target) = Self.example(steps)
            let error = Self.output(w, x) - target
            for i in w.indices {
                let d = error * x[i] + sgd.weightDecay * w[i]
                if steps == 0 || sgd.momentum == 0 {
                    v[i] = d
                } else {
                    v[i] = sgd.momentum * v[i] + (1 - sgd.dampening) * d
                }
                w[i] -= sgd.learningRate * (sgd.nesterov ? d + sgd.momentum * v[i] : v[i])
            }
            steps += 1
        }
    }

    /// A block as `FirstLayer` takes it: outputs from the weights as found and inner products.
    private func takeBlock(
        _ sgd: Optimizer.SGD, _ w: inout [Double], _ v: inout [Double], from first: Int, steps: Int
    ) {
        let block = BlockCoefficients(sgd, steps: steps, isFirst: first == 0)
        let examples = (0..<steps).map { Plain.example(first + $0) }
        var slopes: [Double] = []
        for t in 0..<steps {
            let (row, x) = (block.weight[t], examples[t].x)
            var output = row.weight * Plain.output(w, x) + row.velocity * Plain.output(v, x)
            for s in 0..<t { output += row.slopes[s] * slopes[s] * Plain.output(examples[s].x, x) }
            slopes.append(output - examples[t].target)
        }
        let (wRow, vRow) = (block.weight[steps], block.velocity[steps])
        for i in w.indices {
            let (oldW, oldV) = (w[i], v[i])
            w[i] = wRow.weight * oldW + wRow.velocity * oldV
            v[i] = vRow.weight * oldW + vRow.velocity * oldV
            for s in 0..<steps {
                w[i] += wRow.slopes[s] * slopes[s] * examples[s].x[i]
                v[i] += vRow.slopes[s] * slopes[s] * examples[s].x[i]
            }
        }
    }

    @Test(arguments: optimizers, [1, 3, 16])
    func `a thousand steps in blocks are a thousand plain steps`(sgd: Optimizer.SGD, length: Int) {
        var plain = Plain()
        var (w, v) = (plain.w, plain.v)
        var first = 0
        while first < 1_000 {
            let steps = min(length, 1_000 - first)
            takeBlock(sgd, &w, &v, from: first, steps: steps)
            for _ in 0..<steps { plain.take(sgd) }
            first += steps
            expectClose(w, plain.w, absolute: 1e-10, "step \(first)")
            expectClose(v, plain.v, absolute: 1e-10, "step \(first)")
        }
    }

    @Test func `momentum has the closed form`() {
        let (mu, eta) = (0.9, 0.01)
        let block = BlockCoefficients(
            .init(learningRate: eta, momentum: mu), steps: 16, isFirst: false)
        var powers = [1.0]
        for _ in 0..<17 { powers.append((powers.last ?? 1) * mu) }
        for t in 0...16 {
            let row = block.weight[t]
            #expect(row.weight == 1)
            expectClose(row.velocity, -eta * mu * (1 - powers[t]) / (1 - mu), absolute: 1e-15)
            for s in 0..<16 {
                let wanted = s < t ? -eta * (1 - powers[t - s]) / (1 - mu) : 0
                expectClose(row.slopes[s], wanted, absolute: 1e-15)
            }
            expectClose(block.velocity[t].velocity, powers[t], absolute: 1e-15)
        }
    }
}
