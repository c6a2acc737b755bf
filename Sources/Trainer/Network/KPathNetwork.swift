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
        let parts = try Parts(configuration, inputs: inputs)
        (gate, labels, shape) = (parts.gate, parts.labels, parts.shape)
        views = try InputViews(
            configuration.inputTransform, domains: configuration.domains, of: inputs)
        plan = DecoderPlan(training: gate)
        layout = KPathLayout(shape)
        parameters = FloatBuffer(count: layout.count)
    }

    /// What decides how large a network is, checked.
    struct Parts {
        let gate: GateStructure
        let labels: LabelMaps
        let shape: KPathShape

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
            try checkSizes(configuration, shape)
        }
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
    }
}

// MARK: - Tensors as matrices

extension KPathNetwork {
    /// One domain's encoder layer, (in, out), of the parameters or of an array laid out alike.
    func encoderWeights(layer: Int, domain: Int, in buffer: FloatBuffer? = nil) -> Panels {
        let inputs = shape.encoderInputs(layer: layer)
        let start = layout.encoderWeights[layer] + domain * inputs * shape.paddedWidth
        return Panels((buffer ?? parameters).base + start, rows: inputs, columns: shape.width)
    }

    func encoderBiasesStart(layer: Int, domain: Int) -> Int {
        layout.encoderBiases[layer] + domain * shape.paddedWidth
    }

    /// (in, out)
    func hiddenWeights(layer: Int) -> Panels {
        Panels(
            parameters.base + layout.hiddenWeights[layer], rows: shape.width, columns: shape.width)
    }

    /// All decoders of a layer, ((slot, out), in). Slots that follow each other are rows that do.
    func decoderWeights(layer: Int) -> Panels {
        Panels(
            parameters.base + layout.decoderWeights[layer],
            rows: shape.domains * shape.decoderOutputs(layer: layer), columns: shape.width)
    }

    func decoderBiasesStart(layer: Int, slot: Int) -> Int {
        layout.decoderBiases[layer] + slot * shape.decoderOutputs(layer: layer)
    }
}
