/// How an axis value travels, and which need not be made to know any of what they mean.
extension ListExpansion {
    /// A map loses the order of its keys on the way, and with it the order of the product of the
    /// lists in it: such a value travels expanded. A value with gates that are enumerated travels
    /// with their recipe, where the order of its lists allows it.
    func travelling(_ value: SourceValue) -> [SourceValue] {
        guard hasEnumeration(value) else { return values(value) }
        if keepsOrder(value) { return [value] }
        return enumeratesLast(value) ? listed(value) : values(value)
    }

    /// Whether each value has a number by which it is made without the others, and travels so: all
    /// gates, but not one of each class.
    func isIndexed(_ value: SourceValue) -> Bool {
        hasEnumeration(value) && !hasClasses(value) && (keepsOrder(value) || enumeratesLast(value))
    }

    /// The paths of all scalars that one of the values has, but for whole gates.
    func leaves(_ value: SourceValue) -> Set<String> {
        guard let members = value.members else { return [path] }
        return members.reduce(into: []) { leaves, member in
            let inner = inside(member.key)
            if inner.path == "gate" { return }
            for choice in inner.expandable(member.value) ?? [member.value] {
                leaves.formUnion(inner.leaves(choice))
            }
        }
    }

    private func hasEnumeration(_ value: SourceValue) -> Bool { !enumerations(value).isEmpty }

    private func hasClasses(_ value: SourceValue) -> Bool {
        enumerations(value).contains { $0.upToPermutation }
    }

    private func enumerations(_ value: SourceValue) -> [GateEnumeration] {
        if isEnumeration(value) { return enumeration(value).map { [$0] } ?? [] }
        return (value.members ?? []).flatMap { member in
            let inner = inside(member.key)
            return (inner.expandable(member.value) ?? [member.value]).flatMap(inner.enumerations)
        }
    }

    private func keepsOrder(_ value: SourceValue) -> Bool {
        order(value) == order(SourceValue(value.json))
    }

    private func enumeratesLast(_ value: SourceValue) -> Bool { order(value).last == "gate" }

    /// The paths that have several choices, the slowest first.
    private func order(_ value: SourceValue) -> [String] {
        if isEnumeration(value) { return [path] }
        return (value.members ?? []).flatMap { member in
            let inner = inside(member.key)
            guard let elements = inner.expandable(member.value) else {
                return inner.order(member.value)
            }
            return [inner.path] + elements.flatMap(inner.order)
        }
    }

    /// `values`, with the recipes of enumerated gates in their places.
    private func listed(_ value: SourceValue) -> [SourceValue] {
        isEnumeration(value) ? [value] : products(value) { $0.listed($1) }
    }
}
