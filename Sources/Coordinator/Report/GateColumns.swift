import Shared

/// What a report says of each task's gate. Made once for each gate of a sweep, not for each task.
struct GateColumns {
    static let names = ReportColumn.gate

    /// Those that hold texts; the others hold numbers.
    static let texts: Set = ["gate_family", "gate_id", "gate_name"]

    private struct Key: Hashable {
        var request: GateRequest
        var label: GateLabel
    }

    private var known: [Key: [String]] = [:]

    /// The texts under `names`; empty ones where no gate says what is trained.
    mutating func cells(of configuration: Shared.Configuration, label: GateLabel) throws
        -> [String]
    {
        guard let request = configuration.gateRequest else { return Self.names.map { _ in "" } }
        let key = Key(request: request, label: label)
        if let cells = known[key] { return cells }
        let gate = try request.structure()
        let gateClass =
            gate.gateClass
            ?? request.recipe.gateClass(domains: request.domains, classes: request.classes)
        let cells = Self.cells(request.recipe, label, gate, gateClass)
        known[key] = cells
        return cells
    }

    private static func cells(
        _ recipe: GateRecipe, _ label: GateLabel, _ gate: GateStructure, _ gateClass: GateClass?
    ) -> [String] {
        [
            label.family ?? recipe.family.name, recipe.family.k.map(String.init) ?? "",
            gateClass?.id ?? "unknown", gateClass?.size.map(String.init) ?? "",
            "\(gate.density)", "\(gate.rank)", "\(gate.componentCount)", "\(gate.openCount)",
            "\(gate.closedCount)", label.name ?? "",
        ]
    }

    /// What a store has kept, with empty texts for the columns that it did not know yet.
    static func complete(_ cells: [String]) -> [String] {
        cells + names.dropFirst(cells.count).map { _ in "" }
    }
}
