import Shared

/// What a report says of each task's gate. Made once for each gate of a sweep, not for each task.
struct GateColumns {
    static let names = [
        "gate_family", "gate_k", "gate_id", "gate_class_size", "gate_density", "gate_rank",
        "gate_components",
        "trained_pathways", "untrained_pathways",
    ]

    private struct Key: Hashable {
        var recipe: GateRecipe
        var domains: Int
        var classes: Int
        var seed: UInt64
    }

    private var known: [Key: [String]] = [:]

    /// The texts under `names`.
    mutating func cells(of configuration: Shared.Configuration) throws -> [String] {
        switch configuration {
        case .kPath(let configuration):
            let key = Key(
                recipe: configuration.gate, domains: configuration.domains,
                classes: configuration.classes, seed: configuration.seeds.gate)
            if let cells = known[key] { return cells }
            let gate = try GateStructure(
                key.recipe, domains: key.domains, classes: key.classes, seed: key.seed)
            let gateClass =
                gate.gateClass
                ?? key.recipe.gateClass(domains: key.domains, classes: key.classes)
            let cells = Self.cells(key.recipe, gate, gateClass)
            known[key] = cells
            return cells
        }
    }

    private static func cells(
        _ recipe: GateRecipe, _ gate: GateStructure, _ gateClass: GateClass?
    ) -> [String] {
        [
            recipe.family.name, recipe.family.k.map(String.init) ?? "",
            gateClass?.id ?? "unknown", gateClass?.size.map(String.init) ?? "",
            "\(gate.density)", "\(gate.rank)", "\(gate.componentCount)", "\(gate.openCount)",
            "\(gate.closedCount)",
        ]
    }
}
