import Shared

/// Who won the race: which share of what is learnt goes through which pathways.
///
/// Pathways through the same hidden nodes count as one, whatever inputs and outputs they join: its
/// part of < y^T h >, how far the outputs go with their targets, is the sum over its p of
/// tr(Sigma_yx(p)^T A_p). Parts are numbered in the order of their nodes.
struct PathwayShares {
    /// By end of the tree: the number of its part, from 0.
    let ofEnds: [Int]
    let count: Int

    init(_ tree: PathTree) {
        let routes = tree.ends.map { end in
            var (nodes, place): ([Int], Int?) = ([], tree.branches[end].parent)
            while let index = place, tree.branches[index].parent != nil {
                nodes.append(tree.branches[index].node)
                place = tree.branches[index].parent
            }
            return Array(nodes.reversed())
        }
        let known = Set(routes).sorted { $0.lexicographicallyPrecedes($1) }
        let numbers = Dictionary(uniqueKeysWithValues: zip(known, known.indices))
        ofEnds = routes.map { numbers[$0] ?? 0 }
        count = known.count
    }

    /// Empty where there is one part only, or nothing is learnt.
    func values(_ network: GatedNetwork) -> [String: Double] {
        guard count > 1 else { return [:] }
        network.computeSlopes()
        var parts = [Double](repeating: 0, count: count)
        for (end, target) in network.correlations.targets.enumerated() {
            parts[ofEnds[end]] += dot(target.values, network.product(end: end).values)
        }
        let whole = parts.reduce(0) { $0 + abs($1) }
        guard whole > 0 else { return [:] }
        var values: [String: Double] = [:]
        for (index, part) in parts.prefix(Limits.reportedPathwaysMax).enumerated() {
            values[MetricName.pathwayShare(index + 1)] = part / whole
        }
        return values
    }
}
