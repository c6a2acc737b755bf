/// What of a configuration decides which examples of its data set it uses, and the rule itself,
/// which the trainer follows.
public struct ExampleSelection: Hashable, Sendable {
    /// The data set's name.
    public var dataset: String
    /// Examples with a label of `classes` or more are left out.
    public var classes: Int
    /// The number of examples to use at most; nil: all.
    public var trainExamples: Int?
    public var testExamples: Int?
    /// The number of training examples to measure on at most; nil: as many as there are to test.
    public var measuredTrainExamples: Int?

    public init(
        dataset: String, classes: Int, trainExamples: Int? = nil, testExamples: Int? = nil,
        measuredTrainExamples: Int? = nil
    ) {
        self.dataset = dataset
        self.classes = classes
        self.trainExamples = trainExamples
        self.testExamples = testExamples
        self.measuredTrainExamples = measuredTrainExamples
    }

    /// Reads the same from a configuration's canonical JSON, without reading the rest of it. Nil
    /// if the experiment uses no data set.
    public init?(configuration json: JSONValue) {
        guard case .string(let dataset)? = json["dataset"],
            case .integer(let classes)? = json["classes"]
        else { return nil }
        func integer(_ value: JSONValue?) -> Int? {
            if case .integer(let number)? = value { number } else { nil }
        }
        self.init(
            dataset: dataset, classes: classes, trainExamples: integer(json["train_examples"]),
            testExamples: integer(json["test_examples"]),
            measuredTrainExamples: integer(json["evaluation"]?["train_examples"]))
    }
}

/// Some examples of one data set.
public struct DataUse: Hashable, Sendable {
    public var selection: ExampleSelection
    /// Of the data set's file.
    public var digest: Digest

    public init(selection: ExampleSelection, digest: Digest) {
        self.selection = selection
        self.digest = digest
    }
}

extension ExampleSelection {
    /// The positions in a split of the examples that are used, ascending: those with a label below
    /// `classes`, the first `limit` of them.
    /// - Parameter limit: nil: all.
    public static func rows(of labels: [UInt8], classes: Int, limit: Int?) -> [Int] {
        let fitting = labels.indices.lazy.filter { Int(labels[$0]) < classes }
        return Array(fitting.prefix(max(0, limit ?? Int.max)))
    }

    /// The number of training examples that are measured on: the first of those that are used.
    /// - Parameters:
    ///   - limit: nil: as many as are used to test.
    ///   - train: the number of training examples used.
    ///   - test: the number of test examples used.
    public static func measuredCount(limit: Int?, train: Int, test: Int) -> Int {
        min(limit ?? test, train)
    }
}
