/// The C kernels again, by their definitions, in double and one number at a time. Tests compare;
/// the trainer never calls them.
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

    static func rowSums(_ values: [Float], columns: Int) -> [Double] {
        stride(from: 0, to: values.count, by: columns).map { start in
            values[start..<start + columns].reduce(0) { $0 + Double($1) }
        }
    }

    /// g (rows, batch) times x (batch, columns).
    static func outer(_ g: [Float], _ x: [Float], batch: Int) -> [Double] {
        let (rows, columns) = (g.count / batch, x.count / batch)
        return (0..<rows * columns).map { index in
            let (row, column) = (index / columns, index % columns)
            return (0..<batch).reduce(0) {
                $0 + Double(g[row * batch + $1]) * Double(x[$1 * columns + column])
            }
        }
    }
}
