/// The `gate` of a configuration, read with the number of domains it has to fit, so that a mistake
/// can say which numbers would do.
extension FieldReader {
    /// - Parameter domains: nil where they are wrong themselves: then the size is not checked.
    /// - Returns: nil where the gate is missing or its family is not known.
    mutating func gateRecipe(domains: Int?) -> GateRecipe? {
        let wanted = "a map of family, k and more"
        guard let map = required("gate", wanted: wanted) else { return nil }
        var fields = FieldReader(map, wanted: wanted, mistakes: mistakes)
        guard map.members != nil else { return nil }
        // What a report calls it; no part of what is trained.
        if fields.has("name") {
            _ = fields.name("name", wanted: "a name for the gate")
        } else {
            fields.know(["name"])
        }
        let family = fields.family(domains: domains)
        let columns = fields.columnOrder(domains: domains)
        guard let family else {
            fields.know(GateRecipe.Family.keys)
            fields.finish()
            return nil
        }
        fields.finish(kind: (map["family"]?.cell ?? family.name, GateRecipe.Family.keys))
        return GateRecipe(family: family, columns: columns)
    }

    private mutating func family(domains: Int?) -> GateRecipe.Family? {
        let names = GateRecipe.Family.names + GateEnumeration.families
        guard let named = required("family", wanted: alternatives(names)),
            let name = choice(named, among: names)
        else { return nil }
        if GateEnumeration.families.contains(name) {
            mistakes.add(
                .wrongValue, at: named.place,
                "found \(name), which is more than one gate, wanted it as a value of the axis gate")
            return nil
        }
        if name == GateRecipe.Family.file, !has("rows") {
            mistakes.add(
                .missingKey, at: map.place,
                "found family file without the gate that its file holds: only sweep files name "
                    + "files, wanted rows")
            return .explicit([])
        }
        return switch name {
        case "diagonal": .diagonal
        case "blocks": .blocks(count: upToDomains("count", domains))
        case "random_regular": .randomRegular(k: upToDomains("k", domains))
        case "bernoulli": .bernoulli(density: number("density", .zeroToOne, default: nil))
        case "plus_mod": .plusMod(k: upToDomains("k", domains))
        case "plus_minus_mod": .plusMinusMod(k: upToDomains("k", domains))
        case "mod": .mod
        case "fully_connected": .fullyConnected
        default: .explicit(rows(domains))
        }
    }

    private mutating func upToDomains(_ key: String, _ domains: Int?) -> Int {
        let upper = domains ?? Limits.domainsMax
        let bound = domains == nil ? "" : " (the number of domains)"
        let wanted = "a whole number from 1 to \(upper)\(bound)"
        guard let value = required(key, wanted: wanted) else { return 1 }
        return integer(value, in: 1...upper, wanted: wanted) ?? 1
    }

    private mutating func columnOrder(domains: Int?) -> GateRecipe.ColumnOrder {
        let permuted = bool("permute_columns", default: false)
        guard let value = value("column_permutation") else {
            return permuted ? .permuted : .natural
        }
        if has("permute_columns") {
            mistakes.add(
                .conflict, at: value.place,
                "found column_permutation beside permute_columns, wanted one of the two")
        }
        return .explicit(permutation(value, count: domains))
    }

    /// 0 to count - 1, each once.
    private func permutation(_ value: SourceValue, count: Int?) -> [Int] {
        let upper = (count ?? Limits.domainsMax) - 1
        let wanted = "each whole number from 0 to \(upper) once, one for each domain"
        guard let elements = value.elements else {
            refuse(value, wanted: "a list of \(wanted)")
            return []
        }
        var seen: Set<Int> = []
        for element in elements {
            guard let column = integer(element, in: 0...upper, wanted: wanted) else { continue }
            if !seen.insert(column).inserted {
                mistakes.add(
                    .wrongValue, at: element.place, "found \(column) again, wanted \(wanted)")
            }
        }
        if let count, elements.count < count {
            mistakes.add(
                .wrongValue, at: value.place,
                "found a list of \(elements.count), wanted \(wanted)")
        }
        return elements.compactMap(\.wholeNumber)
    }

    private mutating func rows(_ domains: Int?) -> [[Bool]] {
        let size = domains.map { "\($0)" } ?? "as many as there are domains"
        let wanted = "a list of \(size) texts of 0 and 1, one for each domain"
        guard let value = required("rows", wanted: wanted) else { return [] }
        guard let elements = value.elements else {
            refuse(value, wanted: wanted)
            return []
        }
        if let domains, elements.count != domains {
            mistakes.add(
                .wrongValue, at: value.place, "found a list of \(elements.count), wanted \(wanted)")
        }
        return elements.map { row($0, domains) }
    }

    /// Empty where it is wrong.
    private func row(_ value: SourceValue, _ domains: Int?) -> [Bool] {
        let size = domains.map { "\($0) digits" } ?? "digits"
        let wanted = "\(size) 0 or 1 in quotes, such as \"1010\""
        guard case .string(let text) = value.content else {
            refuse(value, wanted: wanted)
            return []
        }
        let digits = Array(text.utf8)
        guard digits.allSatisfy({ $0 == 48 || $0 == 49 }),
            domains.map({ $0 == digits.count }) ?? true
        else {
            refuse(value, wanted: wanted, code: .wrongValue)
            return []
        }
        return digits.map { $0 == 49 }
    }
}

extension GateRecipe.Family {
    /// As they stand in a sweep file.
    static let names = [
        "plus_mod", "plus_minus_mod", "mod", "fully_connected", "diagonal", "blocks",
        "random_regular", "bernoulli", "explicit", file,
    ]

    /// An explicit gate that came out of a file: `GateFiles` puts its rows beside the name.
    public static let file = "file"

    /// What only some families have.
    static let keys = ["k", "count", "density", "rows"]
}

extension GateRecipe {
    /// What an axis may set of a gate, in the order of the documentation.
    static let paths =
        ["gate"]
        + [
            "family", "name", "k", "permute_columns", "column_permutation", "count", "density",
            "rows",
        ].map { "gate.\($0)" }

    /// Those whose value is a list.
    static let listPaths: Set = ["gate.column_permutation", "gate.rows"]
}
