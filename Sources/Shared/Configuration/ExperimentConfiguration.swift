/// What every kind of experiment's configuration says of itself, and how all of them are read: a
/// new kind states its keys, reads its fields and is one more case of `Configuration`.
public protocol ExperimentConfiguration: Hashable, Sendable {
    /// Every path, parents before their children: what an axis may set and a near miss may mean.
    static var paths: [String] { get }
    /// The paths whose value is a list, which an axis therefore does not expand.
    static var listPaths: Set<String> { get }

    /// The data set's name; nil where the experiment makes its own data.
    var datasetName: String? { get }
    /// Which examples of the data set it uses; nil where the experiment makes its own data.
    var exampleSelection: ExampleSelection? { get }
    var epochs: Int { get }
    /// After how many epochs all is measured, again and again.
    var evaluatedEveryEpochs: Int { get }
    /// Whether it can end before its last epoch.
    var stopsEarly: Bool { get }
    /// Which pathways are trained, where a gate says so.
    var gateRequest: GateRequest? { get }
    /// Every key that has a value, with the names of a sweep file. A change here gives every task a
    /// new identity.
    var json: JSONValue { get }
}

/// How a kind of experiment is read. Apart, so that readers stay inside this module.
protocol ReadableConfiguration: ExperimentConfiguration {
    /// Nil where a field is missing or wrong in a way that leaves nothing to go on with.
    static func read(_ fields: inout FieldReader) -> Self?

    /// What only several fields together can break.
    func check(_ fields: FieldReader)

    var whole: Configuration { get }
}

extension ReadableConfiguration {
    /// Nil where the collector has got mistakes from it.
    static func read(_ map: SourceValue, mistakes: MistakeCollector) -> Self? {
        let before = mistakes.found.count
        var fields = FieldReader(map, wanted: "a map of a configuration's keys", mistakes: mistakes)
        let configuration = read(&fields)
        fields.finish(elsewhere: pathWithLeaf)
        guard let configuration, mistakes.found.count == before else { return nil }
        configuration.check(fields)
        return mistakes.found.count == before ? configuration : nil
    }

    static func readWhole(_ map: SourceValue, mistakes: MistakeCollector) -> Configuration? {
        read(map, mistakes: mistakes)?.whole
    }

    /// Where a key of an inner map belongs: `learning_rate` at the top means the optimizer's.
    private static func pathWithLeaf(_ key: String) -> String? {
        if key.contains(".") { return nestedSpelling(of: key) }
        return paths.first { $0.hasSuffix("." + key) }
    }

    /// `init.gain` is a path for an axis; inside a map it is written nested.
    private static func nestedSpelling(of path: String) -> String? {
        guard paths.contains(path) else { return nil }
        let parts = path.split(separator: ".")
        return "\(parts[0]): {\(parts[1]): …}"
    }
}

/// A gate as it is asked for, with all that decides what comes out.
public struct GateRequest: Hashable, Sendable {
    public var recipe: GateRecipe
    public var domains: Int
    public var classes: Int
    public var seed: UInt64

    public init(recipe: GateRecipe, domains: Int, classes: Int, seed: UInt64) {
        self.recipe = recipe
        self.domains = domains
        self.classes = classes
        self.seed = seed
    }

    public func structure() throws(GateError) -> GateStructure {
        try GateStructure(recipe, domains: domains, classes: classes, seed: seed)
    }
}
