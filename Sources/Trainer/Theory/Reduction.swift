import Shared

/// The exact reduction of a gated network: from a decoupled start every singular mode is a system
/// of scalars, one for each edge, and is itself a gated network whose nodes all have the width one.
///
///     tau dB_e/dt = sum over p through e of  B_(p without e) [ S(p) - sum over j of B_j D(j, p) ]
///
/// The gradient of decoupled weights is decoupled, so that under gradient descent the scalars take
/// the network's own finite steps: the reduction is then as exact for these as for the flow.
final class Reduction {
    /// How the scalars are followed.
    enum Motion {
        /// - `firstStep`: a guess of how far the flow may be followed at once.
        case flow(tolerance: Double, firstStep: Double)
        /// Each stretch of time is one step of gradient descent.
        case steps
    }

    let modes: Modes
    private let parts: PathComponents
    /// By mode.
    let networks: [GatedNetwork]
    /// By mode; empty where finite steps are followed.
    private let flows: [GradientFlow]
    /// What no mode can learn.
    private let rest: Double
    /// By mode: sum over pathways of S(p) times their product, at the least loss.
    let finalProgress: [Double]
    /// Modes that no correlation tells from each other, as those of one level of a tree are, the
    /// strongest first; without those that nothing is to be learnt of. How a plane is cut into
    /// modes means nothing; how much of it is learnt does.
    let levels: [[Int]]

    /// - Parameters:
    ///   - start: by mode, by edge.
    /// Throws where a mode's network is too large.
    init(
        _ model: GatedModel, _ parts: PathComponents, _ modes: Modes, start: [[Double]],
        motion: Motion
    ) throws(TrainingError) {
        let full = model.network.correlations
        let (tree, ends) = (full.tree, full.tree.ends)
        let ones = model.graph.nodes.map { _ in 1 }
        var (networks, finals): ([GatedNetwork], [Double]) = ([], [])
        var learnable = 0.0
        for (index, mode) in modes.all.enumerated() {
            let targets = ends.indices.map { end in
                Self.scalar(mode.value(full.targets[end], end, tree, parts))
            }
            let pairs = full.pairs.map { pair in
                let part = parts.ofEnds[pair.first]
                let value = mode.value(
                    pair.moment, parts.place(tree.branches[ends[pair.first]].input, in: part),
                    parts.place(tree.branches[ends[pair.second]].input, in: part))
                return PathCorrelations.Pair(
                    first: pair.first, second: pair.second, moment: Self.scalar(value))
            }
            let correlations = PathCorrelations(tree: tree, targets: targets, pairs: pairs)
            let residuals = try Self.residuals(correlations)
            let final = residuals.reduce(0) { $0 + $1.target.squaredNorm }
            learnable += final / 2
            finals.append(final)
            let network = try GatedNetwork(
                widths: ones, edges: model.graph.edges, correlations: correlations,
                lossTree: tree, residuals: residuals)
            for (edge, value) in start[index].enumerated() { network.weights[edge] = value }
            networks.append(network)
        }
        let power = Self.power(model.graph)
        let rest = power / 2 - learnable
        self.rest = rest > 1e-12 * power ? rest : 0
        self.modes = modes
        self.parts = parts
        self.networks = networks
        finalProgress = finals
        levels = Self.levels(networks.map(\.correlations), finals)
        switch motion {
        case .flow(let tolerance, let firstStep):
            flows = networks.map {
                GradientFlow($0, tolerance: tolerance, firstStep: firstStep)
            }
        case .steps:
            flows = []
        }
    }

    private static func levels(_ modes: [PathCorrelations], _ finals: [Double]) -> [[Int]] {
        let least = 1e-12 * (finals.max() ?? 0)
        var levels: [[Int]] = []
        for (index, mode) in modes.enumerated() where finals[index] > least {
            if let place = levels.firstIndex(where: { areAlike(modes[$0[0]], mode) }) {
                levels[place].append(index)
            } else {
                levels.append([index])
            }
        }
        return levels
    }

    private static func areAlike(_ first: PathCorrelations, _ second: PathCorrelations) -> Bool {
        func areAlike(_ a: [Double], _ b: [Double]) -> Bool {
            let size = max(a.reduce(0) { max($0, abs($1)) }, b.reduce(0) { max($0, abs($1)) })
            return zip(a, b).allSatisfy { abs($0 - $1) <= TheoryTrack.tolerance * size }
        }
        return areAlike(first.targets.map { $0[0, 0] }, second.targets.map { $0[0, 0] })
            && areAlike(first.pairs.map { $0.moment[0, 0] }, second.pairs.map { $0.moment[0, 0] })
    }

    private static func scalar(_ value: Double) -> Matrix {
        Matrix(rows: 1, columns: 1, values: [value])
    }

    /// The mean power of all targets, by the weights of trained contexts.
    private static func power(_ graph: GatedGraph) -> Double {
        graph.contexts.filter(\.isTrained).reduce(0) { sum, context in
            sum + context.weight * context.moments.power.reduce(0, +)
        }
    }

