import Foundation

/// How often something may fail that failed so often: what a long test has shown.
public enum FailureBound {
    /// The probability of a failure in one cycle is below this with 95 % confidence: the largest
    /// for which so few failures are still as likely as one in twenty, by Poisson's law. Without
    /// any failure that is 3 divided by the number of cycles, the rule of three.
    /// - Returns: nil where there was no cycle.
    public static func upper(failures: Int, cycles: Int) -> Double? {
        guard cycles > 0 else { return nil }
        var (low, high) = (0.0, 10 + 3 * Double(failures))
        for _ in 0..<60 {
            let middle = (low + high) / 2
            if probability(atMost: failures, mean: middle) > 0.05 {
                low = middle
            } else {
                high = middle
            }
        }
        return min(1, high / Double(cycles))
    }

    private static func probability(atMost count: Int, mean: Double) -> Double {
        var term = exp(-mean)
        var sum = term
        for number in stride(from: 1, through: count, by: 1) {
            term *= mean / Double(number)
            sum += term
        }
        return sum
    }
}
