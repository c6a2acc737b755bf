public import FoundationEssentials

/// Labelled examples to train and test on: images of bytes or features of float32.
///
/// Invariants, checked where one is made: each split has at least one example; as many labels as
/// examples; all examples have the same shape; features are finite; pixels begin at index 0.
/// Labels may be any byte: a task uses those below its number of classes.
public struct Dataset: Equatable, Sendable {
    public let train: Split
    public let test: Split

    public struct Split: Equatable, Sendable {
        public let inputs: Inputs
        public let labels: [UInt8]

        public init(inputs: Inputs, labels: [UInt8]) {
            self.inputs = inputs
            self.labels = labels
        }

        public var count: Int { labels.count }
    }

    public enum Inputs: Equatable, Sendable {
        /// (examples, rows, columns) grey levels; a network sees them divided by 255.
        case images(pixels: Data, rows: Int, columns: Int)
        /// (examples, features), as a network sees them.
        case features([Float], count: Int)

        /// D, the numbers of one example.
        public var featureCount: Int {
            switch self {
            case .images(_, let rows, let columns): rows * columns
            case .features(_, let count): count
            }
        }
    }

    public init(train: Split, test: Split) throws(DatasetError) {
        for (name, split) in [("train", train), ("test", test)] { try Self.check(split, name) }
        guard train.inputs.shape == test.inputs.shape else {
            throw DatasetError(
                "the training examples are \(train.inputs.shapeText), "
                    + "the test examples \(test.inputs.shapeText)")
        }
        self.init(sound: train.rebased, test.rebased)
    }

    /// For data that our own code makes, where a test has shown that the invariants hold.
    init(sound train: Split, _ test: Split) {
        self.train = train
        self.test = test
    }
}

// MARK: - What is checked

extension Dataset {
    private static func check(_ split: Split, _ name: String) throws(DatasetError) {
        // The size comes first: nothing is multiplied before its factors are known to be small.
        guard let size = split.inputs.boundedFeatureCount else {
            throw DatasetError(
                "the \(name) split has \(split.inputs.shapeText); wanted are 1 to "
                    + "\(Limits.datasetNumbersPerExampleMax) numbers in an example")
        }
        guard (1...Limits.datasetExamplesMax).contains(split.count) else {
            throw DatasetError(
                "the \(name) split has \(split.count) examples; wanted are 1 to "
                    + "\(Limits.datasetExamplesMax)")
        }
        guard split.inputs.held == split.count * size else {
            throw DatasetError(
                "the \(name) split has \(split.count) labels, "
                    + "but \(split.inputs.held) numbers for examples of \(size)")
        }
        if case .features(let values, _) = split.inputs,
            let odd = values.firstIndex(where: { !$0.isFinite })
        {
            throw DatasetError(
                "feature \(odd % size) of example \(odd / size) in the \(name) split is "
                    + "\(values[odd]), where a finite number was wanted")
        }
    }
}

extension Dataset.Inputs {
    fileprivate var shape: [Int] {
        switch self {
        case .images(_, let rows, let columns): [rows, columns]
        case .features(_, let count): [count]
        }
    }

    fileprivate var shapeText: String {
        switch self {
        case .images(_, let rows, let columns): "images of \(rows) x \(columns)"
        case .features(_, let count): "lists of \(count) features"
        }
    }

    /// Nil where an example has no number, or more than the limit.
    fileprivate var boundedFeatureCount: Int? {
        let allowed = 1...Limits.datasetNumbersPerExampleMax
        guard shape.allSatisfy(allowed.contains), allowed.contains(featureCount) else { return nil }
        return featureCount
    }

    fileprivate var held: Int {
        switch self {
        case .images(let pixels, _, _): pixels.count
        case .features(let values, _): values.count
        }
    }
}

extension Dataset.Split {
    /// The same with pixels that begin at index 0: a slice of a file would keep the file's indices,
    /// and the file in memory.
    fileprivate var rebased: Self {
        guard case .images(let pixels, let rows, let columns) = inputs, pixels.startIndex != 0
        else { return self }
        return Self(
            inputs: .images(pixels: Data(pixels), rows: rows, columns: columns), labels: labels)
    }
}

// MARK: - As a file

extension Dataset {
    /// The one file that says this data set, so that its SHA-256 names it: `train_images`,
    /// `train_labels`, `test_images`, `test_labels` (or `_features`) as safetensors.
    public func serialized() throws -> Data {
        var file = Safetensors()
        for (name, split) in [("train", train), ("test", test)] {
            file.set("\(name)_labels", split.labels, shape: [split.count])
            switch split.inputs {
            case .images(let pixels, let rows, let columns):
                file.set("\(name)_images", pixels, shape: [split.count, rows, columns])
            case .features(let values, let count):
                file.set("\(name)_features", values, shape: [split.count, count])
            }
        }
        return try file.serialized()
    }

    public init(parsing data: Data) throws {
        let file = try Safetensors(parsing: data)
        try self.init(train: Self.split("train", of: file), test: Self.split("test", of: file))
    }

    private static func split(_ name: String, of file: Safetensors) throws -> Split {
        let labels = [UInt8](try file.tensor("\(name)_labels", .uint8, rank: 1).bytes)
        let (images, features) = ("\(name)_images", "\(name)_features")
        guard file.tensors[images] == nil || file.tensors[features] == nil else {
            throw DatasetError("the file has both '\(images)' and '\(features)': one was wanted")
        }
        if file.tensors[features] != nil {
            let tensor = try file.tensor(features, .float32, rank: 2)
            return Split(
                inputs: .features(tensor.floats, count: tensor.shape[1]), labels: labels)
        }
        let tensor = try file.tensor(images, .uint8, rank: 3)
        let inputs = Inputs.images(
            pixels: tensor.bytes, rows: tensor.shape[1], columns: tensor.shape[2])
        return Split(inputs: inputs, labels: labels)
    }
}

/// Why files do not make a data set: a sentence without its full stop.
public struct DatasetError: Error, Equatable, CustomStringConvertible {
    public let description: String

    public init(_ description: String) { self.description = description }
}
