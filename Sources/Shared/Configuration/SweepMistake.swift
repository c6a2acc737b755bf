/// One mistake in a sweep: where it is, what was found there and what was wanted.
public struct SweepMistake: Error, Hashable, Codable, Sendable {
    public var code: Code
    public var place: Place
    /// Without a capital and a full stop: it follows the place.
    public var sentence: String

    public init(_ code: Code, at place: Place, _ sentence: String) {
        self.code = code
        // A key in the path, or a value in the sentence, may be as long as the sweep.
        let path = place.path.truncated(toBytes: Limits.errorTextBytesMax)
        self.place = Place(path: path, line: place.line)
        self.sentence = sentence.truncated(toBytes: Limits.errorTextBytesMax)
    }

    /// Stable names, part of the wire protocol; the sentence is for people and may change.
    public enum Code: String, Codable, CaseIterable, Sendable {
        /// The text is not the YAML that a sweep file may hold.
        case unreadable
        case unknownKey = "unknown_key"
        case missingKey = "missing_key"
        case wrongType = "wrong_type"
        /// The right type, but not a value that may stand there.
        case wrongValue = "wrong_value"
        /// Two things that are right alone and not together.
        case conflict
        case emptyAxis = "empty_axis"
        /// The same value, axis path or configuration a second time.
        case repeated
        case tooManyTasks = "too_many_tasks"
    }
}

extension SweepMistake: CustomStringConvertible {
    /// `line 12, axes.gate[1].k: found 120, wanted …`.
    public var description: String { place.text(with: sentence) }
}

extension Place {
    /// A sentence after the place that it is about, as far as that is known.
    func text(with sentence: String) -> String {
        let parts = [line.map { "line \($0)" }, path.isEmpty ? nil : path]
        let whereabouts = parts.compactMap { $0 }.joined(separator: ", ")
        return (whereabouts.isEmpty ? "" : whereabouts + ": ") + sentence
    }
}

/// All the mistakes of one sweep that could be found at once, in the order of its lines; never
/// empty.
public struct SweepMistakes: Error, Hashable, Sendable, CustomStringConvertible {
    public let all: [SweepMistake]

    public init(_ mistake: SweepMistake) { all = [mistake] }

    /// Nil where there are none.
    init?(_ collected: some Sequence<SweepMistake>) {
        let sorted = collected.enumerated().sorted { left, right in
            let lines = (left.element.place.line ?? .max, right.element.place.line ?? .max)
            return lines.0 == lines.1 ? left.offset < right.offset : lines.0 < lines.1
        }
        guard !sorted.isEmpty else { return nil }
        all = sorted.map(\.element)
    }

    /// One mistake a line.
    public var description: String { all.map(\.description).joined(separator: "\n") }
}

/// Where a reading puts the mistakes it finds, so that it can go on and find more. The same mistake
/// met again (in the next configuration of a sweep) counts once, and those after the first
/// `Limits.mistakesReportedMax` not at all: a message of a million mistakes is no help to anybody.
final class MistakeCollector {
    private(set) var found: [SweepMistake] = []
    private var seen: Set<SweepMistake> = []

    var isFull: Bool { found.count >= Limits.mistakesReportedMax }

    func add(_ code: SweepMistake.Code, at place: Place, _ sentence: String) {
        if isFull { return }
        let mistake = SweepMistake(code, at: place, sentence)
        if seen.insert(mistake).inserted { found.append(mistake) }
    }

    func throwIfAny() throws(SweepMistakes) {
        if let mistakes = SweepMistakes(found) { throw mistakes }
    }
}
