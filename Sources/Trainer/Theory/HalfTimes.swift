import Shared

/// When growing numbers, one for each mode, were a half: in epochs, by a straight line between the
/// two measurements around it.
struct HalfTimes {
    /// By mode; nil where it has not come to a half.
    private(set) var epochs: [Double?]
    private var last: (epoch: Double, values: [Double])

    init(count: Int) {
        epochs = [Double?](repeating: nil, count: count)
        last = (0, [Double](repeating: 0, count: count))
    }

    mutating func add(epoch: Int, _ values: [Double]) {
        let epoch = Double(epoch)
        for (index, value) in values.enumerated() where epochs[index] == nil && value >= 0.5 {
            let before = last.values[index]
            let share = value > before ? (0.5 - before) / (value - before) : 1
            epochs[index] = last.epoch + min(max(share, 0), 1) * (epoch - last.epoch)
        }
        last = (epoch, values)
    }

    /// The largest relative error of a theory's half times, by mode: |measured - theory| / theory.
    ///
    /// A mode that only one of the two has brought to a half counts as infinite, and so does one
    /// that the theory alone has at a half from the start. A mode that neither has brought to a
    /// half says nothing; nil where that is so of all.
    static func largestError(of theory: [Double?], measured: [Double?]) -> Double? {
        var largest: Double?
        for (theory, measured) in zip(theory, measured) {
            let error: Double
            switch (theory, measured) {
            case (nil, nil): continue
            case (let theory?, let measured?):
                error = theory == measured ? 0 : abs(measured - theory) / theory
            default: error = .infinity
            }
            // NaN, where the numbers around a half were not finite, stays.
            if largest.map({ !($0 >= error) && !$0.isNaN }) ?? true { largest = error }
        }
        return largest
    }

    var state: [Double] { epochs.map { $0 ?? -1 } + [last.epoch] + last.values }

    /// Throws unless a training of that number of epochs can have the state. A half lies between
    /// the start and the last measurement; it is NaN if the numbers around it were infinite.
    /// - Parameter measured: the epoch of the last measurement, 0 before the first.
    func check(_ state: [Double], epochsCompleted: Int, lastMeasured measured: Int)
        throws(TrainingError)
    {
        let possible = 0...Double(epochsCompleted)
        for half in state[..<epochs.count] {
            guard half == -1 || half.isNaN || possible.contains(half) else {
                throw TrainingError(
                    "The checkpoint has \(half) as the epoch of a half; -1 or 0 to "
                        + "\(epochsCompleted) was wanted.")
            }
        }
        guard state[epochs.count] == Double(measured) else {
            throw TrainingError(
                "The checkpoint's theory was last compared after \(state[epochs.count]) epochs; "
                    + "\(measured) was wanted.")
        }
    }

    mutating func resume(_ state: [Double]) {
        let count = epochs.count
        epochs = state[..<count].map { $0 < 0 ? nil : $0 }
        last = (state[count], Array(state[(count + 1)...]))
    }
}
