import Foundation
import Shared
import Testing

@testable import Trainer

/// Resumes from checkpoints that were changed in one place, under a digest that would be right, and
/// trains on: each is refused with a sentence, or trains an epoch that ends and counts as one.
/// `SmallTraining.trainOn` judges; an unchecked number that traps ends the whole test process.
@Suite struct CheckpointMutationTests {
    private static let epochs = 3

    /// A change by name, and what came of it.
    private typealias Change = (name: String, change: (inout TrainingCheckpoint) -> Void)

    /// Tries every change, each alone.
    /// - Returns: the names of those that trained.
    @discardableResult private static func trainOn(
        _ kind: SmallTraining, _ changes: [Change]
    ) throws -> Set<String> {
        let whole = try kind.checkpoint(after: epochs)
        #expect(kind.trainOn(from: whole) == .trained(from: epochs))
        var trained: Set<String> = []
        for (name, change) in changes {
            var checkpoint = whole
            change(&checkpoint)
            switch kind.trainOn(from: checkpoint) {
            case .wrong(let sentence): Issue.record("\(kind), \(name): \(sentence)")
            case .refused(let reason): #expect(reason.hasSuffix("."), "\(kind), \(name)")
            case .trained: trained.insert(name)
            }
        }
        return trained
    }

    static let texts = [
        "-1", "0", "1", "\(1 << 31)", "\(1 << 53)", "\(Int.max)", "18446744073709551616", "nan", "",
        "1e3", "+3", "03", "true",
    ]

    @Test(arguments: SmallTraining.allCases)
    func `no other number or word in the metadata is taken`(kind: SmallTraining) throws {
        let keys = try kind.checkpoint(after: Self.epochs).state.metadata.keys.sorted()
        #expect(keys.count == 3)
        let changes: [Change] = keys.flatMap { key in
            Self.texts.map { text in
                ("\(key) = '\(text)'", { $0.state.metadata[key] = text })
            } + [("no \(key)", { $0.state.metadata[key] = nil })]
        }
        #expect(try Self.trainOn(kind, changes) == [])
    }

    /// At every epoch that a training can have: the steps alone tell that the others are not meant.
    @Test(arguments: SmallTraining.allCases)
    func `a checkpoint of other epochs than its own is refused`(kind: SmallTraining) throws {
        for found in 0...SmallTraining.epochs {
            let whole = try kind.checkpoint(after: found)
            for claimed in 0...SmallTraining.epochs + 1 {
                var checkpoint = whole
                checkpoint.state.metadata["epochs_completed"] = "\(claimed)"
                let outcome = kind.trainOn(from: checkpoint)
                // Without an optimizer that counts, epochs without an evaluation are alike.
                let isAlike = kind == .routing || kind == .flow
                if claimed == found
                    || isAlike && claimed / 2 == found / 2 && max(claimed, found) < 5
                {
                    #expect(outcome == .trained(from: claimed))
                } else if case .refused = outcome {
                } else {
                    Issue.record("\(kind): \(found) as \(claimed): \(outcome)")
                }
            }
        }
    }

    static let doubles = [
        0, -1, Double.nan, .infinity, -.infinity, 1e308, .leastNonzeroMagnitude, 0.5,
    ]

    @Test(arguments: SmallTraining.allCases)
    func `any number of float64 is refused, or trains on`(kind: SmallTraining) throws {
        let tensors = try kind.checkpoint(after: Self.epochs).state.tensors
        var changes: [Change] = []
        for (name, tensor) in tensors.sorted(by: { $0.key < $1.key })
        where tensor.type == .float64 {
            let values = tensor.doubles
            for index in values.indices {
                changes += Self.doubles.map { value in
                    var other = values
                    other[index] = value
                    return (
                        "\(name)[\(index)] = \(value)",
                        {
                            $0.state.set(name, other, shape: tensor.shape)
                        }
                    )
                }
            }
        }
        let trained = try Self.trainOn(kind, changes)
        // Whatever the weights have come to is taken.
        let weights = Set(changes.map(\.name).filter { $0.hasPrefix("edges.") })
        #expect(weights.isSubset(of: trained))
        if kind == .flow {
            // The longest step that can follow is five epochs.
            let steps = trained.filter { $0.hasPrefix("flow.step") }
            #expect(steps.sorted() == ["flow.step[0] = 0.5", "flow.step[0] = 5e-324"])
        }
        #expect(changes.isEmpty == (kind == .momentum || kind == .adam))
    }

    static let floats = [0, -1, Float.nan, .infinity, -.infinity, 3e38, .leastNonzeroMagnitude]

    @Test(arguments: SmallTraining.allCases)
    func `any number of float32 is refused, or trains on`(kind: SmallTraining) throws {
        let tensors = try kind.checkpoint(after: Self.epochs).state.tensors
        var changes: [Change] = []
        for (name, tensor) in tensors.sorted(by: { $0.key < $1.key })
        where tensor.type == .float32 {
            changes += Self.floats.map { value in
                var other = tensor.floats
                other[0] = value
                return (
                    "\(name) = \(value)",
                    {
                        $0.state.set(name, other, shape: tensor.shape)
                    }
                )
            }
        }
        let trained = try Self.trainOn(kind, changes)
        let names = Set(changes.map(\.name))
        let second = names.filter { $0.hasPrefix("optimizer.1.") || $0.hasPrefix("optimizer.2.") }
        let negative = second.filter { $0.hasSuffix(" = -1.0") || $0.hasSuffix(" = -inf") }
        // Parameters, velocities and means may be anything; second moments are no less than 0.
        #expect(names.subtracting(second).isSubset(of: trained))
        #expect(trained.isDisjoint(with: negative))
        #expect(negative.isEmpty == (kind != .adam))
    }