    /// A mode's loss as sums of squares: for each output, over the pathways that end there.
    private static func residuals(_ correlations: PathCorrelations)
        throws(TrainingError) -> [GatedNetwork.Residual]
    {
        let (tree, ends) = (correlations.tree, correlations.tree.ends)
        let groups = Dictionary(grouping: ends.indices) { tree.branches[ends[$0]].node }
        var places: [Int: (node: Int, place: Int)] = [:]
        for (node, group) in groups {
            for (place, end) in group.enumerated() { places[end] = (node, place) }
        }
        var moments = groups.mapValues { Matrix(zeros: $0.count, $0.count) }
        for pair in correlations.pairs {
            guard let first = places[pair.first], let second = places[pair.second] else { continue }
            moments[first.node]?[first.place, second.place] = pair.moment[0, 0]
        }
        var residuals: [GatedNetwork.Residual] = []
        for node in groups.keys.sorted() {
            let group = groups[node] ?? []
            let targets = group.map { correlations.targets[$0][0, 0] }
            let roots = try MomentRoots(
                inputInput: moments[node] ?? Matrix(zeros: 0, 0),
                outputInput: Matrix(rows: 1, columns: group.count, values: targets))
            let terms = group.enumerated().map { place, end in
                (
                    ends[end],
                    Matrix(
                        rows: 1, columns: roots.inputs.columns, values: roots.inputs.row(place))
                )
            }
            residuals.append(
                GatedNetwork.Residual(target: roots.targets, terms: terms, rest: 0))
        }
        return residuals
    }
}

extension Modes.Mode {
    /// Its number in what stands between the target and the input of a pathway.
    fileprivate func value(
        _ matrix: Matrix, _ end: Int, _ tree: PathTree, _ parts: PathComponents
    ) -> Double {
        let (branch, part) = (tree.branches[tree.ends[end]], parts.ofEnds[end])
        return value(
            matrix, parts.place(branch.node, in: part), parts.place(branch.input, in: part))
    }
}

// MARK: - Following it

extension Reduction {
    /// Lets so much time pass: along the flow, or by one step of that length.
    func advance<Stop: Error>(by duration: Double, _ look: () throws(Stop) -> Void) throws(Stop) {
        for flow in flows { try flow.advance(by: duration, look) }
        guard flows.isEmpty else { return }
        for network in networks {
            try look()
            try network.descend(rate: duration, look)
        }
    }

    func loss<Stop: Error>(_ look: () throws(Stop) -> Void) throws(Stop) -> Double {
        var sum = rest
        for network in networks {
            try look()
            sum += try network.losses(look).reduce(0, +)
        }
        return sum
    }

    /// By mode: sum over pathways of S(p) times the product of the mode's numbers along p.
    func progress<Stop: Error>(_ look: () throws(Stop) -> Void) throws(Stop) -> [Double] {
        var progress: [Double] = []
        for network in networks {
            try look()
            try network.computeSlopes(look)
            progress.append(
                zip(network.correlations.targets.indices, network.correlations.targets)
                    .reduce(0) { $0 + $1.1[0, 0] * network.product(end: $1.0)[0, 0] })
        }
        return progress
    }

    /// The same of the network itself: what the mode has of each pathway's product of weights.
    func progress<Stop: Error>(of network: GatedNetwork, _ look: () throws(Stop) -> Void)
        throws(Stop) -> [Double]
    {
        try network.computeSlopes(look)
        let tree = network.correlations.tree
        let products = tree.ends.indices.map(network.product)
        var progress: [Double] = []
        for (mode, reduced) in zip(modes.all, networks) {
            var sum = 0.0
            for (end, target) in reduced.correlations.targets.enumerated() where target[0, 0] != 0 {
                if end % 64 == 0 { try look() }
                sum += target[0, 0] * mode.value(products[end], end, tree, parts)
            }
            progress.append(sum)
        }
        return progress
    }

    /// By level: what is learnt of it, 0 to 1, and the number that its modes have in a pathway,
    /// mean over those that are to learn them by how much.
    func learnt(_ progress: [Double]) -> [(fraction: Double, value: Double)] {
        levels.map { level in
            let final = level.reduce(0) { $0 + finalProgress[$1] }
            let strength = level.reduce(0) { sum, mode in
                networks[mode].correlations.targets.reduce(sum) { $0 + abs($1[0, 0]) }
            }
            let now = level.reduce(0) { $0 + progress[$1] }
            return (final > 0 ? now / final : 0, strength > 0 ? now / strength : 0)
        }
    }

    /// All that it resumes from: the numbers of every mode, and of a flow its next step.
    var state: [Double] {
        networks.indices.flatMap { mode in
            let network = networks[mode]
            return (0..<network.parameterCount).map { network.weights[$0] }
                + (flows.isEmpty ? [] : [flows[mode].step])
        }
    }

    var stateCount: Int { networks.reduce(flows.count) { $0 + $1.parameterCount } }

    /// Resumes from a `state` of as many numbers as this one's. Throws if an integrator's step is
    /// one that it cannot have after epochs of `epochDuration`.
    func resume(_ state: [Double], epochDuration: Double) throws(TrainingError) {
        var start = 0
        for (mode, network) in networks.enumerated() {
            for index in 0..<network.parameterCount {
                network.weights[index] = state[start + index]
            }
            start += network.parameterCount
            guard !flows.isEmpty else { continue }
            let step = state[start]
            guard GradientFlow.canFollow(step, stepsOf: epochDuration) else {
                throw TrainingError(
                    "The checkpoint's theory has the next step \(step), which epochs of the length "
                        + "\(epochDuration) do not lead to.")
            }
            flows[mode].step = step
            start += 1
        }
    }
}
