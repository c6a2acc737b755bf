/// After which epochs a training is evaluated and which metrics each evaluation has, as far as its
/// configuration decides it. The trainer measures by it; a sweep is checked against it before
/// anything is trained. Pure.
public struct EvaluationSchema: Hashable, Sendable {
    /// Evaluations come after each epoch that this divides, and after the last.
    public let everyEpochs: Int
    /// As many as are configured.
    public let epochs: Int
    /// Of each evaluation, in the order of its rows.
    public let splits: [MetricRow.Split]
    /// The metrics that each row has.
    public let required: Set<String>
    /// The metrics that a row may have: the training decides which.
    public let optional: Set<String>

    public init(
        everyEpochs: Int, epochs: Int, splits: [MetricRow.Split], required: Set<String>,
        optional: Set<String>
    ) {
        self.everyEpochs = everyEpochs
        self.epochs = epochs
        self.splits = splits
        self.required = required
        self.optional = optional
    }

    public func isDue(after epoch: Int) -> Bool { epoch % everyEpochs == 0 || epoch == epochs }

    enum Presence {
        case always
        case trainingDecides
        case never
    }

    /// Whether the evaluations have a column of the report.
    func presence(of column: MeasuredColumn) -> Presence {
        guard splits.contains(column.split) else { return .never }
        if required.contains(column.metric) { return .always }
        return optional.contains(column.metric) ? .trainingDecides : .never
    }
}

/// Which kinds of pathways a network has.
public struct PathwayKinds: Hashable, Sendable {
    public var hasTrained: Bool
    public var hasUntrained: Bool

    public init(hasTrained: Bool, hasUntrained: Bool) {
        (self.hasTrained, self.hasUntrained) = (hasTrained, hasUntrained)
    }

    init(_ gate: GateStructure) {
        self.init(hasTrained: gate.openCount > 0, hasUntrained: gate.closedCount > 0)
    }
}

extension EvaluationSchema {
    public init(_ configuration: KPathConfiguration, _ kinds: PathwayKinds) {
        self.init(
            everyEpochs: configuration.evaluation.everyEpochs, epochs: configuration.epochs,
            splits: Experiment.kPath.splits,
            required: Set(
                (kinds.hasTrained
                    ? [MetricName.lossTrainedPaths, MetricName.accuracyTrainedPaths] : [])
                    + (kinds.hasUntrained
                        ? [MetricName.lossUntrainedPaths, MetricName.accuracyUntrainedPaths] : [])),
            optional: [])
    }

    /// - Parameter experiment: one with a theory.
    public init(_ plan: GatedPlan, _ experiment: Experiment, _ kinds: PathwayKinds) {
        var required = [MetricName.theoryStatus]
        if kinds.hasTrained { required += [MetricName.trainingLoss, MetricName.lossTrainedPaths] }
        if kinds.hasUntrained { required.append(MetricName.lossUntrainedPaths) }
        var optional = Self.theoryNames
        if case .gradientDescent = plan.method { optional.formUnion(Self.stepNames) }
        if experiment == .routing { optional.formUnion(Self.routingNames) }
        self.init(
            everyEpochs: plan.everyEpochs, epochs: plan.epochs, splits: experiment.splits,
            required: Set(required), optional: optional)
    }

    /// Which of them a row has depends on the theory's status, and on how far the training is.
    private static let theoryNames: Set<String> = {
        let single = [
            MetricName.theoryRemainder, MetricName.theoryFirst, MetricName.theorySecond,
            MetricName.theoryStart, MetricName.theoryStartValue, MetricName.theoryLoss,
            MetricName.theoryDeviationMax, MetricName.theoryDeviationRMS,
            MetricName.theoryHalfEpochErrorMax,
        ]
        let byMode = [
            MetricName.mode, MetricName.theoryMode, MetricName.singularValue,
            MetricName.theorySingularValue, MetricName.halfEpoch, MetricName.theoryHalfEpoch,
        ]
        return Set(single)
            .union(byMode.flatMap { (1...Limits.reportedModesMax).map($0) })
            .union((1...Limits.reportedPathwaysMax).map(MetricName.pathwayShare))
    }()

    /// Only a network that is trained by finite steps has them.
    private static let stepNames: Set = [
        MetricName.theoryStep, MetricName.theoryStepDeviationMax,
        MetricName.theoryStepHalfEpochErrorMax,
    ]

    private static let routingNames: Set<String> = {
        let hidden = [MetricName.hiddenSingularValue, MetricName.theoryHiddenSingularValue]
        let closed = [MetricName.closedFormHalfEpoch, MetricName.closedFormFinalHidden]
        return Set([MetricName.representationSimilarity, MetricName.closedFormStatus])
            .union(hidden.flatMap { (1...Limits.reportedHiddenModesMax).map($0) })
            .union(closed.flatMap { (1...Limits.reportedModesMax).map($0) })
    }()
}

/// Makes the schemas of many configurations; of each gate the structure is made once.
struct EvaluationSchemas {
    private var known: [GateRequest: PathwayKinds?] = [:]

    /// Nil if the gate cannot be made, which the training then reports.
    mutating func schema(of configuration: Configuration) -> EvaluationSchema? {
        let kinds: PathwayKinds?
        if case .gatedNetwork(let network) = configuration {
            kinds = network.network.pathwayKinds
        } else {
            kinds = configuration.gateRequest.flatMap { pathwayKinds($0) }
        }
        guard let kinds else { return nil }
        return switch configuration {
        case .kPath(let configuration): EvaluationSchema(configuration, kinds)
        case .routing(let configuration): EvaluationSchema(configuration.plan, .routing, kinds)
        case .gatedNetwork(let configuration):
            EvaluationSchema(configuration.plan, .gatedNetwork, kinds)
        }
    }

    private mutating func pathwayKinds(_ request: GateRequest) -> PathwayKinds? {
        if let known = known[request] { return known }
        let kinds = (try? request.structure()).map(PathwayKinds.init)
        known[request] = .some(kinds)
        return kinds
    }
}

extension NetworkRecipe {
    /// A preset trains all its contexts.
    fileprivate var pathwayKinds: PathwayKinds {
        guard case .graph(let graph) = self else {
            return PathwayKinds(hasTrained: true, hasUntrained: false)
        }
        let weighted = graph.contexts.filter { $0.weight > 0 }
        return PathwayKinds(
            hasTrained: weighted.contains(where: \.isTrained),
            hasUntrained: weighted.contains { !$0.isTrained })
    }
}
