import Shared

/// What each output domain makes of a label, made once from the configuration.
struct LabelMaps {
    /// The logits of a decoder.
    let outputClasses: Int
    /// (domains, classes): domain n's label for class y is maps[n * classes + y].
    let maps: [Int32]
    private let classes: Int

    init(_ transform: TargetTransform, domains: Int, classes: Int) throws(TrainingError) {
        self.classes = classes
        switch transform {
        case .none:
            outputClasses = classes
            maps = (0..<domains).flatMap { _ in (0..<classes).map(Int32.init) }
        case .permute:
            outputClasses = classes
            let orders = firstPermutations(domains, of: classes)
            guard orders.count == domains else {
                throw Self.tooFew(orders.count, "permutations of \(classes) classes", domains)
            }
            maps = orders.flatMap(Self.inverse)
        case .classCombination:
            outputClasses = 2
            let subsets = firstSubsets(domains, of: classes, size: classes / 2)
            guard subsets.count == domains else {
                throw Self.tooFew(
                    subsets.count, "subsets of \(classes / 2) of \(classes) classes", domains)
            }
            maps = subsets.flatMap { subset in
                (0..<classes).map { subset.contains($0) ? 1 : 0 }
            }
        }
    }

    func label(_ output: Int, _ label: UInt8) -> Int32 { maps[output * classes + Int(label)] }

    private static func inverse(_ order: [Int]) -> [Int32] {
        var map = [Int32](repeating: 0, count: order.count)
        for (position, value) in order.enumerated() { map[value] = Int32(position) }
        return map
    }

    private static func tooFew(_ count: Int, _ what: String, _ domains: Int) -> TrainingError {
        TrainingError(
            "There are \(domains) domains, but only \(count) \(what): each output domain needs one "
                + "of its own.")
    }
}

/// The first permutations of 0 ..< size in lexicographic order; fewer where there are not as many.
func firstPermutations(_ count: Int, of size: Int) -> [[Int]] {
    var permutations = [Array(0..<size)]
    while permutations.count < count, let next = permutationAfter(permutations.last ?? []) {
        permutations.append(next)
    }
    return permutations
}

private func permutationAfter(_ order: [Int]) -> [Int]? {
    guard let rise = order.indices.dropLast().last(where: { order[$0] < order[$0 + 1] }),
        let larger = order.lastIndex(where: { $0 > order[rise] })
    else { return nil }
    var next = order
    next.swapAt(rise, larger)
    next[(rise + 1)...].reverse()
    return next
}

/// The first subsets of that size of 0 ..< total in lexicographic order, each ascending; fewer
/// where there are not as many.
func firstSubsets(_ count: Int, of total: Int, size: Int) -> [[Int]] {
    var subsets = [Array(0..<size)]
    while subsets.count < count, let next = subsetAfter(subsets.last ?? [], of: total) {
        subsets.append(next)
    }
    return subsets
}

private func subsetAfter(_ subset: [Int], of total: Int) -> [Int]? {
    let size = subset.count
    guard let last = subset.indices.last(where: { subset[$0] < total - size + $0 }) else {
        return nil
    }
    return Array(subset[..<last]) + (0..<size - last).map { subset[last] + 1 + $0 }
}
