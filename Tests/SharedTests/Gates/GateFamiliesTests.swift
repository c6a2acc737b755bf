import Testing

@testable import Shared

/// What families open, and from which numbers, against what their definitions say.
@Suite struct GateFamiliesTests {
    private func gate(_ family: GateRecipe.Family, _ domains: Int, seed: UInt64 = 5) throws
        -> GateStructure
    {
        try GateStructure(GateRecipe(family: family), domains: domains, classes: 10, seed: seed)
    }

    private func text(_ gate: GateStructure) -> [String] {
        gate.rows.map { $0.map { $0 ? "1" : "0" }.joined() }
    }

    @Test func `blocks that do not come out even are as equal as can be, the larger first`() throws
    {
        #expect(
            text(try gate(.blocks(count: 3), 7)) == [
                "1110000", "1110000", "1110000", "0001100", "0001100", "0000011", "0000011",
            ])
    }

    @Test func `a pathway is open exactly if its number is below the density`() throws {
        var random = SeededRandom(seed: 5, purpose: .randomGate)
        let numbers = (0..<9).map { _ in random.uniform() }
        for density in numbers + numbers.map(\.nextUp) + [0, 1] {
            let wanted = numbers.map { $0 < density }
            #expect(try gate(.bernoulli(density: density), 3).rows.flatMap { $0 } == wanted)
        }
    }

    /// The stirring written once more, with the numbers of the stream that is meant.
    @Test func `a regular gate is stirred by the stream of random gates and no other`() throws {
        let (k, domains) = (2, 5)
        var random = SeededRandom(seed: 5, purpose: .randomGate)
        var open = (0..<domains * k).map { ($0 / k, ($0 / k + $0 % k) % domains) }
        for _ in 0..<10 * open.count {
            let (one, other) = (random.below(open.count), random.below(open.count))
            let (left, right) = ((open[one].0, open[other].1), (open[other].0, open[one].1))
            if open.contains(where: { $0 == left || $0 == right }) { continue }
            (open[one], open[other]) = (left, right)
        }
        let gate = try gate(.randomRegular(k: k), domains)
        for input in 0..<domains {
            for output in 0..<domains {
                let isOpen = open.contains { $0 == (input, output) }
                #expect(gate.isOpen(input: input, output: output) == isOpen)
            }
        }
    }

    @Test func `gates beyond the search have the classes that their families say`() {
        let table: [(GateRecipe.Family, String?)] = [
            (.fullyConnected, "full"), (.plusMod(k: 13), "full"), (.blocks(count: 1), "full"),
            (.plusMod(k: 1), "diagonal"), (.plusMinusMod(k: 1), "diagonal"),
            (.diagonal, "diagonal"), (.blocks(count: 13), "diagonal"), (.mod, "diagonal-10"),
            (.plusMod(k: 4), "band-4"), (.plusMinusMod(k: 4), "band-4"),
            (.blocks(count: 3), "blocks-3"), (.randomRegular(k: 3), nil),
            (.bernoulli(density: 0.5), nil), (.explicit([]), nil),
        ]
        for (family, name) in table {
            let found = GateRecipe(family: family).gateClass(domains: 13, classes: 10)
            #expect(found?.id == name.map { "13x13-\($0)" } && found?.size == nil)
        }
        let all = GateRecipe(family: .mod).gateClass(domains: 13, classes: 13)
        #expect(all?.id == "13x13-diagonal")
    }
}
