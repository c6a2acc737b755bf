import CKernels
import Shared

/// Measures all pathways of a network, trained (open) and untrained (closed) apart.
final class KPathEvaluator {
    private let trunk: KPathTrunk
    private let pass: DecoderPass
    private let examplesPerPass: Int
    private let losses: FloatBuffer
    private let correct: Buffer<Int32>

    /// Activations' columns at a time: enough for products to be efficient, few enough for the
    /// cache.
    private static let columnsPerPass = 6_400
    private static let slotsPerGroup = 8

    init(_ network: KPathNetwork) {
        let domains = network.shape.domains
        examplesPerPass = min(max(Self.columnsPerPass / domains, 8), 256)
        trunk = KPathTrunk(network, capacity: examplesPerPass)
        let plan = DecoderPlan(
            evaluating: network.plan, gate: network.gate, slotsPerGroup: Self.slotsPerGroup)
        pass = DecoderPass(network, plan, capacity: examplesPerPass)
        losses = FloatBuffer(count: domains * examplesPerPass)
        correct = Buffer(count: domains * examplesPerPass)
    }

    /// Measures on the examples at `rows`. Nil where `shouldStop`, asked every few products, said
    /// so.
    func evaluate(_ examples: ExampleSet, rows: Range<Int>, shouldStop: () -> Bool)
        -> PathwayMetrics?
    {
        var (open, closed) = (PathwayMetrics.Sums(), PathwayMetrics.Sums())
        let order = Array(rows)
        for start in stride(from: 0, to: order.count, by: examplesPerPass) {
            if shouldStop() { return nil }
            trunk.load(examples, rows: order[start..<min(start + examplesPerPass, order.count)])
            let top = trunk.forward()
            for index in pass.plan.groups.indices {
                if shouldStop() { return nil }
                pass.forward(index, input: top, batch: trunk.batch)
                measure(index, &open, &closed)
            }
        }
        return PathwayMetrics(open: open, closed: closed)
    }

    private func measure(
        _ index: Int, _ open: inout PathwayMetrics.Sums, _ closed: inout PathwayMetrics.Sums
    ) {
        let group = pass.plan.groups[index]
        let (domains, batch) = (group.domains.count, trunk.batch)
        for d in 0..<group.slots.count {
            pass.setLabels(slot: group.slots.lowerBound + d, of: trunk, domains: domains)
            let logits = pass.logits(d, columns: domains * batch)
            gdln_softmax_losses(
                logits.base, logits.rows, domains * batch, pass.columnLabels.base, losses.base,
                correct.base)
            for m in 0..<domains {
                let (loss, hits) = (losses.base + m * batch, correct.base + m * batch)
                if group.open[d * domains + m] != 0 {
                    open.add(loss, hits, batch)
                } else {
                    closed.add(loss, hits, batch)
                }
            }
        }
    }
}

/// Mean loss and accuracy over pathways and examples, by whether the pathway is trained.
struct PathwayMetrics {
    let open: Sums
    let closed: Sums

    /// Summed in double, in the order of examples' passes, slots, domains and examples.
    struct Sums {
        private(set) var loss = 0.0
        private(set) var correct = 0
        /// Pathways times examples.
        private(set) var count = 0

        mutating func add(
            _ losses: UnsafePointer<Float>, _ hits: UnsafePointer<Int32>, _ examples: Int
        ) {
            for b in 0..<examples {
                loss += Double(losses[b])
                correct += Int(hits[b])
            }
            count += examples
        }

        var meanLoss: Double { loss / Double(count) }
        var accuracy: Double { Double(correct) / Double(count) }
    }

    /// By metric name; the untrained ones are absent where no pathway is closed.
    var values: [String: Double] {
        var values = [
            MetricName.lossTrainedPaths: open.meanLoss,
            MetricName.accuracyTrainedPaths: open.accuracy,
        ]
        if closed.count > 0 {
            values[MetricName.lossUntrainedPaths] = closed.meanLoss
            values[MetricName.accuracyUntrainedPaths] = closed.accuracy
        }
        return values
    }
}
