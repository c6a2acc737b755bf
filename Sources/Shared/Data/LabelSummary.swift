/// What the labels of one split say about every selection of its examples: for any number of
/// classes and any limit, which classes the examples used have. Exact, in a few kilobytes and
/// without the labels, so that a coordinator can answer for sweeps of any number of selections.
public struct LabelSummary: Equatable, Sendable {
    /// The number of examples.
    public let count: Int
    /// One entry for each label that occurs, ascending by label.
    private let entries: [Entry]

    private struct Entry: Equatable, Sendable {
        var label: Int
        /// The number of examples with this label.
        var count: Int
        /// The positions of the first and of the last example with this label.
        var first: Int
        var last: Int
        /// `lower[c]`: how many of the examples before `first` have a label below c, for c from 0
        /// to 256.
        var lower: [Int]
    }

    public init(_ labels: [UInt8]) {
        var counts = [Int](repeating: 0, count: 256)
        var entries = [Entry?](repeating: nil, count: 256)
        for (position, byte) in labels.enumerated() {
            let label = Int(byte)
            if counts[label] == 0 {
                entries[label] = Entry(
                    label: label, count: 0, first: position, last: position,
                    lower: counts.reduce(into: [0]) { sums, count in
                        sums.append((sums.last ?? 0) + count)
                    })
            }
            counts[label] += 1
            entries[label]?.last = position
        }
        count = labels.count
        self.entries = entries.compactMap { entry in
            guard var entry else { return nil }
            entry.count = counts[entry.label]
            return entry
        }
    }

    /// The labels that occur, ascending.
    public var labels: [Int] { entries.map(\.label) }

    /// Whether the examples of each label stand together, and some label has several.
    public var isSorted: Bool { Self.isSorted(entries) }

    private static func isSorted(_ entries: [Entry]) -> Bool {
        let inOrder = entries.sorted { $0.first < $1.first }
        return entries.count > 1 && entries.contains { $0.count > 1 }
            && zip(inOrder, inOrder.dropFirst()).allSatisfy { $0.last < $1.first }
    }
}

/// What a selection makes of one split.
public struct SplitUse: Equatable, Sendable {
    /// The number of examples in the split.
    public var count = 0
    /// The number of classes.
    public var classes = 0
    /// The number of examples with a label below `classes`.
    public var fitting = 0
    /// The number of examples that are used: the first of the fitting ones.
    public var used = 0
    /// The smallest and the largest label of the examples that are left out; nil if none is.
    public var leftOutLabels: ClosedRange<Int>?
    /// Classes without an example in the split, ascending.
    public var emptyClasses: [Int] = []
    /// Classes with examples in the split, but none among those used, ascending.
    public var unreachedClasses: [Int] = []
    /// Whether the fitting examples of each label stand together.
    public var isSorted = false
    /// The class of a sorted split of which only the first examples are used; nil if there is none.
    public var partial: Partial?

    public struct Partial: Equatable, Sendable {
        public var label: Int
        public var used: Int
        public var count: Int
    }

    public var leftOut: Int { count - fitting }
    /// The number of classes with an example among those used.
    public var reachedClassCount: Int {
        classes - emptyClasses.count - unreachedClasses.count
    }
}

extension LabelSummary {
    /// What is used of the split: see ``ExampleSelection/rows(of:classes:limit:)``.
    /// - Parameter limit: nil: all.
    public func use(classes: Int, limit: Int?) -> SplitUse {
        let fitting = entries.filter { $0.label < classes }
        var use = SplitUse()
        use.count = count
        use.classes = max(0, classes)
        use.fitting = fitting.reduce(0) { $0 + $1.count }
        use.used = min(max(0, limit ?? Int.max), use.fitting)
        let leftOut = entries.map(\.label).filter { $0 >= classes }
        if let least = leftOut.first, let most = leftOut.last { use.leftOutLabels = least...most }
        let present = Set(fitting.map(\.label))
        use.emptyClasses = (0..<use.classes).filter { !present.contains($0) }
        // How many fitting examples stand before the first one of a class.
        let rank = { (entry: Entry) in entry.lower[min(use.classes, entry.lower.count - 1)] }
        use.unreachedClasses = fitting.filter { rank($0) >= use.used }.map(\.label)
        use.isSorted = Self.isSorted(fitting)
        guard use.isSorted else { return use }
        for entry in fitting where rank(entry) < use.used && rank(entry) + entry.count > use.used {
            use.partial = SplitUse.Partial(
                label: entry.label, used: use.used - rank(entry), count: entry.count)
        }
        return use
    }
}
