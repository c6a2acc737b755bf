/// How a network of the theory is trained, whatever its graph: on all data at once, by steps or as
/// the flow that infinitely small steps make.
public struct GatedPlan: Hashable, Sendable {
    public var initialization: Initialization
    public var method: Method
    /// Steps of gradient descent, or stretches of the flow.
    public var epochs: Int
    /// Measured after each epoch whose number this divides, and after the last.
    public var everyEpochs: Int
    /// When it has learnt enough, before its last epoch.
    public var stop: StopRule?
    /// What happens once the training loss is not finite.
    public var onDivergence: DivergencePolicy
    /// Where the reduction starts in every mode if the network's own start is not decoupled; nil:
    /// the gain for a balanced start, the gain / 2.5 for an orthogonal one.
    public var theoryStart: Double?

    public init(
        initialization: Initialization, method: Method, epochs: Int, everyEpochs: Int = 1,
        stop: StopRule? = nil, onDivergence: DivergencePolicy = .stop, theoryStart: Double? = nil
    ) {
        self.initialization = initialization
        self.method = method
        self.epochs = epochs
        self.everyEpochs = everyEpochs
        self.stop = stop
        self.onDivergence = onDivergence
        self.theoryStart = theoryStart
    }

    public struct Initialization: Hashable, Sendable {
        public var scheme: Scheme
        /// Every singular value of every first weight matrix.
        public var gain: Double

        public init(scheme: Scheme = .orthogonal, gain: Double) {
            self.scheme = scheme
            self.gain = gain
        }
    }

    public enum Scheme: String, CaseIterable, Sendable {
        /// Each matrix a random orthogonal one times the gain.
        case orthogonal
        /// Decoupled: the modes of the data all the way, with the gain in each.
        case balanced
    }

    public enum Method: Hashable, Sendable {
        case gradientDescent(learningRate: Double)
        /// tau = 1: an epoch is as long as the learning rate, so that both methods have one clock.
        case gradientFlow(learningRate: Double, tolerance: Double)

        /// The time of an epoch.
        public var learningRate: Double {
            switch self {
            case .gradientDescent(let rate), .gradientFlow(let rate, _): rate
            }
        }
    }
}

// MARK: - Reading and writing

extension GatedPlan {
    static let paths = [
        "init", "init.scheme", "init.gain", "method", "method.name", "method.learning_rate",
        "method.tolerance", "epochs", "evaluation", "evaluation.every_epochs", "stop",
        "stop.metric", "stop.below", "stop.above", DivergencePolicy.key, "theory",
        "theory.initial_singular_value",
    ]

    var members: [String: JSONValue] {
        var members: [String: JSONValue] = [
            "init": .object([
                "scheme": .string(initialization.scheme.rawValue),
                "gain": .number(initialization.gain),
            ]),
            "epochs": .integer(epochs),
            "evaluation": .object(["every_epochs": .integer(everyEpochs)]),
        ]
        switch method {
        case .gradientDescent(let rate):
            members["method"] = .object([
                "name": .string("gradient_descent"), "learning_rate": .number(rate),
            ])
        case .gradientFlow(let rate, let tolerance):
            members["method"] = .object([
                "name": .string("gradient_flow"), "learning_rate": .number(rate),
                "tolerance": .number(tolerance),
            ])
        }
        members["stop"] = stop.map(\.json)
        onDivergence.write(to: &members)
        if let theoryStart {
            members["theory"] = .object(["initial_singular_value": .number(theoryStart)])
        }
        return members
    }
}

extension FieldReader {
    /// Nil where the method is missing or has no right name.
    mutating func gatedPlan(_ experiment: Experiment) -> GatedPlan? {
        let initialization = gatedInitialization()
        let method = gatedMethod()
        let epochs = integer("epochs", in: 1...Limits.epochsMax, default: nil)
        var (every, start): (Int, Double?) = (1, nil)
        if let map = value("evaluation") {
            var fields = FieldReader(map, wanted: "a map of every_epochs", mistakes: mistakes)
            every = fields.integer("every_epochs", in: 1...Limits.epochsMax, default: 1)
            fields.finish()
        }
        let (stop, onDivergence) = (stopRule(experiment), divergencePolicy())
        if let map = value("theory") {
            var fields = FieldReader(
                map, wanted: "a map of initial_singular_value", mistakes: mistakes)
            start = fields.number("initial_singular_value", .notNegative, default: nil)
            fields.finish()
        }
        guard let initialization, let method else { return nil }
        return GatedPlan(
            initialization: initialization, method: method, epochs: epochs, everyEpochs: every,
            stop: stop, onDivergence: onDivergence, theoryStart: start)
    }

    private mutating func gatedInitialization() -> GatedPlan.Initialization? {
        let wanted = "a map of scheme and gain"
        guard let map = required("init", wanted: wanted) else { return nil }
        var fields = FieldReader(map, wanted: wanted, mistakes: mistakes)
        let scheme = fields.choice("scheme", default: GatedPlan.Scheme.orthogonal)
        let gain = fields.number("gain", .notNegative, default: nil)
        fields.finish()
        return scheme.map { GatedPlan.Initialization(scheme: $0, gain: gain) }
    }

    private mutating func gatedMethod() -> GatedPlan.Method? {
        let names = ["gradient_descent", "gradient_flow"]
        let wanted = "a map of name (\(names[0]) or \(names[1])), learning_rate and more"
        guard let map = required("method", wanted: wanted) else { return nil }
        var fields = FieldReader(map, wanted: wanted, mistakes: mistakes)
        guard map.members != nil, let named = fields.required("name", wanted: alternatives(names)),
            let name = fields.choice(named, among: names)
        else {
            fields.know(["learning_rate", "tolerance"])
            fields.finish()
            return nil
        }
        let rate = fields.number("learning_rate", .notNegative, default: nil)
        guard name == names[1] else {
            fields.finish(kind: (name, ["tolerance"]))
            return .gradientDescent(learningRate: rate)
        }
        let tolerance = fields.number("tolerance", .tolerance, default: 1e-9)
        fields.finish()
        return .gradientFlow(learningRate: rate, tolerance: tolerance)
    }
}

extension NumberRange {
    static let tolerance = NumberRange(
        text: "a number from 1e-13 to 0.01", lower: 1e-13, upper: 0.01, withoutUpper: false)
}
