/// The name that was probably meant: the nearest of `names` by typing slips, or one that `typed`
/// abbreviates; nil where none is near. Short names allow fewer slips, so that `k` is not offered
/// for every letter.
func nearestName(to typed: String, among names: [String]) -> String? {
    let folded = typed.lowercased()
    let slipsMax = max(1, min(3, typed.count / 3))
    // Each letter more or less is a slip: mostly the lengths alone say that a name is too far.
    let length = min(folded.unicodeScalars.count, Limits.lettersComparedMax)
    let ranked = names.lazy.map { ($0, $0.lowercased()) }
        .filter {
            abs(min($0.1.unicodeScalars.count, Limits.lettersComparedMax) - length) <= slipsMax
        }
        .map { (name: $0.0, slips: slips(folded, $0.1)) }
    if let best = ranked.min(by: { $0.slips < $1.slips }), best.slips <= slipsMax,
        best.slips < best.name.count
    {
        return best.name
    }
    return names.first { isAbbreviation(folded, of: $0) }
}

/// Whether `typed` is the initials of a name (`lr`), its beginning (`eps`) or one of its words
/// (`width`).
private func isAbbreviation(_ typed: String, of name: String) -> Bool {
    let words = name.split(separator: "_")
    let initials = String(words.compactMap(\.first))
    if words.count > 1, typed == initials || words.contains(where: { $0 == typed }) { return true }
    return typed.count >= 3 && name.hasPrefix(typed)
}

/// The least number of letters to insert, delete, replace or swap with their neighbour that turns
/// one word into the other (Damerau and Levenshtein, each letter touched once).
func slips(_ left: String, _ right: String) -> Int {
    let a = Array(left.unicodeScalars.prefix(Limits.lettersComparedMax))
    let b = Array(right.unicodeScalars.prefix(Limits.lettersComparedMax))
    var beforeLast = [Int](repeating: 0, count: b.count + 1)
    var last = Array(0...b.count)
    for (i, letter) in a.enumerated() {
        var row = [i + 1] + [Int](repeating: 0, count: b.count)
        for (j, other) in b.enumerated() {
            row[j + 1] = min(
                last[j + 1] + 1, row[j] + 1, last[j] + (letter == other ? 0 : 1))
            if i > 0, j > 0, letter == b[j - 1], a[i - 1] == other {
                row[j + 1] = min(row[j + 1], beforeLast[j - 1] + 1)
            }
        }
        (beforeLast, last) = (last, row)
    }
    return last[b.count]
}

/// `a`, `a or b`, `a, b or c`.
func alternatives(_ names: [String]) -> String {
    guard let last = names.last, names.count > 1 else { return names.first ?? "" }
    return names.dropLast().joined(separator: ", ") + " or " + last
}
