/// Reads the fields of a map, each with its type and range, and remembers which names it was asked
/// for: `finish()` then complains of every other key. A wrong field is written to the collector and
/// read as some right value, so that the reading goes on; whoever reads asks the collector
/// afterwards, and never uses what was read from a map with mistakes.
struct FieldReader {
    let map: SourceValue
    let mistakes: MistakeCollector
    private let members: [SourceValue.Member]
    private let isMap: Bool
    private var asked: [String] = []

    /// - Parameter wanted: what the map is, for the case that it is none: `a map of family and k`.
    init(_ map: SourceValue, wanted: String, mistakes: MistakeCollector) {
        self.map = map
        self.mistakes = mistakes
        isMap = map.members != nil
        members = map.members ?? []
        asked.reserveCapacity(24)
        if !isMap {
            mistakes.add(.wrongType, at: map.place, "found \(map.described), wanted \(wanted)")
        }
    }

    /// The value of a key, nil where it is absent: for what has a reader of its own.
    mutating func value(_ key: String) -> SourceValue? {
        asked.append(key)
        return members.first { $0.key == key }?.value
    }

    /// Where a key's value stands, or the map where it is absent.
    func place(_ key: String) -> Place {
        members.first { $0.key == key }?.value.place ?? map.place
    }

    func has(_ key: String) -> Bool { members.contains { $0.key == key } }

    /// The value of a key that must be there.
    mutating func required(_ key: String, wanted: String) -> SourceValue? {
        if let value = value(key) { return value }
        // A slip of the pen is one mistake, not two: `finish` complains of the key that is there.
        let isMistyped = members.contains { nearestName(to: $0.key, among: [key]) != nil }
        if isMap, !isMistyped {
            mistakes.add(.missingKey, at: map.place, "found no \(key), wanted \(wanted)")
        }
        return nil
    }

    /// Keys that are right here, although nobody has asked for them.
    mutating func know(_ keys: [String]) { asked += keys }

    func refuse(_ value: SourceValue, wanted: String, code: SweepMistake.Code = .wrongType) {
        mistakes.add(code, at: value.place, "found \(value.described), wanted \(wanted)")
    }

    /// Names every key that nobody asked for.
    /// - Parameters:
    ///   - kind: what the map is one kind of, by the keys that only other kinds have.
    ///   - elsewhere: where a key would be right, by its name here.
    func finish(
        kind: (name: String, foreign: [String])? = nil,
        elsewhere: (String) -> String? = { _ in nil }
    ) {
        for member in members where !mistakes.isFull && !asked.contains(member.key) {
            let sentence =
                if let kind, kind.foreign.contains(member.key) {
                    "found a key that \(kind.name) does not have, wanted \(alternatives(asked))"
                } else if let meant = elsewhere(member.key)
                    ?? nearestName(to: member.key, among: asked)
                {
                    "found an unknown key; did you mean \(meant)?"
                } else {
                    "found an unknown key, wanted \(alternatives(asked))"
                }
            mistakes.add(.unknownKey, at: member.keyPlace, sentence)
        }
    }
}

// MARK: - Fields by type

extension FieldReader {
    /// - Parameter fallback: nil where the key must be there.
    mutating func integer(_ key: String, in range: ClosedRange<Int>, default fallback: Int?) -> Int
    {
        let wanted = { "a whole number from \(range.lowerBound) to \(range.upperBound)" }
        guard let value = fallback == nil ? required(key, wanted: wanted()) : value(key) else {
            return fallback ?? range.lowerBound
        }
        return integer(value, in: range, wanted: wanted()) ?? range.lowerBound
    }

    /// Nil where it is missing or wrong: for what others are read with.
    mutating func requiredInteger(_ key: String, in range: ClosedRange<Int>) -> Int? {
        let wanted = "a whole number from \(range.lowerBound) to \(range.upperBound)"
        guard let value = required(key, wanted: wanted) else { return nil }
        return integer(value, in: range, wanted: wanted)
    }

    /// Nil where the key is absent or null.
    mutating func optionalInteger(_ key: String, in range: ClosedRange<Int>) -> Int? {
        guard let value = value(key) else { return nil }
        if case .null = value.content { return nil }
        return integer(
            value, in: range,
            wanted: "a whole number from \(range.lowerBound) to \(range.upperBound)")
    }

    func integer(
        _ value: SourceValue, in range: ClosedRange<Int>, wanted: @autoclosure () -> String
    )
        -> Int?
    {
        guard let whole = value.wholeNumber else {
            if case .number(let number) = value.content, Int(exactly: number) != nil {
                mistakes.add(
                    .wrongType, at: value.place,
                    "found a number with a fraction, next to \(numberText(number)), "
                        + "wanted \(wanted())")
            } else {
                refuse(value, wanted: wanted())
            }
            return nil
        }
        guard range.contains(whole) else {
            refuse(value, wanted: wanted(), code: .wrongValue)
            return nil
        }
        return whole
    }

