import Shared

/// The correlations of a network's trained pathways as blocks that modes are looked for in.
extension PathCorrelations {
    func blocks(_ graph: GatedGraph, _ parts: PathComponents) -> [Modes.Block] {
        let (ends, numbers) = (tree.ends, PathwayShares(tree).ofEnds)
        let ofTargets = zip(ends, targets).enumerated().map { index, pair in
            let (end, target) = pair
            let (branch, part) = (tree.branches[end], parts.ofEnds[index])
            return Modes.Block(
                row: parts.place(branch.node, in: part),
                column: parts.place(branch.input, in: part), matrix: target, isTarget: true,
                name: "targets with inputs along \(name(of: end, graph))",
                pathways: .init(first: numbers[index] + 1, second: nil))
        }
        let ofInputs = pairs.filter { $0.first <= $0.second }.map { pair in
            let part = parts.ofEnds[pair.first]
            let (first, second) = (numbers[pair.first] + 1, numbers[pair.second] + 1)
            return Modes.Block(
                row: parts.place(tree.branches[ends[pair.first]].input, in: part),
                column: parts.place(tree.branches[ends[pair.second]].input, in: part),
                matrix: pair.moment, isTarget: false,
                name: "inputs of \(name(of: ends[pair.first], graph)) with those of "
                    + name(of: ends[pair.second], graph),
                pathways: .init(first: first, second: first == second ? nil : second))
        }
        return ofTargets + ofInputs
    }

    private func name(of end: Int, _ graph: GatedGraph) -> String {
        var (names, place): ([String], Int?) = ([], end)
        while let index = place {
            names.append(graph.nodes[tree.branches[index].node].name)
            place = tree.branches[index].parent
        }
        return names.reversed().joined(separator: "->")
    }
}
