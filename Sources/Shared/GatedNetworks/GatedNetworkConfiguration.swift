/// A gated network of any graph, written out or made by a preset, and how to train it.
public struct GatedNetworkConfiguration: Hashable, Sendable {
    /// The width of every node that states none.
    public var hiddenWidth: Int
    public var network: NetworkRecipe
    public var plan: GatedPlan
    public var weightSeed: UInt64

    public init(
        hiddenWidth: Int, network: NetworkRecipe, plan: GatedPlan, weightSeed: UInt64 = 0
    ) {
        self.hiddenWidth = hiddenWidth
        self.network = network
        self.plan = plan
        self.weightSeed = weightSeed
    }

    public var graph: GatedGraph { network.graph(hiddenWidth: hiddenWidth) }
}

/// How a person asks for a network: by what it is to show, or node by node.
public enum NetworkRecipe: Hashable, Sendable {
    case xor(XORScheme)
    case contextual(ContextualTask)
    case tree(TreeTask)
    case graph(WrittenGraph)

    public func graph(hiddenWidth: Int) -> GatedGraph {
        switch self {
        case .xor(let scheme): scheme.graph(hiddenWidth: hiddenWidth)
        case .contextual(let task): task.graph(hiddenWidth: hiddenWidth)
        case .tree(let task): task.graph(hiddenWidth: hiddenWidth)
        case .graph(let written): written.graph(hiddenWidth: hiddenWidth)
        }
    }

    /// Made of widths alone.
    func size(hiddenWidth: Int) -> GraphSize {
        switch self {
        case .xor(let scheme): scheme.size(hiddenWidth: hiddenWidth)
        case .contextual(let task): task.size(hiddenWidth: hiddenWidth)
        case .tree(let task): task.size(hiddenWidth: hiddenWidth)
        case .graph(let written): written.size(hiddenWidth: hiddenWidth)
        }
    }

    var kind: String {
        switch self {
        case .xor: "xor"
        case .contextual: "contextual"
        case .tree: "tree"
        case .graph: "graph"
        }
    }
}

// MARK: - Reading and writing

extension GatedNetworkConfiguration: ReadableConfiguration {
    public static let paths =
        ["hidden_width", "network"] + NetworkRecipe.keys.map { "network.\($0)" }
        + GatedPlan.paths + ["seeds", "seeds.weights"]

    public static let listPaths: Set = [
        "network.strengths", "network.contextual_strengths", "network.nodes", "network.edges",
        "network.contexts",
    ]

    public var datasetName: String? { nil }
    public var exampleSelection: ExampleSelection? { nil }
    public var epochs: Int { plan.epochs }

    public var evaluatedEveryEpochs: Int { plan.everyEpochs }
    public var stopsEarly: Bool { plan.stop != nil }
    public var gateRequest: GateRequest? { nil }
    var whole: Configuration { .gatedNetwork(self) }

    public var json: JSONValue {
        var members = plan.members
        members["hidden_width"] = .integer(hiddenWidth)
        members["network"] = .object(
            network.members.merging(["kind": .string(network.kind)]) { first, _ in first })
        members["seeds"] = .object(["weights": seedJSON(weightSeed)])
        return .object(members)
    }

    static func read(_ fields: inout FieldReader) -> GatedNetworkConfiguration? {
        let width = fields.integer("hidden_width", in: 1...Limits.hiddenWidthMax, default: nil)
        let network = fields.networkRecipe()
        let plan = fields.gatedPlan(.gatedNetwork)
        let seeds = fields.seeds(of: .gatedNetwork)
        guard let network, let plan else { return nil }
        return GatedNetworkConfiguration(
            hiddenWidth: width, network: network, plan: plan, weightSeed: seeds["weights"] ?? 0)
    }

    func check(_ fields: FieldReader) {
        network.size(hiddenWidth: hiddenWidth)
            .check(fields, momentsAt: "network", weightsAt: "hidden_width")
    }
}

extension NetworkRecipe {
    static let keys =
        ["kind", "scheme", "depth", "branching", "strengths", "layers", "context_count"]
        + ["contextual_strengths", "nodes", "edges", "contexts"]

    var members: [String: JSONValue] {
        switch self {
        case .xor(let scheme): ["scheme": .string(scheme.rawValue)]
        case .contextual(let task): task.members
        case .tree(let task): task.members
        case .graph(let written): written.members
        }
    }
}

extension FieldReader {
    /// Nil where it is missing, of no known kind, or wrong.
    mutating func networkRecipe() -> NetworkRecipe? {
        let kinds = ["xor", "contextual", "tree", "graph"]
        let wanted = "a map of kind (\(alternatives(kinds))) and more"
        guard let map = required("network", wanted: wanted) else { return nil }
        var fields = FieldReader(map, wanted: wanted, mistakes: mistakes)
        guard map.members != nil,
            let named = fields.required("kind", wanted: alternatives(kinds)),
            let kind = fields.choice(named, among: kinds)
        else {
            fields.know(NetworkRecipe.keys)
            fields.finish()
            return nil
        }
        let recipe: NetworkRecipe? =
            switch kind {
            case "xor": fields.choice("scheme", default: nil).map(NetworkRecipe.xor)
            case "contextual": fields.contextualTask().map(NetworkRecipe.contextual)
            case "tree": fields.treeTask().map(NetworkRecipe.tree)
            default: fields.writtenGraph().map(NetworkRecipe.graph)
            }
        fields.finish(kind: (kind, NetworkRecipe.keys))
        return recipe
    }
}
