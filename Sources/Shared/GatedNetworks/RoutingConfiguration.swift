/// A routing network: M input domains with an encoder each, one shared hidden matrix, M output
/// domains with a decoder each, and a gate that says which pairs are trained. A gated network whose
/// graph follows from a few numbers.
public struct RoutingConfiguration: Hashable, Sendable {
    /// M.
    public var domains: Int
    /// H.
    public var hiddenWidth: Int
    public var gate: GateRecipe
    /// What every trained pathway is to learn.
    public var data: ExampleTable.Recipe
    public var plan: GatedPlan
    public var gateSeed: UInt64
    public var weightSeed: UInt64

    public init(
        domains: Int, hiddenWidth: Int, gate: GateRecipe, data: ExampleTable.Recipe,
        plan: GatedPlan, gateSeed: UInt64 = 0, weightSeed: UInt64 = 0
    ) {
        self.domains = domains
        self.hiddenWidth = hiddenWidth
        self.gate = gate
        self.data = data
        self.plan = plan
        self.gateSeed = gateSeed
        self.weightSeed = weightSeed
    }
}

extension RoutingConfiguration {
    /// Where the graph has what: inputs, the two hidden nodes, outputs; encoders, the hidden
    /// matrix, decoders.
    public func inputNode(_ domain: Int) -> Int { domain }
    public func outputNode(_ domain: Int) -> Int { domains + 2 + domain }
    public func encoder(_ domain: Int) -> Int { domain }
    public var hiddenEdge: Int { domains }
    public func decoder(_ domain: Int) -> Int { domains + 1 + domain }
    /// The context of a pathway.
    public func context(_ input: Int, _ output: Int) -> Int { input * domains + output }

    /// The network as a graph. A context is a pathway: one input has data, one output a target. Its
    /// moments are sums over the items and its weight is 2 / (items * outputs), so that the loss is
    /// the sum over trained pathways of the mean squared error over items and outputs.
    public func graph() throws(GateError) -> GatedGraph {
        let structure = try GateStructure(
            gate, domains: domains, classes: domains, seed: gateSeed)
        let table = data.table
        let (inputs, outputs) = (table.inputs.columns, table.targets.columns)
        var nodes = (0..<domains).map { GatedGraph.Node(name: "x\($0)", width: inputs) }
        nodes += ["a", "b"].map { GatedGraph.Node(name: $0, width: hiddenWidth) }
        nodes += (0..<domains).map { GatedGraph.Node(name: "y\($0)", width: outputs) }
        let edges =
            (0..<domains).map { GatedGraph.Edge(from: inputNode($0), to: domains) }
            + [GatedGraph.Edge(from: domains, to: domains + 1)]
            + (0..<domains).map { GatedGraph.Edge(from: domains + 1, to: outputNode($0)) }
        let moments = Moments(
            inputs: [(0, table.inputs)], targets: [(0, table.targets)], scale: 1)
        let weight = 2 / Double(table.inputs.rows * outputs)
        let contexts = (0..<domains * domains).map { index in
            let (input, output) = (index / domains, index % domains)
            return GatedGraph.Context(
                name: "\(input)-\(output)", weight: weight,
                isTrained: structure.isOpen(input: input, output: output),
                moments: Moments(
                    inputs: [inputNode(input)], outputs: [outputNode(output)],
                    inputInput: moments.inputInput, outputInput: moments.outputInput,
                    power: moments.power))
        }
        return GatedGraph(nodes: nodes, edges: edges, contexts: contexts)
    }
}

// MARK: - Reading and writing

extension RoutingConfiguration: ReadableConfiguration {
    public static let paths =
        ["domains", "hidden_width"] + GateRecipe.paths
        + ["data"] + ExampleTable.Recipe.keys.map { "data.\($0)" }
        + GatedPlan.paths + ["seeds", "seeds.gate", "seeds.weights"]

    public static let listPaths = GateRecipe.listPaths.union([
        "data.strengths", "data.inputs", "data.targets",
    ])

    public var datasetName: String? { nil }
    public var exampleSelection: ExampleSelection? { nil }
    public var epochs: Int { plan.epochs }

    public var evaluatedEveryEpochs: Int { plan.everyEpochs }
    public var stopsEarly: Bool { plan.stop != nil }
    public var gateRequest: GateRequest? {
        GateRequest(recipe: gate, domains: domains, classes: domains, seed: gateSeed)
    }
    var whole: Configuration { .routing(self) }

    public var json: JSONValue {
        var members = plan.members
        members["domains"] = .integer(domains)
        members["hidden_width"] = .integer(hiddenWidth)
        members["gate"] = gate.json
        members["data"] = .object(data.members)
        members["seeds"] = .object(["gate": seedJSON(gateSeed), "weights": seedJSON(weightSeed)])
        return .object(members)
    }

    static func read(_ fields: inout FieldReader) -> RoutingConfiguration? {
        let domains = fields.requiredInteger("domains", in: 1...Limits.routingDomainsMax)
        let width = fields.integer("hidden_width", in: 1...Limits.hiddenWidthMax, default: nil)
        let gate = fields.gateRecipe(domains: domains)
        let data = fields.exampleRecipe()
        let plan = fields.gatedPlan(.routing)
        let seeds = fields.seeds(of: .routing)
        guard let domains, let gate, let data, let plan else { return nil }
        return RoutingConfiguration(
            domains: domains, hiddenWidth: width, gate: gate, data: data, plan: plan,
            gateSeed: seeds["gate"] ?? 0, weightSeed: seeds["weights"] ?? 0)
    }

    func check(_ fields: FieldReader) {
        let shape = data.shape
        var size = GraphSize()
        size.addWeights(hiddenWidth, hiddenWidth)
        size.addWeights(hiddenWidth, shape.inputs, times: domains)
        size.addWeights(shape.outputs, hiddenWidth, times: domains)
        size.addMoments(inputs: shape.inputs, outputs: shape.outputs, examples: shape.items)
        // Every pathway is measured, trained or not.
        size.addPathways(
            inputs: shape.inputs, outputs: shape.outputs, count: domains * domains)
        size.check(fields, momentsAt: "data", weightsAt: "hidden_width")
    }
}