    @Test(arguments: SmallTraining.allCases)
    func `tensors that are missing, or of another shape or type, are refused`(kind: SmallTraining)
        throws
    {
        let whole = try kind.checkpoint(after: Self.epochs).state
        var changes: [Change] = []
        for (name, tensor) in whole.tensors {
            var rest = Safetensors(metadata: whole.metadata)
            for (other, tensor) in whole.tensors where other != name {
                rest.copy(tensor, to: other)
            }
            let (without, count) = (rest, tensor.bytes.count)
            func add(_ what: String, _ set: (inout Safetensors) -> Void) {
                var file = without
                set(&file)
                changes.append(("\(name) \(what)", { $0.state = file }))
            }
            add("is missing") { _ in }
            add("is bytes") { $0.set(name, tensor.bytes, shape: [count]) }
            add("is bytes of its rank") {
                let rank = [Int](repeating: 1, count: tensor.shape.count - 1)
                $0.set(name, tensor.bytes, shape: [count] + rank)
            }
            add("has a dimension more") {
                if tensor.type == .float32 {
                    $0.set(name, tensor.floats, shape: tensor.shape + [1])
                } else {
                    $0.set(name, tensor.doubles, shape: tensor.shape + [1])
                }
            }
            add("is empty") {
                let shape = tensor.shape.map { _ in 0 }
                if tensor.type == .float32 {
                    $0.set(name, [Float](), shape: shape)
                } else {
                    $0.set(name, [Double](), shape: shape)
                }
            }
            add("is longer") {
                let shape = [2 * tensor.shape[0]] + tensor.shape.dropFirst()
                if tensor.type == .float32 {
                    $0.set(name, tensor.floats + tensor.floats, shape: shape)
                } else {
                    $0.set(name, tensor.doubles + tensor.doubles, shape: shape)
                }
            }
        }
        #expect(try Self.trainOn(kind, changes) == [])
    }

    @Test(arguments: SmallTraining.allCases)
    func `a tensor that stands twice is refused`(kind: SmallTraining) throws {
        var file = try kind.checkpoint(after: Self.epochs).state
        let (name, tensor) = try #require(file.tensors.min { $0.key < $1.key })
        // As long as the name, which it takes in the header's bytes.
        let other = String(repeating: "Z", count: name.utf8.count)
        file.copy(tensor, to: other)
        let bytes = try file.serialized()
        let place = try #require(bytes.firstRange(of: Data(other.utf8)))
        var twice = bytes
        twice.replaceSubrange(place, with: Data(name.utf8))
        #expect(throws: SafetensorsError.self) { try Safetensors(parsing: twice) }
    }

    @Test(arguments: SmallTraining.allCases)
    func `rows other than those that were due are refused`(kind: SmallTraining) throws {
        let rows = try kind.checkpoint(after: SmallTraining.epochs).rows
        let splits = rows.count / 3
        var changes: [Change] = (0..<rows.count).map { count in
            ("\(count) rows", { $0.rows = Array(rows[..<count]) })
        }
        let others: [(String, ([MetricRow]) -> [MetricRow])] = [
            ("the first twice", { [$0[0]] + $0 }), ("the last twice", { $0 + $0.suffix(1) }),
            ("without the first", { Array($0.dropFirst(splits)) }),
            ("reversed", { $0.reversed() }),
            ("epoch 1", { [Self.row($0[0]) { $0.epoch = 1 }] + $0.dropFirst() }),
            ("epoch 2^62", { [Self.row($0[0]) { $0.epoch = 1 << 62 }] + $0.dropFirst() }),
            ("epoch -2", { [Self.row($0[0]) { $0.epoch = -2 }] + $0.dropFirst() }),
            ("other split", { [Self.row($0[0]) { $0.split = .train }] + $0.dropFirst() }),
            ("no metrics", { [Self.row($0[0]) { $0.values = [:] }] + $0.dropFirst() }),
            (
                "an unknown metric",
                { [Self.row($0[0]) { $0.values["x"] = MetricValue(1) }] + $0.dropFirst() }
            ),
            (
                "another experiment's metric",
                {
                    [
                        Self.row($0[0]) { row in
                            let name =
                                kind == .routing || kind == .flow
                                ? MetricName.accuracyTrainedPaths : MetricName.theoryStatus
                            row.values[name] = MetricValue(1)
                        }
                    ] + $0.dropFirst()
                }
            ),
        ]
        changes += others.map { name, change in (name, { $0.rows = change($0.rows) }) }
        for epochs in [2, Self.epochs, SmallTraining.epochs] {
            let whole = try kind.checkpoint(after: epochs)
            for (name, change) in changes {
                var checkpoint = whole
                change(&checkpoint)
                guard checkpoint.rows != whole.rows else { continue }
                guard case .refused = kind.trainOn(from: checkpoint) else {
                    Issue.record("\(kind), \(epochs) epochs, \(name): not refused")
                    continue
                }
            }
        }
    }

    private static func row(_ row: MetricRow, _ change: (inout MetricRow) -> Void) -> MetricRow {
        var row = row
        change(&row)
        return row
    }
}

extension Safetensors {
    fileprivate mutating func copy(_ tensor: Tensor, to name: String) {
        switch tensor.type {
        case .float32: set(name, tensor.floats, shape: tensor.shape)
        case .float64: set(name, tensor.doubles, shape: tensor.shape)
        default: set(name, tensor.bytes, shape: tensor.shape)
        }
    }
}
