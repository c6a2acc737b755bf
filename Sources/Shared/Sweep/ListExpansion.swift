/// What a list inside a structured axis value means: the value once for each element, in its place,
/// as in `{family: plus_mod, k: [20, 30, 40]}`. Several lists make their product, the last of them
/// fastest. A path whose own value is a list (the rows of a gate) stays as it is. A gate of the
/// families `all` and `all_up_to_permutation` stands for each gate that there is.
struct ListExpansion {
    /// Where the value stands in a configuration; empty for a map of paths.
    let path: String
    /// The paths with lists of their own.
    private let lists: Set<String>
    /// Of the base, for gates that are enumerated; nil where it has none.
    private let domains: Int?

    init(path: String, experiment: Experiment, domains: Int?) {
        self.init(path: path, lists: experiment.listPaths, domains: domains)
    }

    private init(path: String, lists: Set<String>, domains: Int?) {
        (self.path, self.lists, self.domains) = (path, lists, domains)
    }

    /// Whether a value means others than it says, but no list is in it.
    func isEnumeration(_ value: SourceValue) -> Bool {
        path == "gate" && GateEnumeration.isMeant(by: value)
    }

    func enumeration(_ value: SourceValue) -> GateEnumeration? {
        guard isEnumeration(value) else { return nil }
        return GateEnumeration(value, domains: domains, mistakes: MistakeCollector())
    }

    /// All that a value means.
    func values(_ value: SourceValue) -> [SourceValue] {
        if isEnumeration(value) { return enumeration(value)?.values(at: value.place) ?? [] }
        return products(value) { $0.values($1) }
    }

    /// - Parameter values: what a value inside means.
    func products(
        _ value: SourceValue, _ values: (ListExpansion, SourceValue) -> [SourceValue]
    ) -> [SourceValue] {
        guard let members = value.members else { return [value] }
        var products: [[SourceValue.Member]] = [[]]
        for member in members {
            let inner = inside(member.key)
            let elements = inner.expandable(member.value) ?? [member.value]
            let choices = elements.flatMap { values(inner, $0) }
            products = products.flatMap { product in
                choices.map { choice in
                    var member = member
                    member.value = choice
                    return product + [member]
                }
            }
        }
        return products.map { SourceValue(.map($0), at: value.place) }
    }

    /// The one of `values` with that number, without the others.
    /// - Precondition: `isIndexed`, and as many values as an `Int` holds.
    func value(_ value: SourceValue, at index: Int) -> SourceValue {
        if let enumeration = enumeration(value) { return enumeration.value(at: index, value.place) }
        guard var members = value.members else { return value }
        var rest = index
        for place in members.indices.reversed() {
            let inner = inside(members[place].key)
            let choices = inner.expandable(members[place].value) ?? [members[place].value]
            let counts = choices.map { Int(clamping: inner.count($0).exact ?? 0) }
            let all = counts.reduce(0, +)
            var number = rest % all
            rest /= all
            for (choice, count) in zip(choices, counts) {
                if number < count {
                    members[place].value = inner.value(choice, at: number)
                    break
                }
                number -= count
            }
        }
        return SourceValue(.map(members), at: value.place)
    }

    /// How many `values` would be, without making them.
    func count(_ value: SourceValue) -> TaskCount {
        if isEnumeration(value) { return enumeration(value)?.count ?? TaskCount(0) }
        guard let members = value.members else { return TaskCount(1) }
        return members.reduce(TaskCount(1)) { product, member in
            let inner = inside(member.key)
            guard let elements = inner.expandable(member.value) else {
                return product * inner.count(member.value)
            }
            return product * elements.map(inner.count).reduce(TaskCount(0), +)
        }
    }

    /// Lists that expand to nothing or to the same thing twice, and distributions, which only an
    /// axis has.
    func check(_ value: SourceValue, mistakes: MistakeCollector) {
        if isEnumeration(value) {
            _ = GateEnumeration(value, domains: domains, mistakes: mistakes)
            return
        }
        for member in value.members ?? [] {
            let inner = inside(member.key)
            let elements = inner.expandable(member.value)
            if let elements { checkRepeats(of: elements, mistakes) }
            if let elements, elements.isEmpty {
                mistakes.add(
                    .emptyAxis, at: member.value.place,
                    "found an empty list, wanted at least one value to expand to")
            }
            for element in elements ?? [member.value] {
                if Distribution.isOne(element) {
                    mistakes.add(
                        .wrongType, at: element.place,
                        "found a distribution inside a value, wanted an axis of its own: "
                            + "\(inner.path): \(element.cell)")
                }
                inner.check(element, mistakes: mistakes)
            }
        }
    }

    func inside(_ key: String) -> ListExpansion {
        ListExpansion(
            path: path.isEmpty ? key : "\(path).\(key)", lists: lists, domains: domains)
    }

    func expandable(_ value: SourceValue) -> [SourceValue]? {
        lists.contains(path) ? nil : value.elements
    }
}

/// Complains of every value that is there a second time. Numbers are the same however written.
func checkRepeats(of values: [SourceValue], _ mistakes: MistakeCollector) {
    var first: [String: Place] = [:]
    for value in values {
        if let place = first[value.cell] {
            let found = value.members == nil ? value.described : "the same map"
            mistakes.add(
                .repeated, at: value.place,
                "found \(found) again, after \(place.path), wanted each value once")
        } else {
            first[value.cell] = value.place
        }
    }
}
