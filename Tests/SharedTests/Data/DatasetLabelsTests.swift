import FoundationEssentials
import Shared
import Testing

/// What is said of data that a training does not use as it seems to.
@Suite struct DatasetLabelsTests {
    private static let sorted = "the set is sorted by label; shuffle it or raise train_examples"

    /// Labels of the training split, classes, limit, and what is said of it.
    static let cases: [(labels: [UInt8], classes: Int, limit: Int?, warnings: [String])] = [
        ([0, 1, 2, 0], 3, nil, []),
        ([1, 0], 2, 5, []),
        (
            [1, 2, 3, 3, 1], 3, nil,
            [
                "2 of 5 examples are left out: their label is 3, and classes is 3",
                "class 0 has no examples",
            ]
        ),
        (
            [0, 1, 9, 12], 2, nil,
            ["2 of 4 examples are left out: their labels are 9 to 12, and classes is 2"]
        ),
        (
            [0, 1, 2], 2, nil,
            ["1 of 3 examples is left out: its label is 2, and classes is 2"]
        ),
        ([0, 2, 2, 5], 8, nil, ["classes 1, 3, 4, 6 and 7 have no examples"]),
        ([0, 0, 7], 9, nil, ["classes 1 to 6 and 8 have no examples"]),
        ([0], 5, nil, ["classes 1 to 4 have no examples"]),
        ([0, 0, 1, 1, 2, 2], 3, 2, ["the first 2 of 6 examples have 1 of 3 classes: \(sorted)"]),
        ([2, 2, 0, 0, 1, 1], 3, 4, ["the first 4 of 6 examples have 2 of 3 classes: \(sorted)"]),
        (
            [0, 0, 1, 1, 2, 2], 3, 5,
            ["the first 5 of 6 examples have 1 of the 2 of class 2: \(sorted)"]
        ),
        ([0, 0, 1, 1, 2, 2], 3, 6, []),
        (
            [0, 1, 2, 0, 1, 2], 3, 2,
            ["the first 2 of 6 examples have 2 of 3 classes; raise train_examples"]
        ),
        ([0, 1, 2, 0, 1, 2], 3, 4, []),
        (
            [5, 0, 5, 0, 1, 1], 2, 2,
            [
                "2 of 6 examples are left out: their label is 5, and classes is 2",
                "the first 2 of 4 examples have 1 of 2 classes: \(sorted)",
            ]
        ),
        (
            [255, 0, 1], 256, 2,
            [
                "classes 2 to 254 have no examples",
                "the first 2 of 3 examples have 2 of 256 classes; raise train_examples",
            ]
        ),
        (
            [7, 8], 2, nil,
            [
                "none of the 2 examples has a label below 2, the number of classes: no task can "
                    + "train"
            ]
        ),
        (
            [], 2, nil,
            [
                "none of the 0 examples has a label below 2, the number of classes: no task can "
                    + "train"
            ]
        ),
    ]

