import CKernels
import Shared

/// Measures all pathways of a network, trained (open) and untrained (closed) apart.
///
/// A pass takes some examples through everything, one input domain after the other: its encoder,
/// the hidden layers and all decoders, whose weights stay in the cache. Domains share the threads.
final class KPathEvaluator {
    private let network: KPathNetwork
    private let machine: Machine
    private let threads: [DomainPass]
    private let inputs: InputBlock
    private let loader: InputLoader
    /// By domain and slot, summed in the order of passes; by pass, in sixteen lanes.
    private var losses: [Double] = []
    private var hits: [Int] = []

    init(_ network: KPathNetwork, machine: Machine) {
        (self.network, self.machine) = (network, machine)
        threads = (0..<machine.crew.threads).map { _ in DomainPass(network, machine) }
        inputs = DomainPass.makeInputs(network)
        loader = InputLoader(network, capacity: DomainPass.examplesMax)
    }

    /// Measures on the examples at `rows`. Nil where `shouldStop`, asked before every pass, said
    /// so.
    func evaluate(_ examples: ExampleSet, rows: Range<Int>, shouldStop: () -> Bool)
        -> PathwayMetrics?
    {
        let (domains, order) = (network.shape.domains, Array(rows))
        losses = [Double](repeating: 0, count: domains * domains)
        hits = [Int](repeating: 0, count: domains * domains)
        for start in stride(from: 0, to: order.count, by: DomainPass.examplesMax) {
            if shouldStop() { return nil }
            let end = min(start + DomainPass.examplesMax, order.count)
            pass(examples, order[start..<end])
        }
        return metrics(examples: order.count)
    }

    private func pass(_ examples: ExampleSet, _ rows: ArraySlice<Int>) {
        let labels = rows.map { examples.label($0) }
        let (isShared, domains) = (network.views.isShared, network.shape.domains)
        if isShared {
            let loaded = loader.load(examples, rows: rows, view: 0)
            inputs.load(loaded, count: rows.count, batch: 8)
        }
        losses.withUnsafeMutableBufferPointer { losses in
            hits.withUnsafeMutableBufferPointer { hits in
                let (losses, hits) = (losses.baseAddress, hits.baseAddress)
                guard let losses, let hits else { return }
                machine.crew.run(domains) { domain, thread in
                    let pass = threads[thread]
                    let own = isShared ? inputs : pass.load(examples, rows: rows, view: domain)
                    pass.measure(
                        domain, own, labels, losses + domain * domains, hits + domain * domains)
                }
            }
        }
    }

    private func metrics(examples: Int) -> PathwayMetrics {
        var (open, closed) = (PathwayMetrics.Sums(), PathwayMetrics.Sums())
        let domains = network.shape.domains
        for (slot, output) in network.plan.outputs.enumerated() {
            for domain in 0..<domains {
                let index = domain * domains + slot
                if network.gate.isOpen(input: domain, output: output) {
                    open.add(losses[index], hits[index], examples)
                } else {
                    closed.add(losses[index], hits[index], examples)
                }
            }
        }
        return PathwayMetrics(open: open, closed: closed)
    }
}

/// Mean loss and accuracy over pathways and examples, by whether the pathway is trained.
struct PathwayMetrics {
    let open: Sums
    let closed: Sums

    /// Summed in double, in the order of slots and domains.
    struct Sums {
        private(set) var loss = 0.0
        private(set) var correct = 0
        /// Pathways times examples.
        private(set) var count = 0

        mutating func add(_ loss: Double, _ hits: Int, _ examples: Int) {
            self.loss += loss
            correct += hits
            count += examples
        }

        var meanLoss: Double { loss / Double(count) }
        var accuracy: Double { Double(correct) / Double(count) }
    }

    /// By metric name; the trained ones are absent where no pathway is open, the untrained ones
    /// where none is closed.
    var values: [String: Double] {
        var values: [String: Double] = [:]
        if open.count > 0 {
            values[MetricName.lossTrainedPaths] = open.meanLoss
            values[MetricName.accuracyTrainedPaths] = open.accuracy
        }
        if closed.count > 0 {
            values[MetricName.lossUntrainedPaths] = closed.meanLoss
            values[MetricName.accuracyUntrainedPaths] = closed.accuracy
        }
        return values
    }
}
