/// `{family: all}` and `{family: all_up_to_permutation}` as values of the axis `gate`: as many
/// explicit gates as there are, or one of each class; `rows_open: k` keeps those with k open in
/// each row.
extension GateEnumeration {
    static let families = ["all", "all_up_to_permutation"]

    static func isMeant(by value: SourceValue) -> Bool {
        guard case .string(let family)? = value["family"]?.content else { return false }
        return families.contains(family)
    }

    /// Nil where something is wrong with it.
    /// - Parameter domains: those of the sweep's base, which say how large the gates are.
    init?(_ value: SourceValue, domains: Int?, mistakes: MistakeCollector) {
        let before = mistakes.found.count
        var fields = FieldReader(value, wanted: "a map of family and rows_open", mistakes: mistakes)
        let family = fields.value("family")
        guard let domains, (1...Limits.domainsMax).contains(domains) else {
            mistakes.add(
                .conflict, at: value.place,
                "found \(family?.cell ?? "all") without a right number of domains in base, "
                    + "which it needs")
            return nil
        }
        let rowsOpen = fields.optionalInteger("rows_open", in: 0...domains)
        fields.finish()
        if domains > Limits.enumeratedDomainsMax {
            mistakes.add(
                .wrongValue, at: value.place,
                "found \(domains) domains, wanted at most \(Limits.enumeratedDomainsMax) to "
                    + "enumerate the gates of")
        }
        guard mistakes.found.count == before else { return nil }
        self.init(
            domains: domains, rowsOpen: rowsOpen,
            upToPermutation: family?.cell == "all_up_to_permutation")
    }

    /// As a sweep file would have them.
    func values(at place: Place) -> [SourceValue] {
        var values: [SourceValue] = []
        forEach { values.append(value($0, at: place)) }
        return values
    }

    func value(at index: Int, _ place: Place) -> SourceValue { value(rows(at: index), at: place) }

    private func value(_ rows: [UInt32], at place: Place) -> SourceValue {
        let texts = rows.map { row in
            // The highest bit first, so that greater rows begin with ones.
            String((0..<domains).reversed().map { row >> UInt32($0) & 1 == 1 ? "1" : "0" })
        }
        return .explicitGate(rows: texts, at: place)
    }
}

extension SourceValue {
    /// `{family: explicit, rows: [...]}`.
    /// - Parameter rows: texts of 0 and 1.
    static func explicitGate(rows: [String], at place: Place) -> SourceValue {
        let texts = SourceValue(.list(rows.map { SourceValue(.string($0), at: place) }), at: place)
        let family = SourceValue(.string("explicit"), at: place)
        return SourceValue(
            .map([
                Member(key: "family", keyPlace: place, value: family),
                Member(key: "rows", keyPlace: place, value: texts),
            ]), at: place)
    }
}
