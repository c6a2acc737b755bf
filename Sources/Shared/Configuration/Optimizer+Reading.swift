/// The `optimizer` of a configuration. Ranges are PyTorch's, and momentum ends below 1, where the
/// velocity no longer forgets.
extension FieldReader {
    /// Nil where it is missing or has no right name.
    mutating func optimizer() -> Optimizer? {
        let wanted = "a map of name (sgd or adam), learning_rate and more"
        guard let map = required("optimizer", wanted: wanted) else { return nil }
        var fields = FieldReader(map, wanted: wanted, mistakes: mistakes)
        guard map.members != nil,
            let named = fields.required("name", wanted: "sgd or adam"),
            let name = fields.choice(named, among: ["sgd", "adam"])
        else {
            fields.know(["learning_rate", "weight_decay"])
            fields.know(Optimizer.SGD.ownKeys + Optimizer.Adam.ownKeys)
            fields.finish()
            return nil
        }
        let isSGD = name == "sgd"
        let optimizer: Optimizer = isSGD ? .sgd(fields.sgd()) : .adam(fields.adam())
        let foreign = isSGD ? Optimizer.Adam.ownKeys : Optimizer.SGD.ownKeys
        fields.finish(kind: (name, foreign))
        return optimizer
    }

    private mutating func sgd() -> Optimizer.SGD {
        let sgd = Optimizer.SGD(
            learningRate: number("learning_rate", .notNegative.float32, default: nil),
            momentum: number("momentum", .zeroToBelowOne.float32, default: 0),
            dampening: number("dampening", .zeroToOne.float32, default: 0),
            weightDecay: number("weight_decay", .notNegative.float32, default: 0),
            nesterov: bool("nesterov", default: false))
        guard sgd.nesterov, sgd.momentum == 0 || sgd.dampening != 0 else { return sgd }
        let found =
            sgd.momentum == 0
            ? "no momentum" : "a dampening of \(numberText(sgd.dampening))"
        mistakes.add(
            .conflict, at: place("nesterov"),
            "found true with \(found), wanted a momentum above 0 and a dampening of 0 beside it")
        return sgd
    }

    private mutating func adam() -> Optimizer.Adam {
        let defaults = Optimizer.Adam(learningRate: 0)
        return Optimizer.Adam(
            learningRate: number("learning_rate", .notNegative.float32, default: nil),
            beta1: number("beta1", .zeroToBelowOne.float32, default: defaults.beta1),
            beta2: number("beta2", .zeroToBelowOne.float32, default: defaults.beta2),
            epsilon: number("epsilon", .notNegative.float32, default: defaults.epsilon),
            weightDecay: number(
                "weight_decay", .notNegative.float32, default: defaults.weightDecay),
            amsgrad: bool("amsgrad", default: defaults.amsgrad))
    }
}

extension Optimizer.SGD {
    fileprivate static let ownKeys = ["momentum", "dampening", "nesterov"]
}

extension Optimizer.Adam {
    fileprivate static let ownKeys = ["beta1", "beta2", "epsilon", "amsgrad"]
}
