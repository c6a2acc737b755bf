/// `{family: all}` and `{family: all_up_to_permutation}` on the axis `gate` stand for as many
/// values as there are such gates. They become explicit gates before the axes are read.
extension GateEnumeration {
    static let familyNames = ["all", "all_up_to_permutation"]

    /// The axes with enumerations replaced; counted before any gate is made.
    static func expanding(_ axes: SourceValue, base: SourceValue, _ mistakes: MistakeCollector)
        -> SourceValue
    {
        var axes = axes
        switch axes.content {
        case .map(let members):
            axes.content = .map(members.map { expanding($0, base, mistakes) })
        case .list(let elements):
            axes.content = .list(
                elements.map { element in
                    guard let members = element.members else { return element }
                    return SourceValue(
                        .map(members.map { expanding($0, base, mistakes) }), at: element.place)
                })
        default: break
        }
        return axes
    }

    private static func expanding(
        _ axis: SourceValue.Member, _ base: SourceValue, _ mistakes: MistakeCollector
    ) -> SourceValue.Member {
        guard axis.key == "gate", let entries = axis.value.elements else { return axis }
        var axis = axis
        var left = UInt128(Limits.tasksPerSweepMax)
        let expanded = entries.flatMap { entry -> [SourceValue] in
            guard case .string(let family)? = entry["family"]?.content,
                familyNames.contains(family)
            else { return [entry] }
            guard let enumeration = read(entry, family, base, mistakes) else { return [] }
            guard let count = enumeration.count, count <= left else {
                let found = enumeration.count.map { "\($0)" } ?? "more than 10^38"
                mistakes.add(
                    .tooManyTasks, at: entry.place,
                    "found \(found) gates, wanted at most \(left) in one sweep")
                return []
            }
            guard enumeration.domains <= Limits.enumeratedDomainsMax else {
                mistakes.add(
                    .wrongValue, at: entry.place,
                    "found \(enumeration.domains) domains, wanted at most "
                        + "\(Limits.enumeratedDomainsMax) to enumerate the gates of")
                return []
            }
            left -= count
            return enumeration.values(at: entry.place)
        }
        // Where all were wrong, the axis as it was is not empty.
        axis.value.content = .list(expanded.isEmpty ? entries : expanded)
        return axis
    }

    private static func read(
        _ entry: SourceValue, _ family: String, _ base: SourceValue, _ mistakes: MistakeCollector
    ) -> GateEnumeration? {
        var fields = FieldReader(entry, wanted: "a map of family and rows_open", mistakes: mistakes)
        _ = fields.value("family")
        guard let domains = base["domains"]?.wholeNumber,
            (1...Limits.domainsMax).contains(domains)
        else {
            mistakes.add(
                .conflict, at: entry.place,
                "found \(family) without a right number of domains in base, which it needs")
            return nil
        }
        let before = mistakes.found.count
        let rowsOpen = fields.optionalInteger("rows_open", in: 1...domains)
        fields.finish()
        guard mistakes.found.count == before else { return nil }
        return GateEnumeration(
            domains: domains, rowsOpen: rowsOpen,
            upToPermutation: family == "all_up_to_permutation")
    }

    private func values(at place: Place) -> [SourceValue] {
        var values: [SourceValue] = []
        forEach { rows in
            let texts = rows.map { row in
                // The highest bit first, so that greater rows begin with ones.
                String((0..<domains).reversed().map { row >> UInt32($0) & 1 == 1 ? "1" : "0" })
            }
            values.append(SourceValue.explicitGate(rows: texts, at: place))
        }
        return values
    }
}

extension SourceValue {
    /// `{family: explicit, rows: [...]}`.
    /// - Parameter rows: texts of 0 and 1.
    public static func explicitGate(rows: [String], at place: Place) -> SourceValue {
        let texts = SourceValue(.list(rows.map { SourceValue(.string($0), at: place) }), at: place)
        let family = SourceValue(.string("explicit"), at: place)
        return SourceValue(
            .map([
                Member(key: "family", keyPlace: place, value: family),
                Member(key: "rows", keyPlace: place, value: texts),
            ]), at: place)
    }
}
