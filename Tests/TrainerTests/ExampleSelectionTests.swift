import Shared
import Testing

@testable import Trainer

/// What people are warned of is what is trained: a split's summary against the trainer's choice.
@Suite struct ExampleSelectionTests {
    private static func labels(_ split: Dataset.Split, classes: Int, limit: Int?) -> [Int] {
        // None is an error there.
        guard
            let set = try? ExampleSet(split, name: "training", classes: classes, limit: limit)
        else { return [] }
        return (0..<set.count).map { Int(set.label($0)) }
    }

    @Test func `a summary of the labels says what the trainer uses of them`() {
        var random = SeededRandom(seed: 6, purpose: .dataOrder)
        var (sortedCount, partialCount, unreachedCount) = (0, 0, 0)
        for number in 0..<4_000 {
            let (most, classes) = (1 + random.below(7), 1 + random.below(7))
            var labels = (0..<random.below(14)).map { _ in UInt8(random.below(most)) }
            if random.below(2) == 0 {
                let order = random.permutation(7)
                labels.sort { order[Int($0)] < order[Int($1)] }
            }
            let limit = random.below(3) == 0 ? nil : 1 + random.below(15)
            let inputs = Dataset.Inputs.features(
                [Float](repeating: 0, count: labels.count), count: 1)
            let split = Dataset.Split(inputs: inputs, labels: labels)
            let fitting = Self.labels(split, classes: classes, limit: nil)
            let used = Self.labels(split, classes: classes, limit: limit)
            let use = LabelSummary(labels).use(classes: classes, limit: limit)
            let (present, reached) = (Set(fitting), Set(used))
            #expect(use.count == labels.count && use.classes == classes)
            #expect(use.fitting == fitting.count, "\(number): \(labels), \(classes)")
            #expect(use.used == used.count, "\(number): \(labels), \(classes), \(limit ?? -1)")
            let leftOut = labels.map(Int.init).filter { !present.contains($0) }
            #expect(use.leftOut == leftOut.count)
            #expect(use.leftOutLabels?.lowerBound == leftOut.min())
            #expect(use.leftOutLabels?.upperBound == leftOut.max())
            #expect(use.emptyClasses == Set(0..<classes).subtracting(present).sorted())
            #expect(use.unreachedClasses == present.subtracting(reached).sorted())
            #expect(use.reachedClassCount == reached.count)
            let changes = zip(fitting, fitting.dropFirst()).count { $0 != $1 }
            let isSorted =
                changes == present.count - 1 && changes > 0 && fitting.count > present.count
            #expect(use.isSorted == isSorted, "\(number): \(labels), \(classes)")
            let counts = reached.map { label in
                (label, used.count { $0 == label }, fitting.count { $0 == label })
            }
            let partial = isSorted ? counts.first { $0.1 < $0.2 } : nil
            #expect(use.partial?.label == partial?.0 && use.partial?.used == partial?.1)
            #expect(use.partial?.count == partial?.2)
            sortedCount += isSorted ? 1 : 0
            partialCount += partial == nil ? 0 : 1
            unreachedCount += use.unreachedClasses.isEmpty ? 0 : 1
        }
        // Each has come up often.
        #expect(sortedCount > 300 && partialCount > 100 && unreachedCount > 300)
    }

    @Test func `as many training examples are measured on as are said to be`() throws {
        let dataset = try KPathTrainingTests.dataset()
        for (limit, wanted) in [(nil, 20), (7, 7), (1_000, 60)] as [(Int?, Int)] {
            let found = ExampleSelection.measuredCount(
                limit: limit, train: dataset.train.count, test: dataset.test.count)
            #expect(found == wanted)
        }
    }
}
