/// The natural logarithm of a positive normal number, of + - * / alone: the same bits on every
/// host, which a libm's are not. Within 3e-16 of it, relative; tests hold it to 1e-14.
///
/// x = 2^e m with m from sqrt(1/2) to sqrt(2), and log m = 2 atanh(s) with s = (m - 1) / (m + 1),
/// so |s| < 0.1716. Its series is cut off after s^23: under 1e-19 of the sum is missing.
func exactLogarithm(_ x: Double) -> Double {
    var exponent = Double(x.exponent)
    var m = x.significand
    if m > 1.4142135623730951 {
        m /= 2
        exponent += 1
    }
    let s = (m - 1) / (m + 1)
    let square = s * s
    var series = 0.0
    for term in stride(from: 23, through: 3, by: -2) {
        series = (series + 1 / Double(term)) * square
    }
    // ln 2 in two parts, the first with zeros at its end: the exponent times it is exact.
    let high = 0x1.62e42fee00000p-1
    let low = 0x1.a39ef35793c76p-33
    return exponent * high + (2 * s + (2 * s * series + exponent * low))
}
