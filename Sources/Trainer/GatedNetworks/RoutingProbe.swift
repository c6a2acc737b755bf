import Shared

/// What is measured of a routing network beyond its losses: how alike its encoders represent the
/// items, and the closed form of the theory.
struct RoutingProbe {
    private let encoders: [Int]
    private let hiddenEdge: Int
    /// (inputs, items)
    private let items: Matrix
    /// Nil where the closed form does not hold: it wants as many open pathways for each encoder and
    /// each decoder, and orthonormal inputs.
    private let closedForm: RoutingTheory?

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
        let moments = graph.contexts.first?.moments.inputInput
        guard rows.count == 1, rows == columns, let count = rows.first,
            moments == Matrix(identity: table.inputs.columns)
        else {
            closedForm = nil
            return
        }
        let size = Double(table.targets.rows * table.targets.columns)
        closedForm = RoutingTheory(
            domains: domains, openOutputs: count,
            rate: 2 * configuration.plan.method.learningRate / size,
            start: configuration.plan.approximateStart)
    }

    /// - Parameter look: called often where it takes long.
    func values<Stop: Error>(
        _ model: GatedModel, _ theory: TheoryTrack, _ look: () throws(Stop) -> Void
    ) throws(Stop) -> [String: Double] {
        var values: [String: Double] = [:]
        values[MetricName.representationSimilarity] = try similarity(model.network, look)
        guard let reduction = theory.reduction else { return values }
        addHidden(model.network, reduction, to: &values)
        guard let closedForm else { return values }
        for (index, strength) in strengths(reduction).enumerated() {
            let half = closedForm.hidden(product: strength / 2)
            let epochs = closedForm.epochs(to: half, strength: strength)
            values[MetricName.closedFormHalfEpoch(index + 1)] = epochs
            values[MetricName.closedFormFinalHidden(index + 1)] = closedForm.finalHidden(strength)
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
