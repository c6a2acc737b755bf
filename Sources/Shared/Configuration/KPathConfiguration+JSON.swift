/// The canonical JSON of a configuration: every key that has a value, with the names of a sweep
/// file. A change here gives every task a new identity.
extension KPathConfiguration {
    public var json: JSONValue {
        var members: [String: JSONValue] = [
            "dataset": .string(dataset),
            "domains": .integer(domains),
            "classes": .integer(classes),
            "input_transform": .string(inputTransform.rawValue),
            "target_transform": .string(targetTransform.rawValue),
            "hidden_width": .integer(hiddenWidth),
            "layers": .integer(layers),
            "hidden_layers": .integer(hiddenLayers),
            "relu": .bool(relu),
            "init": initialization.json,
            "gate": gate.json,
            "batch_size": .integer(batchSize),
            "epochs": .integer(epochs),
            "optimizer": optimizer.json,
            "evaluation": evaluation.json,
            "seeds": seeds.json,
        ]
        members["train_examples"] = trainExamples.map(JSONValue.integer)
        members["test_examples"] = testExamples.map(JSONValue.integer)
        members["stop"] = stop?.json
        onDivergence.write(to: &members)
        return .object(members)
    }
}

extension Initialization {
    fileprivate var json: JSONValue {
        .object([
            "scheme": .string(scheme.rawValue), "gain": .number(gain), "bias": .number(bias),
        ])
    }
}

extension Optimizer {
    fileprivate var json: JSONValue {
        switch self {
        case .sgd(let sgd):
            .object([
                "name": .string(name),
                "learning_rate": .number(sgd.learningRate),
                "momentum": .number(sgd.momentum),
                "dampening": .number(sgd.dampening),
                "weight_decay": .number(sgd.weightDecay),
                "nesterov": .bool(sgd.nesterov),
            ])
        case .adam(let adam):
            .object([
                "name": .string(name),
                "learning_rate": .number(adam.learningRate),
                "beta1": .number(adam.beta1),
                "beta2": .number(adam.beta2),
                "epsilon": .number(adam.epsilon),
                "weight_decay": .number(adam.weightDecay),
                "amsgrad": .bool(adam.amsgrad),
            ])
        }
    }
}

extension Evaluation {
    fileprivate var json: JSONValue {
        var members: [String: JSONValue] = ["every_epochs": .integer(everyEpochs)]
        members["train_examples"] = trainExamples.map(JSONValue.integer)
        return .object(members)
    }
}

extension Seeds {
    fileprivate var json: JSONValue {
        .object([
            "gate": seedJSON(gate), "weights": seedJSON(weights), "data": seedJSON(data),
        ])
    }
}

extension GateRecipe {
    var json: JSONValue {
        var members: [String: JSONValue] = ["family": .string(family.name)]
        members["k"] = family.k.map(JSONValue.integer)
        switch family {
        case .explicit(let rows):
            members["rows"] = .array(
                rows.map { row in .string(String(row.map { $0 ? "1" : "0" })) })
        case .blocks(let count): members["count"] = .integer(count)
        case .bernoulli(let density): members["density"] = .number(density)
        default: break
        }
        switch columns {
        case .natural: members["permute_columns"] = .bool(false)
        case .permuted: members["permute_columns"] = .bool(true)
        case .explicit(let order):
            members["column_permutation"] = .array(order.map(JSONValue.integer))
        }
        return .object(members)
    }
}

/// A seed that no sweep file may hold becomes a text, which the reader refuses: better than another
/// seed.
func seedJSON(_ seed: UInt64) -> JSONValue {
    Int(exactly: seed).map(JSONValue.integer) ?? .string("\(seed)")
}
