import Glibc

/// Numbers that a random search draws an axis from: `{uniform: [0, 1]}`,
/// `{log_uniform: [1e-4, 10]}` or `{integer: [1, 8]}`, both ends among them.
struct Distribution: Sendable {
    let kind: Kind
    let lower: Double
    let upper: Double
    let place: Place

    enum Kind: String, CaseIterable, Sendable {
        case uniform
        case logUniform = "log_uniform"
        case integer
    }

    /// A map of one key, or of one that a distribution has.
    static func isMeant(by value: SourceValue) -> Bool {
        guard let members = value.members else { return false }
        return members.count == 1 || members.contains { Kind(rawValue: $0.key) != nil }
    }

    /// A map of one key that a distribution has, and no configuration.
    static func isOne(_ value: SourceValue) -> Bool {
        value.members?.count == 1 && value.members?.first.flatMap { Kind(rawValue: $0.key) } != nil
    }

    /// Nil where it is wrong.
    static func read(_ value: SourceValue, _ mistakes: MistakeCollector) -> Distribution? {
        let wanted = "a list of values, or one of " + alternatives(Kind.allCases.map(\.rawValue))
        guard let members = value.members, members.count == 1, let member = members.first,
            let kind = Kind(rawValue: member.key)
        else {
            mistakes.add(.wrongType, at: value.place, "found \(value.cell), wanted \(wanted)")
            return nil
        }
        return read(kind, member.value, mistakes)
    }

    private static func read(_ kind: Kind, _ bounds: SourceValue, _ mistakes: MistakeCollector)
        -> Distribution?
    {
        let elements = bounds.elements ?? []
        // A whole number in between two float64s is no end: it would be drawn from another range.
        let numbers = elements.compactMap {
            kind == .integer ? $0.wholeNumber.flatMap(Double.init(exactly:)) : $0.float64Number
        }
        guard elements.count == 2, numbers.count == 2, kind.allows(numbers[0], numbers[1]) else {
            let isWide = elements.count == 2 && elements.allSatisfy { $0.wholeNumber != nil }
            mistakes.add(
                .wrongValue, at: bounds.place,
                "found \(bounds.cell), wanted \(kind.wanted(isWide: isWide))")
            return nil
        }
        return Distribution(
            kind: kind, lower: numbers[0], upper: numbers[1], place: bounds.place)
    }

    /// A number of it.
    ///
    /// Whole numbers come from `SeededRandom.below`. The others are rounded to six significant
    /// digits: they are easily read and told to somebody else, and the last bit of a host's
    /// logarithm plays no part in which task a sweep has.
    func draw(_ random: inout SeededRandom) -> SourceValue {
        switch kind {
        case .integer:
            let low = Int(lower)
            return SourceValue(.integer(low + random.below(Int(upper) - low + 1)), at: place)
        case .uniform:
            return number(lower + (upper - lower) * random.uniform())
        case .logUniform:
            return number(exp(log(lower) + (log(upper) - log(lower)) * random.uniform()))
        }
    }

    /// The ends, to be read as configurations before anything is drawn, and as they travel: exact,
    /// for what they are rounded to would be another distribution.
    var ends: [SourceValue] {
        [lower, upper].map { end in
            SourceValue(Self.content(end), at: place)
        }
    }

    private func number(_ value: Double) -> SourceValue {
        SourceValue(Self.content(min(max(Self.rounded(value), lower), upper)), at: place)
    }

    /// As `NumberText` would read it from a file.
    private static func content(_ number: Double) -> SourceValue.Content {
        guard let whole = Int(exactly: number), abs(number) <= Limits.float64IntegerMax else {
            return .number(number)
        }
        return .integer(whole)
    }

    /// To six significant digits; a number too small or too large for that stays as it is.
    static func rounded(_ value: Double) -> Double {
        guard let magnitude = Int(exactly: log10(abs(value)).rounded(.down)) else { return value }
        let exponent = magnitude - 5
        let scaled = exponent < 0 ? value * power(-exponent) : value / power(exponent)
        guard let digits = Int(exactly: scaled.rounded()) else { return value }
        return Double("\(digits)e\(exponent)") ?? value
    }

    private static func power(_ exponent: Int) -> Double { pow(10, Double(exponent)) }

    var summary: String { "\(kind.rawValue) from \(numberText(lower)) to \(numberText(upper))" }

    var json: JSONValue {
        .object([kind.rawValue: .array(ends.map(\.json))])
    }
}

extension Distribution.Kind {
    fileprivate func allows(_ lower: Double, _ upper: Double) -> Bool {
        let (bound, least) = (Limits.numberMagnitudeMax, Limits.endMagnitudeMin)
        guard lower < upper, lower >= -bound, upper <= bound else { return false }
        return switch self {
        case .uniform: [lower, upper].allSatisfy { $0 == 0 || abs($0) >= least }
        case .logUniform: lower >= least
        case .integer:
            max(abs(lower), abs(upper)) <= Limits.float64IntegerMax
        }
    }

    /// - Parameter isWide: whether there are two whole numbers already.
    fileprivate func wanted(isWide: Bool) -> String {
        switch self {
        case .uniform:
            "two numbers, the less first, such as [0, 1], neither so near 0 as "
                + numberText(Limits.endMagnitudeMin)
        case .logUniform: "two numbers above 0, the less first, such as [1e-4, 10]"
        case .integer where isWide:
            "two whole numbers, the less first, neither above "
                + "\(Int(Limits.float64IntegerMax)) in size"
        case .integer: "two whole numbers, the less first, such as [1, 8]"
        }
    }
}
