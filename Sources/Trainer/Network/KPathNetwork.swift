import Shared

/// A k-path network: what it is made of, and its parameters. How it is computed stands in
/// `KPathTrunk` (encoders and hidden layers) and `DecoderPass`.
///
/// Checked once in `init`: configuration and data fit each other, and every size is one that memory
/// and the products can hold.
final class KPathNetwork {
    let shape: KPathShape
    let gate: GateStructure
    let views: InputViews
    let labels: LabelMaps
    let plan: DecoderPlan
    let layout: KPathLayout
    /// In the order of `layout`.
    let parameters: FloatBuffer

    /// All parameters are zero: `initialize` or `load` follows.
    init(_ configuration: KPathConfiguration, inputs: Dataset.Inputs) throws(TrainingError) {
        do {
            gate = try GateStructure(
                configuration.gate, domains: configuration.domains,
                classes: configuration.classes, seed: configuration.seeds.gate)
        } catch {
            throw TrainingError("The gate does not fit: \(error).")
        }
        labels = try LabelMaps(
            configuration.targetTransform, domains: configuration.domains,
            classes: configuration.classes)
        shape = KPathShape(
            domains: configuration.domains, features: inputs.featureCount,
            width: configuration.hiddenWidth, outputClasses: labels.outputClasses,
            layers: configuration.layers, hiddenLayers: configuration.hiddenLayers,
            relu: configuration.relu)
        try Self.checkSizes(configuration, shape)
        views = try InputViews(
            configuration.inputTransform, domains: configuration.domains, of: inputs)
        plan = DecoderPlan(training: gate)
        layout = KPathLayout(shape)
        parameters = FloatBuffer(count: layout.count)
    }

    private static func checkSizes(_ configuration: KPathConfiguration, _ shape: KPathShape)
        throws(TrainingError)
    {
        let sizes = [
            ("classes", configuration.classes, Limits.classesMax),
            ("hidden_width", shape.width, Limits.hiddenWidthMax),
            ("layers", shape.layers, Limits.layersMax),
            ("hidden_layers", shape.hiddenLayers, Limits.layersMax),
            ("domains", shape.domains, Limits.domainsMax),
            ("batch_size", configuration.batchSize, Limits.batchSizeMax),
        ]
        for (name, value, limit) in sizes where !(1...limit).contains(value) {
            throw TrainingError("\(name) is \(value); it must be from 1 to \(limit).")
        }
        guard let count = shape.parameterCount, count <= Limits.parametersMax else {
            throw TrainingError(
                "The network has \(shape.parameterCount.map(String.init) ?? "more than 2^63") "
                    + "parameters, over the limit of \(Limits.parametersMax).")
        }
        // Products count rows and columns in 32 bits.
        guard shape.domains * shape.features <= Int(Int32.max) else {
            throw TrainingError(
                "\(shape.domains) domains of \(shape.features) numbers are more than "
                    + "\(Int32.max), which is the limit.")
        }
    }
}

// MARK: - Tensors as matrices

extension KPathNetwork {
    /// The first encoder layers of all domains, (H M, D).
    var stackedFirstWeights: Matrix {
        Matrix(
            parameters.base + layout.encoderWeights[0], rows: shape.width * shape.domains,
            columns: shape.features)
    }

    /// One domain's first encoder layer, (H, D).
    func firstWeights(domain: Int) -> Matrix {
        Matrix(
            parameters.base + layout.encoderWeights[0] + domain * shape.features,
            rows: shape.width, columns: shape.features, stride: shape.domains * shape.features)
    }

    /// One domain's encoder layer after the first, (H, H).
    func encoderWeights(layer: Int, domain: Int) -> Matrix {
        square(layout.encoderWeights[layer] + domain * shape.width * shape.width)
    }

    /// (H, H)
    func hiddenWeights(layer: Int) -> Matrix { square(layout.hiddenWeights[layer]) }

    private func square(_ start: Int) -> Matrix {
        Matrix(parameters.base + start, rows: shape.width, columns: shape.width)
    }

    /// Where a slot's decoder weights (out, H) of a layer begin in the layout. Slots that follow
    /// each other are (slots out, H).
    func decoderWeightsStart(layer: Int, slot: Int) -> Int {
        layout.decoderWeights[layer] + slot * shape.decoderOutputs(layer: layer) * shape.width
    }

    func decoderBiasesStart(layer: Int, slot: Int) -> Int {
        layout.decoderBiases[layer] + slot * shape.decoderOutputs(layer: layer)
    }
}
