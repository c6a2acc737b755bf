import Foundation
import Shared
import TestSupport
import Testing

@testable import Trainer

@Suite struct TransformTests {
    @Test func `images are turned as torchvision turns them`() throws {
        let file = try RawTensors(
            Data(contentsOf: Fixtures.directory("transforms/transforms.safetensors")))
        let angles = try file.doubles("angles_degrees")
        let (images, rotated) = (
            [UInt8](try file.bytes("images")), [UInt8](try file.bytes("rotated"))
        )
        #expect(angles.count == 10 && rotated.count == 10 * 6 * 784)
        for (a, angle) in angles.enumerated() {
            let sources = Rotation(degrees: angle).sources(rows: 28, columns: 28)
            for image in 0..<6 {
                let pixels = Array(images[image * 784..<(image + 1) * 784]) + [0]
                let start = (a * 6 + image) * 784
                #expect(
                    sources.map { pixels[Int($0)] } == Array(rotated[start..<start + 784]),
                    "\(angle) degrees, image \(image)")
            }
        }
    }

    @Test func `a quarter turn counter-clockwise moves the top right corner to the top left`() {
        #expect(Rotation(degrees: 90).sources(rows: 2, columns: 2) == [1, 3, 0, 2])
        #expect(Rotation(degrees: 0).sources(rows: 2, columns: 3) == [0, 1, 2, 3, 4, 5])
        #expect(Rotation(degrees: 180).sources(rows: 1, columns: 3) == [2, 1, 0])
    }

    @Test func `cosine and sine agree with a libm's`() {
        for degrees in stride(from: -400.0, through: 400, by: 0.37) {
            let (cosine, sine) = Rotation.cosineAndSine(degrees: degrees)
            expectClose(cosine, cos(degrees * .pi / 180), absolute: 6e-8)
            expectClose(sine, sin(degrees * .pi / 180), absolute: 6e-8)
        }
    }

    @Test func `features cannot be turned`() throws {
        #expect(throws: TrainingError.self) {
            try InputViews(.rotate, domains: 2, of: .features([1, 2], count: 2))
        }
        let views = try InputViews(.permute, domains: 2, of: .features([1, 2], count: 2))
        #expect(views.isShared)
    }

    @Test func `permutations come in lexicographic order and end`() {
        #expect(
            firstPermutations(10, of: 3)
                == [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]])
        #expect(firstPermutations(2, of: 4) == [[0, 1, 2, 3], [0, 1, 3, 2]])
        #expect(firstPermutations(3, of: 1) == [[0]])
    }

    @Test func `subsets come in lexicographic order and end`() {
        #expect(
            firstSubsets(10, of: 4, size: 2)
                == [[0, 1], [0, 2], [0, 3], [1, 2], [1, 3], [2, 3]])
        #expect(firstSubsets(1, of: 6, size: 3) == [[0, 1, 2]])
        #expect(firstSubsets(300, of: 10, size: 5).count == 252)
    }

    @Test func `a target permutation maps each class to its place`() throws {
        let maps = try LabelMaps(.permute, domains: 4, classes: 3)
        // The fourth permutation is (1, 2, 0): class 1 becomes 0, class 2 becomes 1.
        #expect((0..<3).map { maps.label(3, $0) } == [2, 0, 1])
        #expect(maps.outputClasses == 3)
    }

    @Test func `a class combination has two answers`() throws {
        let maps = try LabelMaps(.classCombination, domains: 3, classes: 4)
        #expect(maps.outputClasses == 2)
        #expect((0..<4).map { maps.label(1, $0) } == [1, 0, 1, 0])
    }

    @Test func `each domain needs a target of its own`() {
        #expect(throws: TrainingError.self) { try LabelMaps(.permute, domains: 7, classes: 3) }
        #expect(
            throws: TrainingError(
                "There are 7 domains, but only 6 subsets of 2 of 4 classes: each output domain "
                    + "needs one of its own.")
        ) { try LabelMaps(.classCombination, domains: 7, classes: 4) }
    }
}
