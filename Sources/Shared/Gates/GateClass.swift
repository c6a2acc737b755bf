/// The class of a gate: all gates that come of it by permuting rows and columns. For domains that
/// can be told apart by nothing but their gates, they are one experiment.
public struct GateClass: Hashable, Sendable {
    /// The same for two gates exactly if they are in one class. Up to 12 x 12 it is the class's
    /// canonical gate itself, `4x4-8421`: its rows one after the other, four gates a digit, the
    /// last digit filled up with zeros. Beyond, the name of a family: `100x100-band-30`.
    public let id: String
    /// How many gates the class has; nil where it is only known by its family's name.
    public let size: UInt64?
}

extension GateStructure {
    /// The class, exact up to `Limits.canonicalGateSideMax` rows and columns.
    ///
    /// Nil for a larger one: there the recipe that made it may know (`GateRecipe.gateClass`).
    public var gateClass: GateClass? {
        let side = Limits.canonicalGateSideMax
        guard inputCount <= side, outputCount <= side else { return nil }
        let form = CanonicalSearch(rows: rows).run()
        let gates: [Bool] = form.matrix.flatMap { (row: UInt32) -> [Bool] in
            (0..<outputCount).map { (row >> UInt32($0)) & 1 == 1 }
        }
        let digits = stride(from: 0, to: gates.count, by: 4).map { start in
            let four = (0..<4).map { start + $0 < gates.count && gates[start + $0] ? 1 : 0 }
            return String(four.reduce(0) { $0 * 2 + $1 }, radix: 16)
        }
        // 12! 12! is below 2^58.
        let all = Self.factorial(inputCount) * Self.factorial(outputCount)
        return GateClass(
            id: "\(inputCount)x\(outputCount)-" + digits.joined(), size: all / form.symmetries)
    }

    private static func factorial(_ count: Int) -> UInt64 {
        (1...UInt64(count)).reduce(1, *)
    }
}

extension GateRecipe {
    /// The class of a gate that is too large for the search, by its family's own rule: the order of
    /// columns does not matter, nor where a band begins. Nil where there is no such rule.
    ///
    /// No two of the names are of one class: bands of 2 to M - 1 hang together, and blocks do not.
    public func gateClass(domains: Int, classes: Int) -> GateClass? {
        let name: String? =
            switch family {
            case .fullyConnected: "full"
            case .plusMod(let k), .plusMinusMod(let k):
                k == domains ? "full" : k == 1 ? "diagonal" : "band-\(k)"
            case .mod: classes < domains ? "diagonal-\(classes)" : "diagonal"
            case .diagonal: "diagonal"
            case .blocks(let count):
                count == 1 ? "full" : count == domains ? "diagonal" : "blocks-\(count)"
            case .explicit, .randomRegular, .bernoulli: nil
            }
        return name.map { GateClass(id: "\(domains)x\(domains)-\($0)", size: nil) }
    }
}
