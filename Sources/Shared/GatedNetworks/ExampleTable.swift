/// A small data set as two matrices with a row for each item, and the ways to ask for one.
public struct ExampleTable: Hashable, Sendable {
    /// (items, inputs)
    public var inputs: Matrix
    /// (items, outputs)
    public var targets: Matrix

    public init(inputs: Matrix, targets: Matrix) {
        self.inputs = inputs
        self.targets = targets
    }

    public enum Recipe: Hashable, Sendable {
        case tree(TreeData)
        /// Row by row; without inputs, item i is the i-th unit vector.
        case examples(inputs: Matrix?, targets: Matrix)

        public var table: ExampleTable {
            switch self {
            case .tree(let tree): tree.table
            case .examples(let inputs, let targets):
                ExampleTable(inputs: inputs ?? Matrix(identity: targets.rows), targets: targets)
            }
        }

        /// Of its table, without making it.
        var shape: (items: Int, inputs: Int, outputs: Int) {
            switch self {
            case .tree(let tree): (tree.items ?? 0, tree.items ?? 0, tree.features)
            case .examples(let inputs, let targets):
                (targets.rows, inputs?.columns ?? targets.rows, targets.columns)
            }
        }
    }
}

/// Items at the leaves of a tree in which every node above them has as many children, and a feature
/// for each node of the tree, which the items below it have.
///
/// Inputs are unit vectors. Feature 0 is the root's, then come the nodes level by level. Each
/// level's features have a strength of their own. The singular values of such data are those of
/// the levels' distinctions: what all items share first, then what tells the branches apart.
public struct TreeData: Hashable, Sendable {
    /// Levels below the root.
    public var depth: Int
    /// Children of each node.
    public var branching: Int
    /// By level, the root's first: depth + 1 numbers.
    public var strengths: [Double]

    public init(depth: Int, branching: Int, strengths: [Double]) {
        self.depth = depth
        self.branching = branching
        self.strengths = strengths
    }

    /// branching^depth, or nil where that is more than `Limits.itemsMax`.
    public var items: Int? {
        var count = 1
        for _ in 0..<depth {
            count *= branching
            if count > Limits.itemsMax { return nil }
        }
        return count
    }

    /// By level: how many nodes it has.
    private var widths: [Int] {
        (0..<depth).reduce(into: [1]) { widths, _ in widths.append((widths.last ?? 1) * branching) }
    }

    /// How many features there are; 0 where there would be too many items.
    var features: Int { items == nil ? 0 : widths.reduce(0, +) }

    /// Empty where there would be too many items.
    public var table: ExampleTable {
        let items = items ?? 0
        var targets = Matrix(zeros: items, features)
        let widths = widths
        for item in 0..<items {
            var start = 0
            for (level, width) in widths.enumerated() {
                targets[item, start + item / (items / width)] = strengths[level]
                start += width
            }
        }
        return ExampleTable(inputs: Matrix(identity: items), targets: targets)
    }
}

// MARK: - Reading and writing

extension ExampleTable.Recipe {
    static let keys = ["kind", "depth", "branching", "strengths", "inputs", "targets"]

    var members: [String: JSONValue] {
        switch self {
        case .tree(let tree):
            return tree.members.merging(["kind": .string("tree")]) { first, _ in first }
        case .examples(let inputs, let targets):
            var members: [String: JSONValue] = [
                "kind": .string("examples"), "targets": targets.json,
            ]
            members["inputs"] = inputs.map(\.json)
            return members
        }
    }
}

extension TreeData {
    static let keys = ["depth", "branching", "strengths"]

    var members: [String: JSONValue] {
        [
            "depth": .integer(depth), "branching": .integer(branching),
            "strengths": .array(strengths.map(JSONValue.number)),
        ]
    }
}

extension Matrix {
    var json: JSONValue { .array(lists.map { .array($0.map(JSONValue.number)) }) }
}

extension FieldReader {
    /// The `data` of a routing network. Nil where it is missing or of no known kind.
    mutating func exampleRecipe() -> ExampleTable.Recipe? {
        let wanted = "a map of kind (tree or examples) and more"
        guard let map = required("data", wanted: wanted) else { return nil }
        var fields = FieldReader(map, wanted: wanted, mistakes: mistakes)
        let kinds = ["tree", "examples"]
        guard map.members != nil,
            let named = fields.required("kind", wanted: alternatives(kinds)),
            let kind = fields.choice(named, among: kinds)
        else {
            fields.know(ExampleTable.Recipe.keys)
            fields.finish()
            return nil
        }
        defer { fields.finish(kind: (kind, ExampleTable.Recipe.keys)) }
        if kind == "tree" { return fields.treeData().map(ExampleTable.Recipe.tree) }
        let inputs = fields.value("inputs").flatMap { fields.matrix($0) }
        guard let targets = fields.matrix("targets") else { return nil }
        if let inputs, inputs.rows != targets.rows {
            fields.mistakes.add(
                .conflict, at: fields.place("inputs"),
                "found \(inputs.rows) rows, wanted as many as the targets have: \(targets.rows)")
        }
        return .examples(inputs: inputs, targets: targets)
    }

    /// Nil where a part is wrong.
    mutating func treeData() -> TreeData? {
        let depth = requiredInteger("depth", in: 0...10)
        let branching = requiredInteger("branching", in: 1...Limits.itemsMax)
        let wanted = "a list of numbers, one for each level from the root on: depth + 1"
        guard let value = required("strengths", wanted: wanted) else { return nil }
        guard let strengths = numbers(value, wanted: wanted) else { return nil }
        guard let depth, let branching else { return nil }
        if strengths.count != depth + 1 {
            mistakes.add(
                .conflict, at: value.place,
                "found \(strengths.count) numbers, wanted depth + 1: \(depth + 1)")
            return nil
        }
        let tree = TreeData(depth: depth, branching: branching, strengths: strengths)
        if tree.items == nil {
            mistakes.add(
                .conflict, at: place("branching"),
                "found \(branching), which makes more than \(Limits.itemsMax) items with a depth "
                    + "of \(depth)")
            return nil
        }
        return tree
    }

    func numbers(_ value: SourceValue, wanted: String) -> [Double]? {
        guard let elements = value.elements, !elements.isEmpty,
            elements.count <= 2 * Limits.itemsMax
        else {
            refuse(value, wanted: wanted)
            return nil
        }
        let numbers = elements.compactMap { number($0, .any) }
        return numbers.count == elements.count ? numbers : nil
    }

    /// A list of rows, each a list of as many numbers.
    mutating func matrix(_ key: String) -> Matrix? {
        required(key, wanted: "a list of rows, each a list of numbers").flatMap(matrix)
    }

    func matrix(_ value: SourceValue) -> Matrix? {
        let wanted = "a list of rows, each a list of numbers"
        guard let rows = value.elements, !rows.isEmpty, rows.count <= 2 * Limits.itemsMax else {
            refuse(value, wanted: wanted)
            return nil
        }
        let lists = rows.compactMap { numbers($0, wanted: "a list of numbers: a row") }
        guard lists.count == rows.count else { return nil }
        guard let matrix = Matrix(lists) else {
            refuse(value, wanted: "rows of one length", code: .wrongValue)
            return nil
        }
        return matrix
    }
}
