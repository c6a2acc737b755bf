/// What a network of the theory would take, counted from widths alone: whoever asks knows it before
/// anything of that size is made. Float64, in which no such count overflows.
struct GraphSize {
    private(set) var weights = 0.0
    /// Of the moments of all contexts: numbers that are kept, and the products they are made of.
    private(set) var momentNumbers = 0.0
    private(set) var multiplications = 0.0
    /// Of the same for every pathway on its own.
    private(set) var pathwayNumbers = 0.0

    /// Beginnings of pathways that one context has: a training makes each of them at least.
    var pathBeginnings = 0.0

    mutating func addWeights(_ rows: Int, _ columns: Int, times: Int = 1) {
        weights += Double(rows) * Double(columns) * Double(times)
    }

    /// < x x^T > and < y x^T > of one context.
    /// - Parameter examples: what they are made of; 0 where they are given.
    mutating func addMoments(inputs: Int, outputs: Int, examples: Int) {
        let numbers = Double(inputs + outputs) * Double(inputs)
        momentNumbers += numbers
        multiplications += numbers * Double(examples)
    }

    mutating func addPathways(inputs: Int, outputs: Int, count: Int) {
        pathwayNumbers += Double(inputs + outputs) * Double(inputs) * Double(count)
    }

    /// One sentence for each limit that is passed.
    func check(_ fields: FieldReader, momentsAt key: String, weightsAt weightKey: String) {
        func refuse(_ key: String, _ found: Double, _ what: String, _ limit: Int) {
            guard found > Double(limit) else { return }
            fields.mistakes.add(
                .conflict, at: fields.place(key),
                "found a network of \(Int(min(found, 1e18))) \(what), wanted at most \(limit)")
        }
        refuse(weightKey, weights, "weights", Limits.gatedParametersMax)
        refuse(
            key, momentNumbers, "numbers in the correlations of its contexts",
            Limits.momentNumbersMax)
        refuse(
            key, pathwayNumbers, "numbers in the correlations of its pathways",
            Limits.gatedNumbersMax)
        refuse(key, pathBeginnings, "beginnings of pathways", Limits.pathBranchesMax)
        refuse(
            key, multiplications, "products of numbers that its correlations are made of",
            Limits.momentProductsMax)
    }
}

extension GatedGraph {
    /// Its weights alone.
    var weightSize: GraphSize {
        var size = GraphSize()
        for edge in edges { size.addWeights(nodes[edge.target].width, nodes[edge.source].width) }
        return size
    }
}

extension WrittenGraph {
    func addMoments(to size: inout GraphSize) {
        let widths = Dictionary(nodes.map { ($0.name, $0.width ?? 0) }) { first, _ in first }
        let inputs = Set(inputNames)
        for context in contexts {
            switch context.data {
            case .examples(let tables, let targets):
                size.addMoments(
                    inputs: tables.reduce(0) { $0 + $1.rows.columns },
                    outputs: targets.reduce(0) { $0 + $1.rows.columns },
                    examples: tables.first?.rows.rows ?? 0)
            case .correlations(let correlations):
                let own = correlations.filter { $0.first == $0.second }.map(\.first)
                let (x, y) = (own.filter(inputs.contains), own.filter { !inputs.contains($0) })
                size.addMoments(
                    inputs: x.reduce(0) { $0 + (widths[$1] ?? 0) },
                    outputs: y.reduce(0) { $0 + (widths[$1] ?? 0) }, examples: 0)
            }
        }
    }
}
