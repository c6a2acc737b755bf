import Foundation
import Shared
import Testing

@Suite struct EmbeddedDatasetTests {
    private static let data = EmbeddedDataset.make()

    /// Known answer: every host and compiler must make these bytes.
    @Test func `the bytes are the same everywhere`() throws {
        let digest = Digest(of: try Self.data.serialized())
        #expect(
            digest.hexadecimal == "19766beb490df82bf07d03af6f4eecb44692c0f9683b3edb0113a5b671ba5581"
        )
    }

    @Test func `it is a sound data set of 28 x 28`() throws {
        #expect(try Dataset(train: Self.data.train, test: Self.data.test) == Self.data)
        #expect(Self.data.train.count == 4_000 && Self.data.test.count == 1_000)
        #expect(Self.data.train.inputs.featureCount == 784)
    }

    @Test func `its beginning is the beginning of both splits`() throws {
        let few = EmbeddedDataset.beginning(trainExamples: 12, testExamples: 5)
        #expect(few.train.count == 12 && few.test.count == 5)
        for (part, whole) in [(few.train, Self.data.train), (few.test, Self.data.test)] {
            #expect(part.labels == Array(whole.labels.prefix(part.count)))
            let pixels = try Self.pixels(part)
            #expect(try Self.pixels(whole).prefix(pixels.count).elementsEqual(pixels))
        }
        let all = EmbeddedDataset.beginning(trainExamples: .max, testExamples: .max)
        #expect(all.test.count == 1_000)
    }

    @Test func `the ten classes come in turn`() {
        for split in [Self.data.train, Self.data.test] {
            #expect(split.labels == (0..<split.count).map { UInt8($0 % 10) })
        }
    }

    @Test func `about four pixels in five are zero, as in real digits`() throws {
        let pixels = try Self.pixels(Self.data.train)
        let zeros = pixels.count { $0 == 0 }
        let share = Double(zeros) / Double(pixels.count)
        #expect((0.75...0.85).contains(share), "\(share)")
    }

    @Test func `no example stands twice`() throws {
        let pixels = try Self.pixels(Self.data.train) + Self.pixels(Self.data.test)
        let images = Set((0..<5_000).map { pixels[784 * $0..<784 * ($0 + 1)] })
        #expect(images.count == 5_000)
    }

    /// The oracle is no network: an example is given the class whose mean is nearest.
    @Test func `it can be learnt, and not at a glance`() throws {
        let means = Self.classMeans(try Self.pixels(Self.data.train))
        let pixels = try Self.pixels(Self.data.test)
        var right = 0
        for example in 0..<1_000 {
            let image = pixels[784 * example..<784 * (example + 1)].map(Float.init)
            let distances = means.map { mean in
                var sum: Float = 0
                for index in 0..<784 {
                    let difference = image[index] - mean[index]
                    sum += difference * difference
                }
                return sum
            }
            if distances.firstIndex(of: distances.min() ?? 0) == example % 10 { right += 1 }
        }
        #expect((700...950).contains(right), "\(right) of 1,000 right")
    }

    private static func pixels(_ split: Dataset.Split) throws -> [UInt8] {
        guard case .images(let pixels, 28, 28) = split.inputs else {
            throw DatasetError("no images of 28 x 28")
        }
        return [UInt8](pixels)
    }

    /// Of examples whose classes come in turn: (classes, pixels).
    private static func classMeans(_ pixels: [UInt8]) -> [[Float]] {
        var means = [[Float]](repeating: [Float](repeating: 0, count: 784), count: 10)
        let share = 10 * 784 / Float(pixels.count)
        for example in 0..<pixels.count / 784 {
            for index in 0..<784 {
                means[example % 10][index] += share * Float(pixels[784 * example + index])
            }
        }
        return means
    }
}
