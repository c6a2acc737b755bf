import Foundation
import Shared
import Testing

@Suite struct DatasetTests {
    @Test func `images come back from their file`() throws {
        let data = try Dataset(
            train: Self.images(count: 3, rows: 2, columns: 5, from: 10),
            test: Self.images(count: 1, rows: 2, columns: 5, from: 90))
        #expect(try Dataset(parsing: data.serialized()) == data)
        #expect(data.train.inputs.featureCount == 10)
    }

    @Test func `features come back from their file`() throws {
        let data = try Dataset(
            train: .init(inputs: .features([1, -2.5, 0, 1e-30], count: 2), labels: [0, 255]),
            test: .init(inputs: .features([3, 4], count: 2), labels: [1]))
        #expect(try Dataset(parsing: data.serialized()) == data)
    }

    @Test func `pixels begin at index 0, whatever they were cut from`() throws {
        let cut = Data([9, 9, 1, 2, 3, 4])[2...]
        let split = Dataset.Split(inputs: .images(pixels: cut, rows: 2, columns: 2), labels: [5])
        let data = try Dataset(train: split, test: split)
        let read = try Dataset(parsing: data.serialized())
        for split in [data.train, data.test, read.train, read.test] {
            guard case .images(let pixels, 2, 2) = split.inputs else {
                Issue.record("no images: \(split)")
                continue
            }
            #expect(pixels.startIndex == 0 && pixels[3] == 4)
        }
    }

    /// The bytes that name a data set: a change here gives every registered set another digest.
    @Test func `the file's bytes are these`() throws {
        let split = Self.images(count: 2, rows: 1, columns: 2, from: 0)
        let data = try Dataset(train: split, test: split).serialized()
        let header =
            #"{"test_images":{"data_offsets":[0,4],"dtype":"U8","shape":[2,1,2]},"#
            + #""test_labels":{"data_offsets":[4,6],"dtype":"U8","shape":[2]},"#
            + #""train_images":{"data_offsets":[6,10],"dtype":"U8","shape":[2,1,2]},"#
            + #""train_labels":{"data_offsets":[10,12],"dtype":"U8","shape":[2]}}"#
        let padding = String(repeating: " ", count: (8 - header.utf8.count % 8) % 8)
        #expect(String(decoding: data.dropFirst(8).dropLast(12), as: UTF8.self) == header + padding)
        #expect(data.suffix(12) == Data([0, 1, 2, 3, 0, 1, 0, 1, 2, 3, 0, 1]))
    }

    @Test(arguments: [
        (Self.images(count: 0, rows: 2, columns: 2), "the train split has 0 examples"),
        (Self.images(labels: 2, pixels: 7, 2, 2), "has 2 labels, but 7 numbers for examples of 4"),
        (Self.images(labels: 2, pixels: 9, 2, 2), "has 2 labels, but 9 numbers for examples of 4"),
        (Self.images(labels: 1, pixels: 1, -1, -1), "has images of -1 x -1; wanted are 1 to"),
        (Self.images(labels: 1, pixels: 0, 0, 4), "has images of 0 x 4"),
        (Self.images(labels: 1, pixels: 0, .max, .max), "wanted are 1 to 1048576 numbers"),
        (Self.images(labels: 1, pixels: 0, 1 << 20, 2), "wanted are 1 to 1048576 numbers"),
        (
            Dataset.Split(inputs: .features([1, 2, 3, .nan], count: 2), labels: [0, 1]),
            "feature 1 of example 1 in the train split is nan"
        ),
        (
            Dataset.Split(inputs: .features([], count: 0), labels: [0]),
            "has lists of 0 features; wanted are"
        ),
    ])
    func `a split that is not sound is refused`(split: Dataset.Split, reason: String) {
        let good = Self.images(count: 1, rows: 2, columns: 2)
        let error = #expect(throws: DatasetError.self) { try Dataset(train: split, test: good) }
        #expect(error?.description.contains(reason) == true, "\(error as Any)")
    }

    @Test func `splits of different shapes are refused, though as many numbers`() {
        let images = Self.images(count: 1, rows: 2, columns: 3)
        let wide = Self.images(count: 1, rows: 3, columns: 2)
        let list = Dataset.Split(inputs: .features([1, 2, 3, 4, 5, 6], count: 6), labels: [0])
        let error = #expect(throws: DatasetError.self) { try Dataset(train: images, test: wide) }
        #expect(
            error?.description
                == "the training examples are images of 2 x 3, the test examples images of 3 x 2")
        #expect(throws: DatasetError.self) { try Dataset(train: images, test: list) }
    }

    @Test func `a file that claims no examples of a huge size is refused, not multiplied`() {
        let side = 1 << 40
        let entries = ["train", "test"].flatMap { split in
            [
                #""\#(split)_images":{"dtype":"U8","shape":[0,\#(side),\#(side)],"data_offsets":[0,0]}"#,
                #""\#(split)_labels":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}"#,
            ]
        }
        let header = "{\(entries.joined(separator: ","))}"
        var file = Data()
        withUnsafeBytes(of: UInt64(header.utf8.count).littleEndian) { file.append(contentsOf: $0) }
        file.append(contentsOf: header.utf8)
        #expect(throws: DatasetError.self) { try Dataset(parsing: file) }
    }

    @Test func `a file of other tensors is no data set`() throws {
        var file = Safetensors()
        file.set("train_labels", [UInt8]([1]), shape: [1])
        #expect(throws: SafetensorsError.self) { try Dataset(parsing: file.serialized()) }
        file.set("train_images", [UInt8]([1]), shape: [1, 1, 1])
        file.set("train_features", [Float(1)], shape: [1, 1])
        let error = #expect(throws: DatasetError.self) { try Dataset(parsing: file.serialized()) }
        #expect(error?.description.contains("both 'train_images' and 'train_features'") == true)
    }

    private static func images(count: Int, rows: Int, columns: Int, from first: Int = 0)
        -> Dataset.Split
    {
        let pixels = Data(
            (0..<count * rows * columns).map { UInt8(truncatingIfNeeded: first + $0) })
        return Dataset.Split(
            inputs: .images(pixels: pixels, rows: rows, columns: columns),
            labels: (0..<count).map { UInt8($0) })
    }

    private static func images(labels: Int, pixels: Int, _ rows: Int, _ columns: Int)
        -> Dataset.Split
    {
        Dataset.Split(
            inputs: .images(pixels: Data(count: pixels), rows: rows, columns: columns),
            labels: [UInt8](repeating: 0, count: labels))
    }
}
