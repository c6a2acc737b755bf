public import FoundationEssentials

/// What the labels of a data set say, and the warnings that follow from them: which examples a
/// training leaves out, and which classes it does without. One place for all: the same sentences
/// stand in the answer to a submission, in a worker's log and in a sweep's manifest.
public struct DatasetLabels: Equatable, Sendable {
    public let train: LabelSummary
    public let test: LabelSummary

    public init(train: LabelSummary, test: LabelSummary) {
        self.train = train
        self.test = test
    }

    public init(_ dataset: Dataset) {
        self.init(
            train: LabelSummary(dataset.train.labels), test: LabelSummary(dataset.test.labels))
    }

    /// Reads nothing but the labels of a data set's file: see ``Dataset/serialized()``.
    /// - Parameter file: may be mapped into memory; its other tensors are not touched.
    /// - Throws: a `SafetensorsError` if the file is not such a file or lacks the labels.
    public init(parsing file: Data) throws {
        let names = ["train_labels", "test_labels"]
        let file = try Safetensors(parsing: file, only: Set(names))
        let labels = try names.map { [UInt8](try file.tensor($0, .uint8, rank: 1).bytes) }
        self.init(train: LabelSummary(labels[0]), test: LabelSummary(labels[1]))
    }
}

extension DatasetLabels {
    /// A sentence for each way in which a training with this selection uses less of the data set
    /// than it seems to: no full stop, the data set's name at the beginning.
    public func warnings(of selection: ExampleSelection) -> [String] {
        let classes = selection.classes
        let trained = train.use(classes: classes, limit: selection.trainExamples)
        let tested = test.use(classes: classes, limit: selection.testExamples)
        let count = ExampleSelection.measuredCount(
            limit: selection.measuredTrainExamples, train: trained.used, test: tested.used)
        let measured = train.use(classes: classes, limit: count)
        let training =
            trained.warnings(limit: "train_examples")
            + measured.warningsOfMeasuring(beside: trained)
        return Self.sentences(selection.dataset, "training", training)
            + Self.sentences(selection.dataset, "test", tested.warnings(limit: "test_examples"))
    }

    /// The same for a training that uses all examples and has a class for each label up to the
    /// largest; also tells of a split that is sorted by label, which a limit would cut.
    public func warnings(named name: String) -> [String] {
        let classes = (labels.max() ?? -1) + 1
        func warnings(_ split: LabelSummary) -> [String] {
            split.use(classes: classes, limit: nil).warnings(limit: "")
                + (split.isSorted
                    ? [
                        "the examples are sorted by label, so that the first of them have only "
                            + "some of the classes: shuffle the set, or use all of it"
                    ] : [])
        }
        return Self.sentences(name, "training", warnings(train))
            + Self.sentences(name, "test", warnings(test))
    }

    /// The labels that occur in either split.
    public var labels: Set<Int> { Set(train.labels).union(test.labels) }

    private static func sentences(_ name: String, _ split: String, _ texts: [String]) -> [String] {
        texts.map { "data set '\(name)', \(split) split: \($0)" }
    }
}

// MARK: - Of one split

extension SplitUse {
    /// - Parameter limit: the key of a configuration that limits the examples.
    fileprivate func warnings(limit: String) -> [String] {
        guard used > 0 else {
            return [
                "none of the \(examples(count)) has a label below \(classes), the number of "
                    + "classes: no task can train"
            ]
        }
        var warnings: [String] = []
        if let labels = leftOutLabels {
            let found =
                labels.count == 1
                ? (leftOut == 1 ? "its label is" : "their label is") + " \(labels.lowerBound)"
                : "their labels are \(labels.lowerBound) to \(labels.upperBound)"
            warnings.append(
                "\(leftOut) of \(examples(count)) \(leftOut == 1 ? "is" : "are") left out: "
                    + "\(found), and classes is \(classes)")
        }
        if let text = Self.list(emptyClasses) {
            warnings.append(text + (emptyClasses.count == 1 ? " has" : " have") + " no examples")
        }
        if !unreachedClasses.isEmpty {
            warnings.append(
                "the first \(used) of \(examples(fitting)) have \(reached)" + remedy(limit))
        } else if let partial {
            warnings.append(
                "the first \(used) of \(examples(fitting)) have \(partial.used) of the "
                    + "\(partial.count) of class \(partial.label)" + remedy(limit))
        }
        return warnings
    }

    /// Of the training examples that are measured on, beside those that are trained on.
    fileprivate func warningsOfMeasuring(beside trained: SplitUse) -> [String] {
        guard used > 0, unreachedClasses.count > trained.unreachedClasses.count else { return [] }
        return [
            "the first \(examples(used)), on which the training metrics are measured, have "
                + reached + remedy("evaluation.train_examples")
        ]
    }

    private var reached: String { "\(reachedClassCount) of \(classes) classes" }

    private func remedy(_ limit: String) -> String {
        isSorted
            ? ": the set is sorted by label; shuffle it or raise \(limit)" : "; raise \(limit)"
    }

    private func examples(_ count: Int) -> String { count == 1 ? "1 example" : "\(count) examples" }

    /// `class 3`, `classes 0, 2 to 5 and 9`; nil if there is none.
    static func list(_ classes: [Int]) -> String? {
        var ranges: [ClosedRange<Int>] = []
        for label in classes {
            if let last = ranges.last, last.upperBound == label - 1 {
                ranges[ranges.count - 1] = last.lowerBound...label
            } else {
                ranges.append(label...label)
            }
        }
        let texts = ranges.flatMap { range in
            switch range.count {
            case 1: ["\(range.lowerBound)"]
            case 2: ["\(range.lowerBound)", "\(range.upperBound)"]
            default: ["\(range.lowerBound) to \(range.upperBound)"]
            }
        }
        guard let last = texts.last else { return nil }
        guard texts.count > 1 else { return (classes.count == 1 ? "class " : "classes ") + last }
        return "classes \(texts.dropLast().joined(separator: ", ")) and \(last)"
    }
}