    @Test(arguments: cases)
    func `each way to lose examples has its sentence, for either split`(
        labels: [UInt8], classes: Int, limit: Int?, warnings: [String]
    ) {
        let whole = LabelSummary((0..<classes).map { UInt8($0) })
        let (one, other) = (LabelSummary(labels), whole)
        // All that is used is measured on.
        var selection = ExampleSelection(
            dataset: "mine", classes: classes, trainExamples: limit,
            measuredTrainExamples: 1_000)
        #expect(
            DatasetLabels(train: one, test: other).warnings(of: selection)
                == warnings.map { "data set 'mine', training split: \($0)" })
        selection = ExampleSelection(
            dataset: "mine", classes: classes, testExamples: limit, measuredTrainExamples: 1_000)
        #expect(
            DatasetLabels(train: other, test: one).warnings(of: selection)
                == warnings.map {
                    "data set 'mine', test split: "
                        + $0.replacing("train_examples", with: "test_examples")
                })
    }

    /// Of a sorted set the first examples are measured on, as many as there are to test.
    @Test(arguments: [
        (nil, ["the first 2 examples, on which the training metrics are measured, have 1 of 2"]),
        (3, []), (1, ["the first 1 example, on which the training metrics are measured, have 1"]),
    ])
    func `what is measured on can have fewer classes than what is trained on`(
        limit: Int?, beginnings: [String]
    ) {
        let labels = DatasetLabels(
            train: LabelSummary([0, 0, 1, 1]), test: LabelSummary([0, 1]))
        let found = labels.warnings(
            of: ExampleSelection(dataset: "d", classes: 2, measuredTrainExamples: limit))
        #expect(found.count == beginnings.count)
        for (sentence, beginning) in zip(found, beginnings) {
            #expect(sentence.hasPrefix("data set 'd', training split: \(beginning)"))
            #expect(
                sentence.hasSuffix(
                    ": the set is sorted by label; shuffle it or raise evaluation.train_examples"))
        }
    }

    @Test func `of a set alone it is said what stands out whatever the classes are`() {
        let letters = DatasetLabels(
            train: LabelSummary([3, 1, 2, 3]), test: LabelSummary([1, 1, 3, 3]))
        #expect(
            letters.warnings(named: "letters") == [
                "data set 'letters', training split: class 0 has no examples",
                "data set 'letters', test split: classes 0 and 2 have no examples",
                "data set 'letters', test split: the examples are sorted by label, so that the "
                    + "first of them have only some of the classes: shuffle the set, or use all of "
                    + "it",
            ])
        let digits = DatasetLabels(
            train: LabelSummary([0, 1, 2, 0]), test: LabelSummary([0, 1, 2]))
        #expect(digits.warnings(named: "digits").isEmpty)
    }

    @Test func `the labels alone are read from a data set's file`() throws {
        let images = Dataset.Inputs.images(pixels: Data([1, 2, 3, 4, 5, 6]), rows: 1, columns: 2)
        let dataset = try Dataset(
            train: .init(inputs: images, labels: [3, 1, 3]),
            test: .init(inputs: images, labels: [200, 0, 0]))
        let labels = try DatasetLabels(parsing: dataset.serialized())
        #expect(labels == DatasetLabels(dataset) && labels.labels == [0, 1, 3, 200])
        for file in [Data(), Data("junk".utf8), try Safetensors().serialized()] {
            #expect(throws: SafetensorsError.self) { try DatasetLabels(parsing: file) }
        }
    }

    @Test func `the embedded data set's labels are known without its images`() {
        #expect(EmbeddedDataset.labels() == DatasetLabels(EmbeddedDataset.make()))
        let selection = ExampleSelection(
            dataset: EmbeddedDataset.name, classes: 12, trainExamples: 400, testExamples: 100)
        #expect(
            EmbeddedDataset.labels().warnings(of: selection).map { $0.suffix(34) }
                == ["classes 10 and 11 have no examples", "classes 10 and 11 have no examples"])
    }

    @Test(arguments: [(nil, nil, nil), (400, 100, 50), (1, nil, 7)] as [(Int?, Int?, Int?)])
    func `a configuration's JSON selects what the configuration selects`(
        train: Int?, test: Int?, measured: Int?
    ) throws {
        let configuration = Configuration.kPath(
            KPathConfiguration(
                dataset: "mine", trainExamples: train, testExamples: test, domains: 2, classes: 7,
                hiddenWidth: 4, gate: GateRecipe(family: .plusMod(k: 1)), batchSize: 1, epochs: 1,
                optimizer: .sgd(.init(learningRate: 0.1)),
                evaluation: Evaluation(trainExamples: measured)))
        let selection = try #require(configuration.exampleSelection)
        #expect(
            selection
                == ExampleSelection(
                    dataset: "mine", classes: 7, trainExamples: train, testExamples: test,
                    measuredTrainExamples: measured))
        #expect(ExampleSelection(configuration: configuration.json) == selection)
        #expect(ExampleSelection(configuration: .object(["domains": .integer(3)])) == nil)
    }

    @Test func `many warnings are listed in part, with the number of the others`() {
        let texts = Set((0..<Limits.warningsReportedMax + 2).map { "warning \($0 + 100)" })
        let listed = Warnings.listed(texts)
        #expect(listed.count == Limits.warningsReportedMax + 1)
        #expect(listed.first == "warning 100" && listed.last == "2 more warnings")
        #expect(Warnings.listed(["b", "a"]) == ["a", "b"] && Warnings.listed([]).isEmpty)
    }
}
