import Shared

/// What a block of SGD steps comes to, for one weight w and its velocity v. With the gradient g_t
/// of step t, a step is linear in (w, v, g):
///
///     d  = g + lambda w
///     v' = keep v + take d                        (first step ever: v' = d)
///     w' = w - eta (direct d + carried v')        Nesterov: direct = 1, carried = mu; else 0 and 1
///
/// so that after t steps from W and V
///
///     w_t = weight[t].weight W + weight[t].velocity V + sum over s < t of  weight[t].slopes[s] g_s
///     v_t = velocity[t].weight W + velocity[t].velocity V + sum of  velocity[t].slopes[s] g_s
///
/// The rows for t + 1 follow from those for t by the step itself, since it is linear. Sums and
/// products in double alone: the same numbers on every host.
struct BlockCoefficients {
    struct Row: Equatable {
        var weight: Double
        var velocity: Double
        var slopes: [Double]

        /// factor * self + other.
        func scaled(_ factor: Double, plus other: Row) -> Row {
            Row(
                weight: factor * weight + other.weight,
                velocity: factor * velocity + other.velocity,
                slopes: zip(slopes, other.slopes).map { factor * $0 + $1 })
        }

        func times(_ factor: Double) -> Row {
            Row(
                weight: factor * weight, velocity: factor * velocity,
                slopes: slopes.map { factor * $0 })
        }
    }

    /// By t, from 0 to the number of steps.
    let weight: [Row]
    let velocity: [Row]

    /// - Parameter isFirst: whether the block's first step is the training's.
    init(_ sgd: Optimizer.SGD, steps: Int, isFirst: Bool) {
        let none = [Double](repeating: 0, count: steps)
        var (w, v) = (
            Row(weight: 1, velocity: 0, slopes: none), Row(weight: 0, velocity: 1, slopes: none)
        )
        var (weights, velocities) = ([w], [v])
        for t in 0..<steps {
            let isPlain = isFirst && t == 0 || sgd.momentum == 0
            var g = Row(weight: 0, velocity: 0, slopes: none)
            g.slopes[t] = 1
            let d = w.scaled(sgd.weightDecay, plus: g)
            v = isPlain ? d : v.scaled(sgd.momentum, plus: d.times(1 - sgd.dampening))
            let step = sgd.nesterov ? v.scaled(sgd.momentum, plus: d) : v
            w = step.scaled(-sgd.learningRate, plus: w)
            weights.append(w)
            velocities.append(v)
        }
        (weight, velocity) = (weights, velocities)
    }
}
