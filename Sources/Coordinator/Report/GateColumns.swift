import Shared

/// What a report says of each task's gate. Made once for each gate of a sweep, not for each task.
struct GateColumns {
    static let names = [
        "gate_family", "gate_k", "gate_density", "gate_rank", "gate_components",
        "trained_pathways", "untrained_pathways",
    ]

    private var known: [GateRequest: [String]] = [:]

    /// The texts under `names`; empty ones where no gate says what is trained.
    mutating func cells(of configuration: Shared.Configuration) throws -> [String] {
        guard let request = configuration.gateRequest else { return Self.names.map { _ in "" } }
        if let cells = known[request] { return cells }
        let cells = Self.cells(request.recipe, try request.structure())
        known[request] = cells
        return cells
    }

    private static func cells(_ recipe: GateRecipe, _ gate: GateStructure) -> [String] {
        [
            recipe.family.name, recipe.family.k.map(String.init) ?? "", "\(gate.density)",
            "\(gate.rank)", "\(gate.componentCount)", "\(gate.openCount)", "\(gate.closedCount)",
        ]
    }
}
