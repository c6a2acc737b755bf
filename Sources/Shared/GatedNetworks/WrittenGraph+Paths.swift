/// How many pathways a written graph has, counted without making them: a few dozen layers of two
/// nodes have more than any host could hold.
extension WrittenGraph {
    /// At least as many beginnings of pathways as a training of this graph makes: the most that one
    /// of its first contexts has. 0 if the edges form a ring, which is refused elsewhere.
    var pathBeginnings: Double {
        let places = Dictionary(nodes.indices.map { (nodes[$0].name, $0) }) { first, _ in first }
        let links = edges.map { (from: places[$0.from] ?? 0, to: places[$0.to] ?? 0) }
        guard let order = Self.order(nodes.count, links) else { return 0 }
        let all = PathCount(nodes: nodes.count, links: links, order: order)
        let inputs = Set(nodes.indices).subtracting(links.map(\.to))
        // Gates only take pathways away, so mostly one count is enough.
        let most = all.beginnings(from: inputs, to: nil, closedNodes: [], closedEdges: [])
        guard most > Double(Limits.pathBranchesMax) else { return most }
        return contexts.prefix(Self.contextsCountedMax).map { context in
            let closed = Set(context.closed)
            let (sources, targets) = Self.ends(of: context.data, places, inputs)
            return all.beginnings(
                from: sources, to: targets,
                closedNodes: Set(nodes.indices.filter { closed.contains(nodes[$0].name) }),
                closedEdges: Set(edges.indices.filter { closed.contains(edges[$0].name) }))
        }.max() ?? 0
    }

    private static let contextsCountedMax = 64

    private static func order(_ count: Int, _ links: [(from: Int, to: Int)]) -> [Int]? {
        var waiting = [Int](repeating: 0, count: count)
        var outgoing = [[Int]](repeating: [], count: count)
        for link in links {
            waiting[link.to] += 1
            outgoing[link.from].append(link.to)
        }
        var order = (0..<count).filter { waiting[$0] == 0 }
        var next = 0
        while next < order.count {
            for target in outgoing[order[next]] {
                waiting[target] -= 1
                if waiting[target] == 0 { order.append(target) }
            }
            next += 1
        }
        return order.count == count ? order : nil
    }

    /// The inputs that have data, and the nodes that have a target.
    private static func ends(of data: Data, _ places: [String: Int], _ inputs: Set<Int>) -> (
        sources: Set<Int>, targets: Set<Int>
    ) {
        switch data {
        case .examples(let tables, let targets):
            return (
                Set(tables.compactMap { places[$0.node] }).intersection(inputs),
                Set(targets.compactMap { places[$0.node] })
            )
        case .correlations(let correlations):
            let own = Set(
                correlations.filter { $0.first == $0.second }.compactMap { places[$0.first] })
            return (own.intersection(inputs), own.subtracting(inputs))
        }
    }
}

/// Counts paths of a directed graph without rings, in float64, in which no count overflows.
private struct PathCount {
    let nodes: Int
    let links: [(from: Int, to: Int)]
    /// Every edge leads onwards in it.
    let rank: [Int]
    /// The edges by the rank of their source.
    let sorted: [Int]

    init(nodes: Int, links: [(from: Int, to: Int)], order: [Int]) {
        self.nodes = nodes
        self.links = links
        var rank = [Int](repeating: 0, count: nodes)
        for (index, node) in order.enumerated() { rank[node] = index }
        self.rank = rank
        sorted = links.indices.sorted { rank[links[$0].from] < rank[links[$1].from] }
    }

    /// Paths that begin at a source, are open all along, and lead on to a target.
    /// - Parameter targets: nil: every node is one.
    func beginnings(
        from sources: Set<Int>, to targets: Set<Int>?, closedNodes: Set<Int>, closedEdges: Set<Int>
    ) -> Double {
        let open = sorted.filter {
            !closedEdges.contains($0) && !closedNodes.contains(links[$0].from)
                && !closedNodes.contains(links[$0].to)
        }
        var leadsOn = (0..<nodes).map { targets?.contains($0) ?? true }
        for edge in open.reversed() where leadsOn[links[edge].to] {
            leadsOn[links[edge].from] = true
        }
        var paths = (0..<nodes).map { node in
            sources.contains(node) && !closedNodes.contains(node) && leadsOn[node] ? 1.0 : 0
        }
        for edge in open where leadsOn[links[edge].to] {
            paths[links[edge].to] += paths[links[edge].from]
        }
        return paths.reduce(0, +)
    }
}
