import Shared

/// How much memory a k-path training takes: the sizes of the buffers that `KPathTraining` and all
/// below it make, added up without making them. A test holds it against what the system counts.
struct KPathMemory {
    private let configuration: KPathConfiguration
    private let shape: KPathShape
    private let plan: DecoderPlan
    private let layout: KPathLayout
    private let openCount: Int
    private let exampleCount: Int
    private let isShared: Bool
    /// The share of numbers that are not zero, by the first examples.
    private let density: Double

    init(_ configuration: KPathConfiguration, dataset: Dataset) throws(TrainingError) {
        self.configuration = configuration
        let parts = try KPathNetwork.Parts(configuration, inputs: dataset.train.inputs)
        (shape, openCount) = (parts.shape, parts.gate.openCount)
        plan = DecoderPlan(training: parts.gate)
        layout = KPathLayout(parts.shape)
        exampleCount = dataset.train.count + dataset.test.count
        isShared = configuration.inputTransform != .rotate
        density = Self.density(dataset.train.inputs)
    }

    private static let examplesLookedAt = 256

    private static func density(_ inputs: Dataset.Inputs) -> Double {
        let some = examplesLookedAt * inputs.featureCount
        return switch inputs {
        case .images(let pixels, _, _): share(pixels.prefix(some)) { $0 != 0 }
        case .features(let values, _): share(values.prefix(some)) { $0 != 0 }
        }
    }

    private static func share<Numbers: Collection>(
        _ numbers: Numbers, _ counts: (Numbers.Element) -> Bool
    ) -> Double {
        numbers.isEmpty ? 1 : Double(numbers.count(where: counts)) / Double(numbers.count)
    }

    func need(threadsMax: Int) -> TrainingNeed {
        let useful = min(threadsUseful, threadsMax)
        let parameters = (1 + states) * Self.bytes(layout.count)
        // First weights are drawn before the buffers of a step are there.
        let step = firstLayer(threads: useful) + trunk(threads: useful) + decoders(threads: useful)
        let buffers = Self.bytes(layout.restCount) + step + evaluator(threads: useful)
        let beginning = 2 * Self.bytes(largestTensor)
        return TrainingNeed(
            bytes: parameters + views + examples + max(buffers, beginning),
            checkpointBytes: parameters + beginning,
            bytesEachStep: isLinear ? 0 : parameters, threadsUseful: useful)
    }

    /// Threads meet some eight times a step, which costs as much as each can compute of
    /// `operationsPerThread`; the first layer counted as if no input were zero.
    private var threadsUseful: Int {
        let (b, m, h) = (configuration.batchSize, shape.domains, shape.width)
        let first = 2 * m * shape.features * h
        let encoders = 3 * m * h * h * (shape.layers - 1 + shape.hiddenLayers)
        let later = 3 * openCount * h * (shape.outputClasses + h * (shape.layers - 1))
        let operations = 2 * Double(b) * (Double(first) + Double(encoders) + Double(later))
        let threads = min(operations / Self.operationsPerThread, Double(Limits.threadsMax))
        return max(1, Int(threads))
    }

    private static let operationsPerThread = 1e7

    private var isLinear: Bool {
        if case .sgd = configuration.optimizer { true } else { false }
    }

    private var states: Int {
        switch configuration.optimizer {
        case .sgd(let sgd): sgd.momentum == 0 ? 0 : 1
        case .adam(let adam): adam.amsgrad ? 3 : 2
        }
    }

    /// Bytes of a buffer of so many numbers of four; large ones lie on large pages.
    private static func bytes(_ count: Int) -> Int {
        let (bytes, page) = (4 * max(count, 1), 2 << 20)
        return bytes < page ? bytes : (bytes + page - 1) / page * page
    }

    private var largestTensor: Int { shape.tensors.map(\.count).max() ?? 0 }