    /// - Parameter range: what is allowed.
    mutating func number(_ key: String, _ range: NumberRange, default fallback: Double?) -> Double {
        guard let value = fallback == nil ? required(key, wanted: range.text) : value(key) else {
            return fallback ?? 0
        }
        return number(value, range) ?? 0
    }

    func number(_ value: SourceValue, _ range: NumberRange) -> Double? {
        guard let number = value.float64Number else {
            if case .integer = value.content {
                refuse(value, wanted: "\(range.text) that a float64 holds", code: .wrongValue)
            } else {
                refuse(value, wanted: range.text)
            }
            return nil
        }
        guard range.contains(number) else {
            refuse(value, wanted: range.wanted(insteadOf: number), code: .wrongValue)
            return nil
        }
        // Minus zero would be another text of the same number.
        return number == 0 ? 0 : number
    }

    mutating func bool(_ key: String, default fallback: Bool) -> Bool {
        guard let value = value(key) else { return fallback }
        guard case .bool(let answer) = value.content else {
            refuse(value, wanted: "true or false")
            return fallback
        }
        return answer
    }

    /// A text of 1 to `Limits.nameBytesMax` bytes of UTF-8 without control characters.
    mutating func name(_ key: String, wanted: String) -> String {
        guard let value = required(key, wanted: wanted) else { return "" }
        guard case .string(let text) = value.content else {
            refuse(value, wanted: wanted)
            return ""
        }
        guard text.isPlain, (1...Limits.nameBytesMax).contains(text.utf8.count) else {
            let length = "1 to \(Limits.nameBytesMax) bytes"
            refuse(
                value, wanted: "\(wanted) of \(length), on one line", code: .wrongValue)
            return ""
        }
        return text
    }

    mutating func choice<Choice: RawRepresentable<String> & CaseIterable>(
        _ key: String, default fallback: Choice?
    ) -> Choice? {
        let names = Choice.allCases.map(\.rawValue)
        guard
            let value = fallback == nil
                ? required(key, wanted: alternatives(names)) : value(key)
        else { return fallback }
        return choice(value, among: names).flatMap(Choice.init(rawValue:)) ?? fallback
    }

    /// The text of `value` where it is one of `names`.
    func choice(_ value: SourceValue, among names: [String]) -> String? {
        guard case .string(let text) = value.content else {
            refuse(value, wanted: alternatives(names))
            return nil
        }
        if names.contains(text) { return text }
        let near = nearestName(to: text, among: names).map { "; did you mean \($0)?" } ?? ""
        refuse(value, wanted: alternatives(names) + near, code: .wrongValue)
        return nil
    }
}

/// The numbers that a field may hold, and how a mistake says so.
struct NumberRange {
    let text: String
    let lower: Double
    let upper: Double
    let withoutUpper: Bool
    /// Whether the trainer computes with it as a float32.
    private var isFloat32 = false

    init(text: String, lower: Double, upper: Double, withoutUpper: Bool) {
        (self.text, self.lower, self.upper) = (text, lower, upper)
        self.withoutUpper = withoutUpper
    }

    /// The same for a number that the trainer computes with as a float32, which must not become 0
    /// or a bound that it may not be.
    var float32: NumberRange {
        var range = self
        range.isFloat32 = true
        return range
    }

    static let any = NumberRange(
        text: "a number", lower: -Limits.numberMagnitudeMax, upper: Limits.numberMagnitudeMax,
        withoutUpper: false)
    static let notNegative = NumberRange(
        text: "a number of at least 0", lower: 0,
        upper: Limits.numberMagnitudeMax, withoutUpper: false)
    static let zeroToOne = NumberRange(
        text: "a number from 0 to 1", lower: 0, upper: 1, withoutUpper: false)
    static let aboveZeroToBelowOne = NumberRange(
        text: "a number above 0 and below 1", lower: .leastNonzeroMagnitude, upper: 1,
        withoutUpper: true)
    static let zeroToBelowOne = NumberRange(
        text: "a number from 0 up to, not including, 1", lower: 0, upper: 1, withoutUpper: true)

    /// The outer bounds are only worth mentioning to somebody who has passed them.
    func wanted(insteadOf number: Double) -> String {
        let bound = Limits.numberMagnitudeMax
        if number > bound, upper == bound { return "a number of at most \(numberText(bound))" }
        if number < -bound, lower == -bound { return "a number of at least \(numberText(-bound))" }
        if isTooSmall(number) {
            return "0 or a size of at least \(numberText(Limits.float32MagnitudeMin)), since it "
                + "is used as a float32"
        }
        return isFloat32 && number < upper && Float(number) == Float(upper)
            ? "\(text), also as a float32" : text
    }

    private func isTooSmall(_ number: Double) -> Bool {
        isFloat32 && number != 0 && number >= lower
            && abs(number) < Limits.float32MagnitudeMin
    }

    /// False for NaN, which is not comparable.
    func contains(_ number: Double) -> Bool {
        guard number >= lower, number <= upper, !isTooSmall(number) else { return false }
        let isUpper = isFloat32 ? Float(number) == Float(upper) : number == upper
        return !(withoutUpper && isUpper)
    }
}
