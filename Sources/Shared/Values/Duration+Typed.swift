/// Durations as a person types them: `90s`, `10m`, `3h55m`, `2d`, or plain seconds.
extension Duration {
    /// Throws where the text is anything else.
    public init(typed text: String) throws(DurationMistake) {
        if let seconds = Int64(text) {
            guard (0...Limits.durationSecondsMax).contains(seconds) else {
                throw DurationMistake(found: text)
            }
            self = .seconds(seconds)
            return
        }
        let units: [Character: Int64] = ["s": 1, "m": 60, "h": 3_600, "d": 86_400]
        var (total, digits): (Int64, String) = (0, "")
        for character in text {
            if character.isASCII, character.isNumber {
                digits.append(character)
            } else if let factor = units[character], let count = Int64(digits),
                count <= Limits.durationSecondsMax
            {
                total += count * factor
                guard total <= Limits.durationSecondsMax else { throw DurationMistake(found: text) }
                digits = ""
            } else {
                throw DurationMistake(found: text)
            }
        }
        guard digits.isEmpty, !text.isEmpty else { throw DurationMistake(found: text) }
        self = .seconds(total)
    }
}

/// A text that is no duration.
public struct DurationMistake: Error, CustomStringConvertible {
    public let found: String

    public var description: String {
        "found '\(found)', wanted a duration such as 90s, 10m, 3h55m or 90d"
    }
}
