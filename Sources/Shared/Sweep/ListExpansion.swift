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

    private func enumeration(_ value: SourceValue) -> GateEnumeration? {
        guard isEnumeration(value) else { return nil }
        return GateEnumeration(value, domains: domains, mistakes: MistakeCollector())
    }

    /// All that a value means.
    func values(_ value: SourceValue) -> [SourceValue] {
        if isEnumeration(value) { return enumeration(value)?.values(at: value.place) ?? [] }
        guard let members = value.members else { return [value] }
        var products: [[SourceValue.Member]] = [[]]
        for member in members {
            let choices = choices(of: member)
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

    private func choices(of member: SourceValue.Member) -> [SourceValue] {
        let inner = inside(member.key)
        if let elements = inner.expandable(member.value) { return elements.flatMap(inner.values) }
        return inner.values(member.value)
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

    private func inside(_ key: String) -> ListExpansion {
        ListExpansion(
            path: path.isEmpty ? key : "\(path).\(key)", lists: lists, domains: domains)
    }

    private func expandable(_ value: SourceValue) -> [SourceValue]? {
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

/// How many tasks a sweep has, before anybody makes them: exact up to 10^38.
struct TaskCount: Equatable {
    /// Nil where it is more than 128 bits hold.
    let exact: UInt128?

    init(_ count: Int) { exact = UInt128(clamping: count) }

    init(exact: UInt128?) { self.exact = exact }

    static func * (left: TaskCount, right: TaskCount) -> TaskCount {
        guard left.exact != 0, right.exact != 0 else { return TaskCount(0) }
        guard let a = left.exact, let b = right.exact else { return TaskCount(exact: nil) }
        let (product, overflow) = a.multipliedReportingOverflow(by: b)
        return TaskCount(exact: overflow ? nil : product)
    }

    static func + (left: TaskCount, right: TaskCount) -> TaskCount {
        guard let a = left.exact, let b = right.exact else { return TaskCount(exact: nil) }
        let (sum, overflow) = a.addingReportingOverflow(b)
        return TaskCount(exact: overflow ? nil : sum)
    }

    var text: String { exact.map { "\($0)" } ?? "more than 10^38" }
}
