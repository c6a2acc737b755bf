/// One k-path network and how to train it, complete: no default is left open, so that equal
/// configurations are equal values and have one canonical spelling.
///
/// What each number means for the network stands in the Mathematics page of the trainer.
public struct KPathConfiguration: Hashable, Sendable {
    /// The data set's name; the task carries its digest.
    public var dataset: String
    /// The first examples of each split to use, after those of other classes are left out; nil:
    /// all.
    public var trainExamples: Int?
    public var testExamples: Int?

    /// M: input domains, and output domains.
    public var domains: Int
    /// C: examples with a label of C or more are left out.
    public var classes: Int
    public var inputTransform: InputTransform
    public var targetTransform: TargetTransform

    /// H.
    public var hiddenWidth: Int
    /// Linear layers in each encoder and in each decoder.
    public var layers: Int
    /// Linear layers in the shared part.
    public var hiddenLayers: Int
    /// ReLU between the linear layers within each part.
    public var relu: Bool
    public var initialization: Initialization
    public var gate: GateRecipe

    /// B.
    public var batchSize: Int
    public var epochs: Int
    public var optimizer: Optimizer
    public var evaluation: Evaluation
    /// When it ends before its last epoch; nil: never.
    public var stop: StopRule?
    /// What happens once the training loss is not finite.
    public var onDivergence: DivergencePolicy
    public var seeds: Seeds

    public init(
        dataset: String, trainExamples: Int? = nil, testExamples: Int? = nil,
        domains: Int, classes: Int = 10,
        inputTransform: InputTransform = .permute, targetTransform: TargetTransform = .permute,
        hiddenWidth: Int, layers: Int = 1, hiddenLayers: Int = 1, relu: Bool = false,
        initialization: Initialization = Initialization(), gate: GateRecipe,
        batchSize: Int, epochs: Int, optimizer: Optimizer,
        evaluation: Evaluation = Evaluation(), stop: StopRule? = nil,
        onDivergence: DivergencePolicy = .stop, seeds: Seeds = Seeds()
    ) {
        self.dataset = dataset
        self.trainExamples = trainExamples
        self.testExamples = testExamples
        self.domains = domains
        self.classes = classes
        self.inputTransform = inputTransform
        self.targetTransform = targetTransform
        self.hiddenWidth = hiddenWidth
        self.layers = layers
        self.hiddenLayers = hiddenLayers
        self.relu = relu
        self.initialization = initialization
        self.gate = gate
        self.batchSize = batchSize
        self.epochs = epochs
        self.optimizer = optimizer
        self.evaluation = evaluation
        self.stop = stop
        self.onDivergence = onDivergence
        self.seeds = seeds
    }
}

extension KPathConfiguration {
    public var datasetName: String? { dataset }

    public var exampleSelection: ExampleSelection? {
        ExampleSelection(
            dataset: dataset, classes: classes, trainExamples: trainExamples,
            testExamples: testExamples, measuredTrainExamples: evaluation.trainExamples)
    }

    public var evaluatedEveryEpochs: Int { evaluation.everyEpochs }

    public var stopsEarly: Bool { stop != nil }

    public var gateRequest: GateRequest? {
        GateRequest(recipe: gate, domains: domains, classes: classes, seed: seeds.gate)
    }
}

/// What input domain m sees of an example.
public enum InputTransform: String, CaseIterable, Sendable {
    case none
    /// The pixels in an order of its own: NumPy's `default_rng(m).permutation(D)`.
    case permute
    /// The image turned by 270 m / M degrees.
    case rotate
}

/// What output domain n makes of a label.
public enum TargetTransform: String, CaseIterable, Sendable {
    case none
    /// The n-th permutation of the classes, in lexicographic order.
    case permute
    /// Whether the class is in the n-th subset of half the classes: two output classes.
    case classCombination = "class_combination"
}

public struct Initialization: Hashable, Sendable {
    public var scheme: Scheme
    public var gain: Double
    /// The value of every bias.
    public var bias: Double

    public init(scheme: Scheme = .xavierUniform, gain: Double = 1, bias: Double = 0) {
        self.scheme = scheme
        self.gain = gain
        self.bias = bias
    }

    public enum Scheme: String, CaseIterable, Sendable {
        case xavierUniform = "xavier_uniform"
        case xavierNormal = "xavier_normal"
    }
}

/// Optimizers as PyTorch defines them.
public enum Optimizer: Hashable, Sendable {
    case sgd(SGD)
    case adam(Adam)

    public struct SGD: Hashable, Sendable {
        public var learningRate: Double
        public var momentum: Double
        public var dampening: Double
        public var weightDecay: Double
        public var nesterov: Bool

        public init(
            learningRate: Double, momentum: Double = 0, dampening: Double = 0,
            weightDecay: Double = 0, nesterov: Bool = false
        ) {
            self.learningRate = learningRate
            self.momentum = momentum
            self.dampening = dampening
            self.weightDecay = weightDecay
            self.nesterov = nesterov
        }
    }

    public struct Adam: Hashable, Sendable {
        public var learningRate: Double
        public var beta1: Double
        public var beta2: Double
        public var epsilon: Double
        public var weightDecay: Double
        public var amsgrad: Bool

        public init(
            learningRate: Double, beta1: Double = 0.9, beta2: Double = 0.999,
            epsilon: Double = 1e-8, weightDecay: Double = 0, amsgrad: Bool = false
        ) {
            self.learningRate = learningRate
            self.beta1 = beta1
            self.beta2 = beta2
            self.epsilon = epsilon
            self.weightDecay = weightDecay
            self.amsgrad = amsgrad
        }
    }

    public var name: String {
        switch self {
        case .sgd: "sgd"
        case .adam: "adam"
        }
    }
}

/// When all pathways are measured, and on what.
public struct Evaluation: Hashable, Sendable {
    /// After each epoch whose number this divides, and after the last.
    public var everyEpochs: Int
    /// The first examples of the training split to measure on; nil: as many as there are to test.
    public var trainExamples: Int?

    public init(everyEpochs: Int = 1, trainExamples: Int? = nil) {
        self.everyEpochs = everyEpochs
        self.trainExamples = trainExamples
    }
}

/// A seed for each independent stream: changing one leaves what the others draw as it was.
public struct Seeds: Hashable, Sendable {
    public var gate: UInt64
    public var weights: UInt64
    public var data: UInt64

    public init(gate: UInt64 = 0, weights: UInt64 = 0, data: UInt64 = 0) {
        self.gate = gate
        self.weights = weights
        self.data = data
    }
}
