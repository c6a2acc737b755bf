import Shared

/// What is measured of a routing network beyond its losses: how alike its encoders represent the
/// items, and the closed form of the theory where it holds.
struct RoutingProbe {
    private let encoders: [Int]
    private let hiddenEdge: Int
    /// (inputs, items)
    private let items: Matrix
    /// By trained pathway: its encoder, the hidden matrix, its decoder.
    private let routes: [[Int]]
    private let gain: Double
    /// Of a pathway in the loss.
    private let weight: Double
    private let formula: RoutingTheory
    /// Whether `formula` holds for this network.
    private(set) var closedForm: ClosedFormStatus

    /// Looks at the gate alone; `checked` looks at the data and at the first weights.
    init(_ configuration: RoutingConfiguration, _ graph: GatedGraph) {
        let table = configuration.data.table
        let domains = configuration.domains
        encoders = (0..<domains).map(configuration.encoder)
        hiddenEdge = configuration.hiddenEdge
        items = table.inputs.transposed
        let open = { (input: Int, output: Int) in
            graph.contexts[configuration.context(input, output)].isTrained
        }
        let rows = Set((0..<domains).map { row in (0..<domains).count { open(row, $0) } })
        let columns = Set((0..<domains).map { column in (0..<domains).count { open($0, column) } })
        routes = (0..<domains).flatMap { input in
            (0..<domains).filter { open(input, $0) }.map { output in
                [
                    configuration.encoder(input), configuration.hiddenEdge,
                    configuration.decoder(output),
                ]
            }
        }
        gain = configuration.plan.initialization.gain
        let size = Double(table.targets.rows * table.targets.columns)
        formula = RoutingTheory(
            domains: domains, openOutputs: rows.max() ?? 0,
            rate: 2 * configuration.plan.method.learningRate / size, start: gain)
        weight = graph.contexts.first?.weight ?? 0
        closedForm = rows.count == 1 && rows == columns ? .applies : .unequalGate
    }

    /// The closed form follows one number for all encoders, one for the hidden matrix and one for
    /// all decoders, all three the gain at the start. A decoupled start in which every mode has the
    /// gain everywhere, with pathways of the sign of what they learn, has such numbers. They stay
    /// such numbers where every row and every column of the gate has as many trained pathways and
    /// inputs have a second moment of 1. Which domains the gate joins does not matter.
    func checked(against theory: TheoryTrack) -> RoutingProbe {
        var probe = self
        if let reduction = theory.reduction {
            guard closedForm == .applies else { return self }
            let modes = reduction.levels.joined()
            if !modes.allSatisfy({ areUnit(reduction.networks[$0].correlations.pairs) }) {
                probe.closedForm = .inputsNotUnit
            } else if let start = theory.decoupledStart {
                if !modes.allSatisfy({ isCommon(start[$0]) }) { probe.closedForm = .startNotCommon }
            } else {
                probe.closedForm = .startNotDecoupled
            }
        } else {
            probe.closedForm = .noReduction
        }
        return probe
    }

    /// Whether inputs have the second moment 1 along a mode, and those of two pathways none.
    private func areUnit(_ pairs: [PathCorrelations.Pair]) -> Bool {
        pairs.allSatisfy { pair in
            let wanted = pair.first == pair.second ? weight : 0
            return abs(pair.moment[0, 0] - wanted) <= TheoryTrack.tolerance * weight
        }
    }

    /// - Parameter start: by edge.
    private func isCommon(_ start: [Double]) -> Bool {
        routes.allSatisfy { route in
            let numbers = route.map { start[$0] }
            return gain > 0 && numbers.reduce(1, *) > 0
                && numbers.allSatisfy { abs(abs($0) - gain) <= ModeStart.tolerance * gain }
        }
    }

    /// - Parameter look: called often where it takes long.
    func values<Stop: Error>(
        _ model: GatedModel, _ theory: TheoryTrack, _ look: () throws(Stop) -> Void
    ) throws(Stop) -> [String: Double] {
        var values: [String: Double] = [:]
        values[MetricName.representationSimilarity] = try similarity(model.network, look)
        values[MetricName.closedFormStatus] = Double(closedForm.rawValue)
        guard let reduction = theory.reduction else { return values }
        addHidden(model.network, reduction, to: &values)
        guard closedForm == .applies else { return values }
        for (index, strength) in strengths(reduction).enumerated() {
            let half = formula.hidden(product: strength / 2)
            let epochs = formula.epochs(to: half, strength: strength)
            values[MetricName.closedFormHalfEpoch(index + 1)] = epochs
            values[MetricName.closedFormFinalHidden(index + 1)] = formula.finalHidden(strength)
        }
        return values
    }

    /// The numbers of the strongest modes in the hidden matrix. In the network they are its largest
    /// singular values, as many for each as there are modes alike.
    private func addHidden(
        _ network: GatedNetwork, _ reduction: Reduction, to values: inout [String: Double]
    ) {
        let hidden = network.weight(hiddenEdge)
        var rest = hidden.rows <= Limits.measuredHiddenWidthMax ? singularValues(hidden)[...] : []
        for (index, level) in reduction.levels.prefix(Limits.reportedHiddenModesMax).enumerated() {
            let ours = level.map { reduction.networks[$0].weight(hiddenEdge)[0, 0] }
            values[MetricName.theoryHiddenSingularValue(index + 1)] = mean(ours)
            guard rest.count >= level.count else { continue }
            values[MetricName.hiddenSingularValue(index + 1)] = mean(rest.prefix(level.count))
            rest = rest.dropFirst(level.count)
        }
    }

    private func mean(_ values: some Collection<Double>) -> Double {
        values.reduce(0, +) / Double(max(values.count, 1))
    }

    /// The singular values of the task, from the modes: a pathway's weight in the loss divided out.
    private func strengths(_ reduction: Reduction) -> [Double] {
        reduction.levels.prefix(Limits.reportedModesMax).map { level in
            let correlations = reduction.networks[level[0]].correlations
            guard let target = correlations.targets.first, let pair = correlations.pairs.first
            else { return 0 }
            return abs(target[0, 0] / pair.moment[0, 0])
        }
    }

    /// The mean, over pairs of domains, of the cosine between what their encoders make of all
    /// items. Nil with one domain.
    private func similarity<Stop: Error>(
        _ network: GatedNetwork, _ look: () throws(Stop) -> Void
    ) throws(Stop) -> Double? {
        var representations: [[Double]] = []
        for encoder in encoders {
            try look()
            representations.append(multiply(network.weight(encoder), items).values)
        }
        let norms = representations.map { dot($0, $0).squareRoot() }
        var (sum, count) = (0.0, 0)
        for first in representations.indices {
            try look()
            for second in representations.indices where second < first {
                let size = norms[first] * norms[second]
                sum += size > 0 ? dot(representations[first], representations[second]) / size : 0
                count += 1
            }
        }
        return count == 0 ? nil : sum / Double(count)
    }
}
