import Shared
import Testing

@Suite struct GatePropertiesTests {
    private func gate(_ family: GateRecipe.Family, _ domains: Int) throws -> GateStructure {
        try GateStructure(
            GateRecipe(family: family, columns: .permuted), domains: domains, classes: 10, seed: 5)
    }

    private func gate(_ rows: String...) throws -> GateStructure {
        try GateStructure(rows: rows.map { $0.map { $0 == "1" } })
    }

    @Test func `the density is the share of open pathways`() throws {
        #expect(try gate(.plusMod(k: 30), 100).density == 0.3)
        #expect(try gate("101", "000").density == 2.0 / 6.0)
    }

    /// The roots that (x^k - 1) / (x - 1) and x^M - 1 share: the k-th and M-th roots of 1 but 1.
    @Test(arguments: [
        (1, 7), (2, 7), (2, 8), (3, 9), (4, 6), (6, 9), (30, 100), (50, 100), (12, 12),
    ])
    func `a band of k has the rank that its polynomial says`(k: Int, domains: Int) throws {
        var (divisor, rest) = (domains, k)
        while rest > 0 { (divisor, rest) = (rest, divisor % rest) }
        #expect(try gate(.plusMod(k: k), domains).rank == domains - divisor + 1)
    }

    @Test func `ranks of small matrices are those found by hand`() throws {
        #expect(try gate("11", "11").rank == 1)
        #expect(try gate("10", "11").rank == 2)
        #expect(try gate("110", "011", "121".replacing("2", with: "0")).rank == 3)
        #expect(try gate("1100", "0011", "1111").rank == 2)
        #expect(try gate("011", "101", "110").rank == 3)
        #expect(try gate("0001", "0001").rank == 1)
    }

    @Test func `a gate over the field of two elements would have a smaller rank`() throws {
        // The determinant is 2: zero modulo 2, not over the rationals.
        #expect(try gate("110", "011", "101").rank == 3)
    }

    @Test func `components are the parts that no open gate joins`() throws {
        #expect(try gate(.plusMod(k: 1), 10).componentCount == 10)
        #expect(try gate(.plusMod(k: 2), 10).componentCount == 1)
        #expect(try gate(.fullyConnected, 10).componentCount == 1)
        #expect(try gate("1100", "1100", "0011").componentCount == 2)
    }

    @Test func `a domain without an open gate is no component`() throws {
        #expect(try gate("100", "000").componentCount == 1)
        #expect(try gate(.mod, 20).componentCount == 10)
    }
}