    private var views: Int {
        let numbers = shape.domains * shape.features
        return switch configuration.inputTransform {
        case .none: 0
        case .permute: 8 * numbers
        // A list that grows holds up to twice what it needs.
        case .rotate: 2 * 4 * numbers
        }
    }

    /// Where each example stands and its label, the order of an epoch, and what made it.
    private var examples: Int { 32 * exampleCount }

    // MARK: - Parts of a step

    private func firstLayer(threads: Int) -> Int {
        let (batch, steps) = (configuration.batchSize, isLinear ? FirstLayer.blockSteps : 1)
        let (capacity, views) = (steps * batch, isShared ? 1 : shape.domains)
        let product = Panels.size(rows: capacity, columns: capacity)
        let blocks = 2 * views * inputBlock(capacity, batch: batch, product: product)
        let correction = Panels.size(rows: capacity, columns: batch)
        return blocks + threads * loader(capacity)
            + Self.bytes(shape.domains * capacity * shape.paddedWidth)
            + views * Self.bytes(correction) + threads * 4_096
    }

    /// Lists are written as far as there are inputs that are not zero; eight examples together have
    /// at most three times as many as one, where they are as sparse as digits.
    private func inputBlock(_ capacity: Int, batch: Int, product: Int?) -> Int {
        let fours = (capacity + batch - 1) / batch * ((batch + 7) / 8 * 2)
        let values = Double(fours * shape.features * 5) * min(1, 3 * density + 0.1)
        let listed = Double(capacity * shape.features * 3) * min(1, 1.5 * density + 0.1)
        return Self.bytes(Int(values)) + Self.bytes(fours * Panels.width)
            + Self.bytes(product == nil ? 1 : Int(listed)) + Self.bytes(product ?? 1)
            + Self.bytes(shape.features)
    }

    private func loader(_ capacity: Int) -> Int {
        Self.bytes(Panels.size(rows: shape.features, columns: capacity))
            + Self.bytes(shape.features)
    }

    private func trunk(threads: Int) -> Int {
        let (batch, width) = (configuration.batchSize, shape.paddedWidth)
        let activations = Self.bytes(Panels.padded(shape.domains * batch) * width)
        let scratch = shape.layers > 1 ? 3 * Self.bytes(Panels.padded(batch) * width) : 0
        return (shape.layers + shape.hiddenLayers + 3) * activations
            + shape.hiddenLayers * Self.bytes(width * width) + threads * scratch
    }

    private func decoders(threads: Int) -> Int {
        let (batch, layers) = (configuration.batchSize, shape.layers)
        var (total, panelsMax) = (0, 0)
        for group in plan.groups {
            let panels = group.panelRuns(batch: batch).reduce(0) { $0 + $1.count }
            panelsMax = max(panelsMax, panels)
            func activations(_ layer: Int) -> Int {
                let rows = group.slots.count * shape.decoderOutputs(layer: layer)
                return Self.bytes((panels * rows + Panels.width) * Panels.width)
            }
            total += (0..<layers).reduce(0) { $0 + activations($1) }
            total += (0..<layers - 1).reduce(0) { $0 + activations($1) }
            total += Self.bytes(panels * group.slots.count * Panels.width)
        }
        let turned = layers > 1 ? Self.bytes(panelsMax * Panels.width * shape.paddedWidth) : 0
        return total + Self.bytes(shape.domains * (batch + Panels.width)) + threads * turned
    }

    private func evaluator(threads: Int) -> Int {
        let examples = DomainPass.examplesMax
        let input = inputBlock(examples, batch: 8, product: nil)
        let decoded = (0..<shape.layers).reduce(0) {
            $0 + Self.bytes(8 * shape.decoderOutputs(layer: $1) * examples)
        }
        let own = isShared ? 0 : input + loader(examples)
        let pass = 3 * Self.bytes(examples * shape.paddedWidth) + decoded + own
        let sums = 16 * shape.domains * shape.domains
        return threads * pass + input + loader(examples) + sums
    }
}
