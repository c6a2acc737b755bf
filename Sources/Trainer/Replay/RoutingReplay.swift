import Shared

/// Trains a routing network from stored weights, and reports losses, singular values, similarity of
/// representations and final errors as a reference's `expected.json` has them, beside the theory.
///
/// `initial.safetensors` holds `input` (M, H, inputs), `hidden` (H, H) and `output` (M, outputs, H)
/// as float32. `record_every` says at which epochs singular values are taken, before the step.
struct RoutingReplay {
    private let configuration: RoutingConfiguration
    private let recordEvery: Int
    private let theoryStart: Double
    private let model: GatedModel

    /// Singular values of the hidden matrix in the report.
    private static let hiddenValuesMax = 10

    init(description: JSONValue, initial: Safetensors) throws {
        guard case .object(var members) = description else {
            throw TrainingError("case.json is not an object of keys and values.")
        }
        recordEvery = try ReplayCase.count("record_every", from: 1, takenOutOf: &members)
        guard let start = members.removeValue(forKey: "theory_initial_singular_value")?.number
        else {
            throw TrainingError(
                "case.json: theory_initial_singular_value: found none, wanted a number")
        }
        theoryStart = start
        configuration = try Self.configuration(members)
        model = try GatedModel(configuration.graph())
        try load(initial)
    }

    /// A case states its data and its learning rate at the top.
    private static func configuration(_ members: [String: JSONValue]) throws(TrainingError)
        -> RoutingConfiguration
    {
        var members = members
        var data: [String: JSONValue] = ["kind": .string("examples")]
        for key in ["inputs", "targets"] { data[key] = members.removeValue(forKey: key) }
        members["data"] = .object(data)
        var method: [String: JSONValue] = ["name": .string("gradient_descent")]
        method["learning_rate"] = members.removeValue(forKey: "learning_rate")
        members["method"] = .object(method)
        do throws(SweepMistakes) {
            let read = try Configuration(reading: SourceValue(.object(members)))
            if case .routing(let configuration) = read { return configuration }
        } catch {
            throw TrainingError("case.json: \(error.description)")
        }
        throw TrainingError("case.json: experiment: wanted routing")
    }

    private func load(_ file: Safetensors) throws {
        let (domains, width) = (configuration.domains, configuration.hiddenWidth)
        let table = configuration.data.table
        let parts = [
            ("input", [domains, width, table.inputs.columns], configuration.encoder(0)),
            ("hidden", [width, width], configuration.hiddenEdge),
            ("output", [domains, table.targets.columns, width], configuration.decoder(0)),
        ]
        for (name, shape, firstEdge) in parts {
            let tensor = try file.tensor(name, .float32, rank: shape.count)
            guard tensor.shape == shape else {
                throw TrainingError("The case's '\(name)' is \(tensor.shape), wanted \(shape).")
            }
            let (values, rows, columns) = (
                tensor.floats.map(Double.init), shape[shape.count - 2], shape[shape.count - 1]
            )
            for index in 0..<values.count / (rows * columns) {
                let part = values[index * rows * columns..<(index + 1) * rows * columns]
                model.network.setWeight(
                    firstEdge + index, Matrix(rows: rows, columns: columns, values: Array(part)))
            }
        }
    }

    func run() throws -> Replay.Result {
        let network = model.network
        let edges = [
            configuration.encoder(0), configuration.hiddenEdge, configuration.decoder(0),
        ]
        var (losses, recorded): ([Double], [Int]) = ([], [])
        var found: [[[Double]]] = [[], [], []]
        for epoch in 0..<configuration.epochs {
            losses.append(model.losses().training)
            if epoch % recordEvery == 0 {
                recorded.append(epoch)
                for (layer, edge) in edges.enumerated() {
                    let values = singularValues(network.weight(edge))
                    found[layer].append(Array(values.prefix(Self.hiddenValuesMax)))
                }
            }
            network.descend(rate: configuration.plan.method.learningRate) {}
        }
        let final = model.losses()
        var errors: [String: JSONValue] = [
            "definition": .string(
                "half the summed squared error over items and outputs, averaged over paths")
        ]
        errors["mean_squared_error_trained"] = final.trained.map(replayNumber)
        errors["mean_squared_error_untrained"] = final.untrained.map(replayNumber)
        return Replay.Result(
            report: .object([
                "loss_per_epoch": replayList(losses),
                "singular_values": .object([
                    "epoch": .array(recorded.map(JSONValue.integer)),
                    "input": .array(found[0].map(replayList)),
                    "hidden": .array(found[1].map(replayList)),
                    "output": .array(found[2].map(replayList)),
                ]),
                "final": .object(errors),
                "hidden_similarity_first_two_domains": .array(similarity.lists.map(replayList)),
                "theory": try theory(recorded, edges),
            ]),
            parameters: parameters)
    }

