public import FoundationEssentials

/// Labelled examples to train and test on: images of bytes or features of float32.
///
/// Invariants, checked where one is made: each split has at least one example; as many labels as
/// examples; all examples have the same shape. Labels may be any byte: a task uses those below its
/// number of classes.
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
        guard train.inputs.featureCount == test.inputs.featureCount else {
            throw DatasetError(
                "the training examples have \(train.inputs.featureCount) numbers each, "
                    + "the test examples \(test.inputs.featureCount)")
        }
        self.train = train
        self.test = test
    }

    private static func check(_ split: Split, _ name: String) throws(DatasetError) {
        let (count, size) = (split.count, split.inputs.featureCount)
        guard (1...Limits.datasetExamplesMax).contains(count), size > 0 else {
            throw DatasetError(
                "the \(name) split has \(count) examples of \(size) numbers; wanted are 1 to "
                    + "\(Limits.datasetExamplesMax) examples of at least one number")
        }
        let held =
            switch split.inputs {
            case .images(let pixels, _, _): pixels.count
            case .features(let values, _): values.count
            }
        guard held == count * size else {
            throw DatasetError(
                "the \(name) split has \(count) labels, but \(held) numbers for examples of \(size)"
            )
        }
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
                file.set("\(name)_images", [UInt8](pixels), shape: [split.count, rows, columns])
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
        if file.tensors["\(name)_features"] != nil {
            let features = try file.tensor("\(name)_features", .float32, rank: 2)
            return Split(
                inputs: .features(features.floats, count: features.shape[1]), labels: labels)
        }
        let images = try file.tensor("\(name)_images", .uint8, rank: 3)
        let inputs = Inputs.images(
            pixels: images.bytes, rows: images.shape[1], columns: images.shape[2])
        return Split(inputs: inputs, labels: labels)
    }
}

/// Why files do not make a data set: a sentence without its full stop.
public struct DatasetError: Error, Equatable, CustomStringConvertible {
    public let description: String

    public init(_ description: String) { self.description = description }
}
