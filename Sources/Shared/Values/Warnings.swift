/// Warnings for a person: sentences without a full stop about something that was done as asked, but
/// may not be what was meant.
public enum Warnings {
    /// The warnings in an order that depends on nothing but themselves: sorted, the first
    /// `Limits.warningsReportedMax` of them and, if there are more, their number.
    public static func listed(_ sentences: Set<String>) -> [String] {
        let shown = sentences.sorted().prefix(Limits.warningsReportedMax)
        let rest = sentences.count - shown.count
        return shown + (rest == 0 ? [] : ["\(rest) more warning\(rest == 1 ? "" : "s")"])
    }

    /// Writes a line `warning: SENTENCE` for each to the standard error.
    public static func write(_ sentences: [String]) {
        for sentence in sentences {
            let line = sentence.split(whereSeparator: \.isNewline).joined(separator: "; ")
            StandardError.print("warning: " + line)
        }
    }
}