    /// What the encoder of domain 1 makes of an item (rows) by what that of domain 2 makes of one.
    private var similarity: Matrix {
        let items = configuration.data.table.inputs.transposed
        let representations = [0, min(1, configuration.domains - 1)].map {
            multiply(model.network.weight(configuration.encoder($0)), items)
        }
        return multiply(representations[0].transposed, representations[1])
    }

    private var parameters: Safetensors {
        var file = Safetensors()
        let (domains, network) = (configuration.domains, model.network)
        func all(_ edge: (Int) -> Int) -> (values: [Double], shape: [Int]) {
            let weights = (0..<domains).map { network.weight(edge($0)) }
            return (weights.flatMap(\.values), [domains, weights[0].rows, weights[0].columns])
        }
        let (input, output) = (all(configuration.encoder), all(configuration.decoder))
        let hidden = network.weight(configuration.hiddenEdge)
        file.set("input", input.values, shape: input.shape)
        file.set("hidden", hidden.values, shape: [hidden.rows, hidden.columns])
        file.set("output", output.values, shape: output.shape)
        return file
    }
}

// MARK: - The theory

extension RoutingReplay {
    private func theory(_ recorded: [Int], _ edges: [Int]) throws -> JSONValue {
        let parts = PathComponents(model.network.correlations, model.graph)
        let blocks = model.network.correlations.blocks(model.graph, parts)
        guard let modes = Modes(blocks, parts),
            modes.remainder <= TheoryTrack.tolerance
        else {
            throw TrainingError("The case's correlations are not diagonal together.")
        }
        let rate = configuration.plan.method.learningRate
        let start = [Double](repeating: theoryStart, count: model.graph.edges.count)
        let reduction = try Reduction(
            model, parts, modes, start: modes.all.map { _ in start },
            motion: .flow(tolerance: 1e-12, firstStep: rate))
        var (losses, found): ([Double], [[[Double]]]) = ([], [[], [], []])
        var last = 0
        for epoch in recorded {
            reduction.advance(by: Double(epoch - last) * rate) {}
            last = epoch
            losses.append(reduction.loss {})
            for (layer, edge) in edges.enumerated() {
                found[layer].append(reduction.networks.map { $0.weight(edge)[0, 0] })
            }
        }
        let table = configuration.data.table
        let moments = Moments(inputs: [(0, table.inputs)], targets: [(0, table.targets)], scale: 1)
        let strengths = singularValues(moments.outputInput)
        return .object([
            "singular_values_of_task": replayList(strengths),
            "epoch": .array(recorded.map(JSONValue.integer)),
            "input": .array(found[0].map(replayList)),
            "hidden": .array(found[1].map(replayList)),
            "output": .array(found[2].map(replayList)),
            "loss": replayList(losses),
            "closed_form_epochs_to_half_of_final_hidden": .array(closedForm(strengths)),
        ])
    }

    private func closedForm(_ strengths: [Double]) -> [JSONValue] {
        let table = configuration.data.table
        let theory = RoutingTheory(
            domains: configuration.domains,
            openOutputs: model.graph.contexts.count(where: \.isTrained) / configuration.domains,
            rate: 2 * configuration.plan.method.learningRate
                / Double(table.targets.rows * table.targets.columns),
            start: theoryStart)
        return strengths.enumerated().map { mode, strength in
            let final = theory.finalHidden(strength)
            return .object([
                "mode": .integer(mode), "final_hidden_singular_value": replayNumber(final),
                "epochs": replayNumber(theory.epochs(to: final / 2, strength: strength)),
            ])
        }
    }
}

func replayList(_ values: [Double]) -> JSONValue { .array(values.map(replayNumber)) }

/// JSON has no NaN and no infinities: they are texts, as everywhere in the system.
func replayNumber(_ value: Double) -> JSONValue {
    value.isFinite ? .number(value) : .string(MetricValue(Float(value)).text)
}

extension JSONValue {
    fileprivate var number: Double? {
        switch self {
        case .integer(let whole): Double(whole)
        case .number(let number): number
        default: nil
        }
    }
}
