/// From a map of a sweep file, or of a message, to a complete k-path configuration. Types and
/// ranges are checked field by field; what only several fields together can break stands in
/// `KPathConfiguration+Checks.swift`. The names are those that `json` writes and that the
/// SweepFiles page documents.
extension KPathConfiguration: ReadableConfiguration {
    /// Reads what `json` writes; keys with a default may be left out.
    public init(reading map: SourceValue) throws(SweepMistakes) {
        let mistakes = MistakeCollector()
        let read = Self.read(map, mistakes: mistakes)
        try mistakes.throwIfAny()
        guard let read else {
            throw SweepMistakes(SweepMistake(.wrongValue, at: map.place, "found no configuration"))
        }
        self = read
    }

    /// Every path, parents before their children: what an axis may set and a near miss may mean.
    public static let paths = beforeGate + GateRecipe.paths + afterGate

    private static let beforeGate = [
        "dataset", "train_examples", "test_examples", "domains", "classes", "input_transform",
        "target_transform", "hidden_width", "layers", "hidden_layers", "relu",
        "init", "init.scheme", "init.gain", "init.bias",
    ]

    private static let afterGate = [
        "batch_size", "epochs",
        "optimizer", "optimizer.name", "optimizer.learning_rate", "optimizer.momentum",
        "optimizer.dampening", "optimizer.weight_decay", "optimizer.nesterov", "optimizer.beta1",
        "optimizer.beta2", "optimizer.epsilon", "optimizer.amsgrad",
        "evaluation", "evaluation.every_epochs", "evaluation.train_examples",
        "stop", "stop.metric", "stop.below", "stop.above", DivergencePolicy.key,
        "seeds", "seeds.gate", "seeds.weights", "seeds.data",
    ]

    public static let listPaths = GateRecipe.listPaths

    static func read(_ fields: inout FieldReader) -> KPathConfiguration? {
        fields.kPathConfiguration()
    }

    var whole: Configuration { .kPath(self) }
}

extension FieldReader {
    fileprivate mutating func kPathConfiguration() -> KPathConfiguration? {
        let dataset = name("dataset", wanted: "the name of a data set")
        let trainExamples = optionalInteger("train_examples", in: 1...Limits.datasetExamplesMax)
        let testExamples = optionalInteger("test_examples", in: 1...Limits.datasetExamplesMax)
        let target = choice("target_transform", default: TargetTransform.permute) ?? .permute
        let classes = integer("classes", in: 2...Limits.classesMax, default: 10)
        let domains = domains(classes: classes, target: target)
        let input = choice("input_transform", default: InputTransform.permute) ?? .permute
        let hiddenWidth = integer("hidden_width", in: 1...Limits.hiddenWidthMax, default: nil)
        let layers = integer("layers", in: 1...Limits.layersMax, default: 1)
        let hiddenLayers = integer("hidden_layers", in: 1...Limits.layersMax, default: 1)
        let relu = bool("relu", default: false)
        let initialization = initialization()
        let gate = gateRecipe(domains: domains)
        let batchSize = integer("batch_size", in: 1...Limits.batchSizeMax, default: nil)
        let epochs = integer("epochs", in: 1...Limits.epochsMax, default: nil)
        let optimizer = optimizer()
        let (evaluation, stop) = (evaluation(), stopRule(.kPath))
        let (onDivergence, seeds) = (divergencePolicy(), seeds())
        guard let domains, let gate, let optimizer else { return nil }
        return KPathConfiguration(
            dataset: dataset, trainExamples: trainExamples, testExamples: testExamples,
            domains: domains, classes: classes, inputTransform: input, targetTransform: target,
            hiddenWidth: hiddenWidth, layers: layers, hiddenLayers: hiddenLayers, relu: relu,
            initialization: initialization, gate: gate, batchSize: batchSize, epochs: epochs,
            optimizer: optimizer, evaluation: evaluation, stop: stop,
            onDivergence: onDivergence, seeds: seeds)
    }

    /// With combinations of classes as targets, M defaults to half of how many there are: the other
    /// half are their complements. Nil where it is missing or wrong.
    private mutating func domains(classes: Int, target: TargetTransform) -> Int? {
        let range = 1...Limits.domainsMax
        let half = target.targetCount(classes: classes) / 2
        if target == .classCombination, !has("domains"), range.contains(half) {
            _ = value("domains")
            return half
        }
        return requiredInteger("domains", in: range)
    }

    private mutating func initialization() -> Initialization {
        let defaults = Initialization()
        guard let map = value("init") else { return defaults }
        var fields = FieldReader(
            map, wanted: "a map of scheme, gain and bias", mistakes: mistakes)
        let initialization = Initialization(
            scheme: fields.choice("scheme", default: defaults.scheme) ?? defaults.scheme,
            gain: fields.number("gain", .notNegative.float32, default: defaults.gain),
            bias: fields.number("bias", .any.float32, default: defaults.bias))
        fields.finish()
        return initialization
    }

    private mutating func evaluation() -> Evaluation {
        guard let map = value("evaluation") else { return Evaluation() }
        var fields = FieldReader(
            map, wanted: "a map of every_epochs and train_examples", mistakes: mistakes)
        let evaluation = Evaluation(
            everyEpochs: fields.integer("every_epochs", in: 1...Limits.epochsMax, default: 1),
            trainExamples: fields.optionalInteger(
                "train_examples", in: 1...Limits.datasetExamplesMax))
        fields.finish()
        return evaluation
    }

    private mutating func seeds() -> Seeds {
        let seeds = seeds(of: .kPath)
        return Seeds(
            gate: seeds["gate"] ?? 0, weights: seeds["weights"] ?? 0, data: seeds["data"] ?? 0)
    }
}
