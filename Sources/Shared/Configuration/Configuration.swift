internal import FoundationEssentials

/// Everything that one task trains, complete: what a coordinator hands to a worker. Its JSON is the
/// one canonical spelling, and a task's identity is the digest of that.
public enum Configuration: Hashable, Sendable {
    case kPath(KPathConfiguration)
    case routing(RoutingConfiguration)
    case gatedNetwork(GatedNetworkConfiguration)
}

/// The kinds of experiment, by the name that `experiment` has in a sweep file.
public enum Experiment: String, CaseIterable, Sendable {
    case kPath = "k_path"
    case routing
    case gatedNetwork = "gated_network"

    private var kind: any ReadableConfiguration.Type {
        switch self {
        case .kPath: KPathConfiguration.self
        case .routing: RoutingConfiguration.self
        case .gatedNetwork: GatedNetworkConfiguration.self
        }
    }

    /// Every path that a configuration of this experiment has, in the order of the documentation:
    /// what an axis may vary.
    public var paths: [String] { kind.paths }

    /// The paths whose value is a list, which an axis therefore does not expand.
    var listPaths: Set<String> { kind.listPaths }

    /// Reads the configuration that `map` states; nil where that put mistakes into the collector.
    func read(_ map: SourceValue, mistakes: MistakeCollector) -> Configuration? {
        kind.readWhole(map, mistakes: mistakes)
    }
}

extension Configuration {
    public var experiment: Experiment {
        switch self {
        case .kPath: .kPath
        case .routing: .routing
        case .gatedNetwork: .gatedNetwork
        }
    }

    private var content: any ExperimentConfiguration {
        switch self {
        case .kPath(let configuration): configuration
        case .routing(let configuration): configuration
        case .gatedNetwork(let configuration): configuration
        }
    }

    /// The data set's name; nil where the experiment makes its own data.
    public var dataset: String? { content.datasetName }

    /// Which examples of the data set are used; nil where the experiment makes its own data.
    public var exampleSelection: ExampleSelection? { content.exampleSelection }

    public var epochs: Int { content.epochs }

    public var evaluatedEveryEpochs: Int { content.evaluatedEveryEpochs }

    public var stopsEarly: Bool { content.stopsEarly }

    /// When it ends before its last epoch; nil: never.
    public var stop: StopRule? {
        switch self {
        case .kPath(let configuration): configuration.stop
        case .routing(let configuration): configuration.plan.stop
        case .gatedNetwork(let configuration): configuration.plan.stop
        }
    }

    /// Which pathways are trained, where a gate says so.
    public var gateRequest: GateRequest? { content.gateRequest }

    /// Reads what `json` writes; keys with a default may be left out.
    public init(reading value: SourceValue) throws(SweepMistakes) {
        let mistakes = MistakeCollector()
        let experiment = Experiment.read(from: value, mistakes: mistakes)
        let rest = (value.members ?? []).filter { $0.key != "experiment" }
        let configuration = experiment?.read(
            SourceValue(value.members == nil ? value.content : .map(rest), at: value.place),
            mistakes: mistakes)
        try mistakes.throwIfAny()
        guard let configuration else {
            throw SweepMistakes(
                SweepMistake(.wrongValue, at: value.place, "found no configuration"))
        }
        self = configuration
    }

    public var json: JSONValue {
        guard case .object(var members) = content.json else { return .null }
        members["experiment"] = .string(experiment.rawValue)
        return .object(members)
    }

    /// What makes two tasks the same task: equal configurations, on equal data, with the same
    /// arithmetic. The SHA-256 of the canonical JSON of the three. The data are known by their
    /// digest alone: the configuration enters without the data set's name.
    /// - Parameter dataDigest: nil where the experiment makes its own data.
    /// - Throws: where a number is NaN or infinite, which no configuration that was read has.
    public func identity(dataDigest: Digest?) throws -> Digest {
        try Self.identity(of: json, dataDigest: dataDigest)
    }

    /// The same of a configuration's JSON.
    public static func identity(
        of json: JSONValue, dataDigest: Digest?,
        numericVersion: String = NumericVersion.current
    ) throws -> Digest {
        var json = json
        if dataDigest != nil, case .object(var members) = json {
            members["dataset"] = nil
            json = .object(members)
        }
        let configuration = String(decoding: try json.canonicalData(), as: UTF8.self)
        var text = JSONText()
        text.object { text in
            text.key("configuration")
            text.raw(configuration)
            text.key("data")
            if let dataDigest { text.string(dataDigest.hexadecimal) } else { text.raw("null") }
            text.key("numeric_version")
            text.string(numericVersion)
        }
        return Digest(of: text.bytes)
    }
}

extension Experiment {
    /// Reads the `experiment` of a sweep or a configuration.
    static func read(from map: SourceValue, mistakes: MistakeCollector) -> Experiment? {
        guard map.members != nil else {
            mistakes.add(
                .wrongType, at: map.place, "found \(map.described), wanted a map of keys")
            return nil
        }
        var reader = FieldReader(map, wanted: "", mistakes: mistakes)
        return reader.choice("experiment", default: nil)
    }
}
