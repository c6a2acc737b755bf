import Shared

/// What a reference's `case.json` asks for.
struct ReplayCase {
    let configuration: KPathConfiguration
    let steps: Int
    let evaluationSamples: Int

    /// Throws a sentence that names the key where one is missing or of another kind.
    init(_ description: JSONValue) throws(TrainingError) {
        let top = Members(description, path: "case.json")
        let experiment = try top.text("experiment")
        guard experiment == "k_path" else {
            throw TrainingError("The case's experiment is '\(experiment)'; k_path can be replayed.")
        }
        steps = try top.integer("steps", from: 0)
        evaluationSamples = try top.integer("evaluation_samples", from: 1)
        configuration = try Self.configuration(top)
    }

    private static func configuration(_ top: Members) throws(TrainingError) -> KPathConfiguration {
        let initial = try top.members("init")
        return KPathConfiguration(
            dataset: "replay",
            domains: try top.integer("domains"), classes: try top.integer("classes"),
            inputTransform: try top.choice("input_transform", default: .permute),
            targetTransform: try top.choice("target_transform", default: .permute),
            hiddenWidth: try top.integer("hidden_width"),
            layers: try top.integer("layers"), hiddenLayers: try top.integer("hidden_layers"),
            relu: try top.flag("relu"),
            initialization: Initialization(
                scheme: try initial.choice("scheme", default: .xavierUniform),
                gain: try initial.number("gain", default: 1),
                bias: try initial.number("bias", default: 0)),
            gate: try gate(try top.members("gate")),
            batchSize: try top.integer("batch_size"), epochs: 1,
            optimizer: try optimizer(try top.members("optimizer")))
    }

    private static func gate(_ gate: Members) throws(TrainingError) -> GateRecipe {
        let family: GateRecipe.Family
        switch try gate.text("family") {
        case "plus_mod": family = .plusMod(k: try gate.integer("k"))
        case "plus_minus_mod": family = .plusMinusMod(k: try gate.integer("k"))
        case "mod": family = .mod
        case "fully_connected": family = .fullyConnected
        case let other:
            throw TrainingError(
                "\(gate.path).family is '\(other)'; plus_mod, plus_minus_mod, mod and "
                    + "fully_connected can be replayed.")
        }
        guard let order = try gate.integers("column_permutation") else {
            return GateRecipe(family: family)
        }
        return GateRecipe(family: family, columns: .explicit(order))
    }

    private static func optimizer(_ optimizer: Members) throws(TrainingError) -> Optimizer {
        let rate = try optimizer.number("learning_rate")
        let decay = try optimizer.number("weight_decay", default: 0)
        switch try optimizer.text("name") {
        case "sgd":
            return .sgd(
                Optimizer.SGD(
                    learningRate: rate, momentum: try optimizer.number("momentum", default: 0),
                    dampening: try optimizer.number("dampening", default: 0), weightDecay: decay,
                    nesterov: try optimizer.flag("nesterov")))
        case "adam":
            return .adam(
                Optimizer.Adam(
                    learningRate: rate, beta1: try optimizer.number("beta1", default: 0.9),
                    beta2: try optimizer.number("beta2", default: 0.999),
                    epsilon: try optimizer.number("epsilon", default: 1e-8), weightDecay: decay,
                    amsgrad: try optimizer.flag("amsgrad")))
        case let other:
            throw TrainingError("\(optimizer.path).name is '\(other)'; sgd and adam are known.")
        }
    }
}

/// The members of an object, with errors that say where they stand.
private struct Members {
    private let value: JSONValue
    let path: String

    init(_ value: JSONValue, path: String) { (self.value, self.path) = (value, path) }

    private func wrong(_ key: String, _ wanted: String) -> TrainingError {
        let found = value[key].flatMap { try? $0.canonicalData() }
        let text = found.map { String(decoding: $0, as: UTF8.self) } ?? "missing"
        return TrainingError("\(path).\(key) is \(text); \(wanted) was wanted.")
    }

    func members(_ key: String) throws(TrainingError) -> Members {
        guard let member = value[key], case .object = member else { throw wrong(key, "an object") }
        return Members(member, path: "\(path).\(key)")
    }

    func integer(_ key: String, from least: Int = 1) throws(TrainingError) -> Int {
        // No count in a case comes near this; products of two of them must not overflow.
        let most = 1_000_000_000
        guard case .integer(let number)? = value[key], (least...most).contains(number) else {
            throw wrong(key, "a whole number from \(least) to \(most)")
        }
        return number
    }

    func number(_ key: String, default fallback: Double? = nil) throws(TrainingError) -> Double {
        switch value[key] {
        case .integer(let number)?: return Double(number)
        case .number(let number)?: return number
        case nil:
            if let fallback { return fallback }
            throw wrong(key, "a number")
        default: throw wrong(key, "a number")
        }
    }

    func text(_ key: String) throws(TrainingError) -> String {
        guard case .string(let text)? = value[key] else { throw wrong(key, "a text") }
        return text
    }

    /// False where it is absent.
    func flag(_ key: String) throws(TrainingError) -> Bool {
        guard let member = value[key] else { return false }
        guard case .bool(let flag) = member else { throw wrong(key, "true or false") }
        return flag
    }

    func choice<Choice: RawRepresentable & CaseIterable>(
        _ key: String, default fallback: Choice
    ) throws(TrainingError) -> Choice where Choice.RawValue == String {
        guard value[key] != nil else { return fallback }
        guard let choice = Choice(rawValue: try text(key)) else {
            let known = Choice.allCases.map(\.rawValue).joined(separator: ", ")
            throw wrong(key, "one of \(known)")
        }
        return choice
    }

    /// Nil where it is absent.
    func integers(_ key: String) throws(TrainingError) -> [Int]? {
        guard let member = value[key] else { return nil }
        guard case .array(let elements) = member else { throw wrong(key, "a list") }
        let numbers = elements.compactMap { if case .integer(let n) = $0 { n } else { nil } }
        guard numbers.count == elements.count else { throw wrong(key, "a list of whole numbers") }
        return numbers
    }
}
