/// The C kernels again, by their definitions, one number at a time: in double, or, where the order
/// of operations is part of the definition, in that order. Tests compare; the trainer never calls
/// them.
enum KernelTwins {
    /// Gradient of scale[i] * crossEntropy(column i, labels[i]) in logits (classes, columns), and
    /// the sum of the cross-entropies where scale[i] is not zero.
    static func softmaxGradient(_ logits: [Float], labels: [Int32], scale: [Float])
        -> (gradient: [Double], loss: Double)
    {
        let (columns, classes) = (labels.count, logits.count / labels.count)
        var gradient = [Double](repeating: 0, count: logits.count)
        var sum = 0.0
        for i in 0..<columns where scale[i] != 0 {
            let column = (0..<classes).map { Double(logits[$0 * columns + i]) }
            let (probabilities, loss) = softmax(column, label: Int(labels[i]))
            sum += loss
            for c in 0..<classes {
                let hot = c == Int(labels[i]) ? 1.0 : 0
                gradient[c * columns + i] = Double(scale[i]) * (probabilities[c] - hot)
            }
        }
        return (gradient, sum)
    }

    /// Each column's cross-entropy, and whether its first largest logit is the label's.
    static func softmaxLosses(_ logits: [Float], labels: [Int32]) -> [(loss: Double, hit: Bool)] {
        let (columns, classes) = (labels.count, logits.count / labels.count)
        return (0..<columns).map { i in
            let column = (0..<classes).map { Double(logits[$0 * columns + i]) }
            let best = column.indices.max {
                column[$0] < column[$1] || $0 > $1 && column[$0] == column[$1]
            }
            return (softmax(column, label: Int(labels[i])).loss, best == Int(labels[i]))
        }
    }

    /// Probabilities and cross-entropy, with the exponential by its series: no libm is needed.
    static func softmax(_ logits: [Double], label: Int) -> (probabilities: [Double], loss: Double) {
        let top = logits.max() ?? 0
        let powers = logits.map { exponential($0 - top) }
        let sum = powers.reduce(0, +)
        return (powers.map { $0 / sum }, exactLogarithm(sum) - (logits[label] - top))
    }

    /// exp(x) for x <= 0: by halves until the series is short, then squared back.
    static func exponential(_ x: Double) -> Double {
        guard x > -700 else { return x.isNaN ? x : 0 }
        let small = x / 1024
        var series = 1.0
        for k in stride(from: 12.0, through: 1, by: -1) { series = 1 + series * small / k }
        for _ in 0..<10 { series *= series }
        return series
    }

    /// a (m, k) times b (k, n), each element one chain of fused multiply-adds in ascending k. The
    /// kernels must return these very bits.
    static func product(
        _ m: Int, _ k: Int, _ n: Int, start: (_ row: Int, _ column: Int) -> Float,
        left: (_ row: Int, _ k: Int) -> Float, right: (_ k: Int, _ column: Int) -> Float
    ) -> [Float] {
        (0..<m * n).map { index in
            let (row, column) = (index / n, index % n)
            return (0..<k).reduce(into: start(row, column)) {
                $0.addProduct(left(row, $1), right($1, column))
            }
        }
    }

    /// In ascending order.
    static func columnSums(_ values: [Float], columns: Int) -> [Float] {
        (0..<columns).map { column in
            stride(from: column, to: values.count, by: columns).reduce(Float(0)) {
                $0 + values[$1]
            }
        }
    }

    /// In sixteen lanes, added by halves.
    static func rowSums(_ values: [Float], columns: Int) -> [Float] {
        stride(from: 0, to: values.count, by: columns).map { start in
            var lanes = [Float](repeating: 0, count: 16)
            for c in 0..<columns { lanes[c % 16] += values[start + c] }
            for half in [8, 4, 2, 1] { for i in 0..<half { lanes[i] += lanes[i + half] } }
            return lanes[0]
        }
    }
}
