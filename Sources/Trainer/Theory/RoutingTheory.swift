/// The reduction of a routing network in closed form, one singular mode of it, from a common start.
///
///     t(b2) = integral from b0 to b2 of  dx / (r K (x^2 + c0) (s - x (x^2 + c0) / M))
///     c0 = M b1^2 - b2^2 = (M - 1) b0^2        b1 = b3 = sqrt((b2^2 + c0) / M)
///
/// Source: Saxe, Sodhani & Lewallen, "The Neural Race Reduction", ICML 2022, section 4.
struct RoutingTheory {
    /// M and K.
    let domains: Int
    let openOutputs: Int
    /// Change for each unit of error and epoch: 2 learning rate / (items outputs).
    let rate: Double
    /// b0.
    let start: Double

    private var conserved: Double { Double(domains - 1) * start * start }

    /// The hidden singular value at the end: the positive root of x^3 + c0 x - M s = 0.
    func finalHidden(_ strength: Double) -> Double { hidden(product: strength) }

    /// The hidden singular value at which the pathway's product b1 b2 b3 is this.
    func hidden(product: Double) -> Double {
        let (c, target) = (conserved, Double(domains) * product)
        // x^3 alone is below, so is c x: the root is between 0 and the larger side's.
        var (low, high) = (0.0, max(1, target))
        for _ in 0..<200 {
            let middle = (low + high) / 2
            if middle * (middle * middle + c) < target { low = middle } else { high = middle }
        }
        return (low + high) / 2
    }

    /// Epochs until the hidden singular value is `hidden`; infinite where it never comes so far.
    func epochs(to hidden: Double, strength: Double) -> Double {
        guard start > 0, hidden < finalHidden(strength) else { return .infinity }
        guard hidden > start else { return 0 }
        return integral(from: start, to: hidden) { x in
            let inner = x * x + conserved
            return 1
                / (rate * Double(openOutputs) * inner * (strength - x * inner / Double(domains)))
        }
    }

    /// Simpson's rule on parts of equal ratio, twice as many until nothing changes any more.
    private func integral(from low: Double, to high: Double, _ f: (Double) -> Double) -> Double {
        var (count, before) = (16, Double.infinity)
        while count <= 1 << 16 {
            // x = low + (high - low) u^3: small steps where the integrand is large.
            let width = 1 / Double(count)
            var sum = 0.0
            for index in 0...count {
                let u = Double(index) * width
                let weight = index == 0 || index == count ? 1.0 : (index % 2 == 1 ? 4.0 : 2.0)
                let slope = 3 * u * u * (high - low)
                sum += weight * f(low + (high - low) * u * u * u) * slope
            }
            let value = sum * width / 3
            if abs(value - before) <= 1e-12 * abs(value) { return value }
            (before, count) = (value, 2 * count)
        }
        return before
    }
}
