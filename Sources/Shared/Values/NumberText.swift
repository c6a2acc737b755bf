/// The text of a decimal number: the only way from digits to a value, for JSON and YAML alike.
///
/// A whole number in any spelling (`8`, `8.0`, `1e3`, `80e-1`) becomes an integer by arithmetic on
/// its digits and never passes through a float64, which has 53 bits: a seed must not become its
/// neighbour. Every other number becomes the nearest float64, unless that is 0 or infinite.
///
/// Invariant: two texts are equal exactly if they state the same number.
public struct NumberText: Hashable, Sendable {
    private let isNegative: Bool
    /// The significant digits in ASCII, without a zero at either end; empty for 0.
    private let digits: [UInt8]
    /// The number is `digits` times 10 to this power.
    private let exponent: Int

    /// Reads an optional sign, digits with at most one point among them, and an optional exponent.
    /// Nil if `text` is anything else.
    public init?(_ text: some StringProtocol) {
        var rest = Array(text.utf8)[...]
        let isNegative = rest.takeSign()
        var digits = Array(rest.takeDigits())
        var exponent = 0
        if rest.first == UInt8(ascii: ".") {
            rest.removeFirst()
            let fraction = rest.takeDigits()
            digits += fraction
            exponent = -fraction.count
        }
        guard !digits.isEmpty else { return nil }
        if let letter = rest.first, letter | 0x20 == UInt8(ascii: "e") {
            rest.removeFirst()
            let isBelowZero = rest.takeSign()
            let power = rest.takeDigits()
            guard !power.isEmpty else { return nil }
            let size = power.reduce(0) { min($0 * 10 + Int($1 - UInt8(ascii: "0")), 1 << 40) }
            exponent += isBelowZero ? -size : size
        }
        guard rest.isEmpty else { return nil }
        let zero = UInt8(ascii: "0")
        let trailing = digits.reversed().prefix { $0 == zero }.count
        self.digits = Array(digits.dropLast(trailing).drop { $0 == zero })
        self.exponent = self.digits.isEmpty ? 0 : exponent + trailing
        self.isNegative = isNegative && !self.digits.isEmpty
    }

    /// An `.integer` for a whole number of 64 bits, a `.number` for every other.
    ///
    /// Throws where a float64 would be infinite, or 0 although the number is not, and where it
    /// would change a whole number beyond 64 bits: such a number must be the one that the float64's
    /// shortest spelling states, as 1e30 is.
    public func value() throws(NumberTextError) -> JSONValue {
        if let whole { return .integer(whole) }
        // The number is below 10 to this power, and not below a tenth of that.
        let magnitude = digits.count + exponent
        guard magnitude <= 309 else { throw .tooLarge }
        guard magnitude >= -330 else { throw .tooSmall }
        let sign = isNegative ? "-" : ""
        let text = "\(sign)\(String(decoding: digits, as: UTF8.self))e\(exponent)"
        guard let number = Double(text), number.isFinite else { throw .tooLarge }
        guard number != 0 else { throw .tooSmall }
        if exponent >= 0, NumberText(number.description) != self {
            throw .notExact(nearest: number)
        }
        return .number(number)
    }

    /// Nil if the number has a fraction or more than 64 bits.
    private var whole: Int? {
        // The largest integer has 19 digits.
        guard exponent >= 0, digits.count + exponent <= 19 else { return nil }
        let zeros = String(repeating: "0", count: exponent)
        let text = String(decoding: digits, as: UTF8.self) + zeros
        return text.isEmpty ? 0 : Int((isNegative ? "-" : "") + text)
    }
}

/// Why no value says what a number's text says.
public enum NumberTextError: Error, Hashable, Sendable {
    case tooLarge
    case tooSmall
    case notExact(nearest: Double)

    /// What was found and what was wanted.
    /// - Parameter text: of the number.
    public func sentence(_ text: String) -> String {
        "found \(quoted(text)), which \(reason), wanted \(wanted)"
    }

    private var reason: String {
        switch self {
        case .tooLarge: "is larger than any float64"
        case .tooSmall: "is not 0 but becomes 0 as a float64"
        case .notExact(let nearest):
            "is a whole number beyond 64 bits that becomes \(numberText(nearest)) as a float64"
        }
    }

    private var wanted: String {
        switch self {
        case .tooLarge: "a number of at most \(numberText(Limits.numberMagnitudeMax))"
        case .tooSmall: "0 or a number of a larger size"
        case .notExact(let nearest): "at most \(Int.max), or \(numberText(nearest))"
        }
    }
}

/// The float64 that stands for a whole number where a float64 is wanted: the same number, or the
/// one whose shortest spelling states it. Nil if there is none.
func float64(_ whole: Int) -> Double? {
    let number = Double(whole)
    if Int(exactly: number) == whole { return number }
    return NumberText(number.description) == NumberText("\(whole)") ? number : nil
}

extension ArraySlice<UInt8> {
    /// Drops a sign it begins with; true for a minus.
    fileprivate mutating func takeSign() -> Bool {
        guard let sign = first, sign == UInt8(ascii: "-") || sign == UInt8(ascii: "+") else {
            return false
        }
        removeFirst()
        return sign == UInt8(ascii: "-")
    }

    /// Drops the digits it begins with and returns them.
    fileprivate mutating func takeDigits() -> ArraySlice<UInt8> {
        let digits = prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        removeFirst(digits.count)
        return digits
    }
}
