import Testing

@testable import Shared

/// Classes of gates against counts that are known and against plain enumeration.
@Suite struct GateClassTests {
    private func gate(_ bits: Int, _ side: Int) throws -> GateStructure {
        try GateStructure(
            rows: (0..<side).map { row in
                (0..<side).map { bits >> (row * side + $0) & 1 == 1 }
            })
    }

    private func shuffled(_ gate: GateStructure, _ random: inout SeededRandom) throws
        -> GateStructure
    {
        let columns = random.permutation(gate.outputCount)
        let rows = random.permutation(gate.inputCount).map { gate.rows[$0] }
        return try GateStructure(rows: rows.map { row in columns.map { row[$0] } })
    }

    /// Bits under every order of rows and columns, by brute force.
    private func least(_ bits: Int, orders: [[Int]]) -> Int {
        let side = orders[0].count
        var least = Int.max
        for columns in orders {
            let rows = (0..<side).map { row in
                columns.enumerated().reduce(0) {
                    $0 | (bits >> (row * side + $1.element) & 1) << $1.offset
                }
            }
            // The least order of the rows is the sorted one.
            least = min(least, rows.sorted().reduce(0) { $0 << side | $1 })
        }
        return least
    }

    /// OEIS A002724.
    @Test(arguments: [(1, 2), (2, 7), (3, 36), (4, 317), (5, 5_624), (6, 251_610)])
    func `the classes are counted as the literature has them`(side: Int, count: Int) {
        let all = GateEnumeration(domains: side, rowsOpen: nil, upToPermutation: true)
        #expect(all.count == TaskCount(count))
    }

    @Test(arguments: 1...3)
    func `ids tell classes apart as brute force does, and sizes count them`(side: Int) throws {
        let orders = [[[0]], [[0, 1], [1, 0]]]
        let three = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]]
        let own = side == 3 ? three : orders[side - 1]
        var (ids, sizes, seen): ([Int: String], [String: UInt64], [String: UInt64]) = (
            [:], [:], [:]
        )
        for bits in 0..<(1 << (side * side)) {
            let found = try #require(try gate(bits, side).gateClass)
            let name = least(bits, orders: own)
            #expect(ids[name] ?? found.id == found.id)
            ids[name] = found.id
            sizes[found.id] = found.size
            seen[found.id, default: 0] += 1
        }
        #expect(Set(ids.values).count == ids.count && sizes == seen)
    }

    @Test func `all gates of 4 x 4 fall into the classes that are enumerated`() throws {
        let classes = GateEnumeration(domains: 4, rowsOpen: nil, upToPermutation: true)
        var sizes: [String: UInt64] = [:]
        classes.forEach { rows in
            let gate = try? GateStructure(
                rows: rows.map { row in (0..<4).map { row >> UInt32($0) & 1 == 1 } })
            guard let found = gate?.gateClass else { return }
            #expect(sizes.updateValue(found.size ?? 0, forKey: found.id) == nil)
        }
        #expect(sizes.count == 317)
        // No class is missing, and no size is wrong.
        #expect(sizes.values.reduce(0, +) == 65_536)
        var random = SeededRandom(seed: 3, purpose: .dataOrder)
        for _ in 0..<500 {
            let found = try #require(try gate(random.below(65_536), 4).gateClass)
            #expect(sizes[found.id] == found.size)
        }
    }

    /// Counting neighbours tells no vertex of a ring of four from one of a ring of six.
    @Test func `what counting cannot tell apart is told apart by the search`() throws {
        let rings = try GateStructure(
            rows: ["11000", "11000", "00110", "00011", "00101"].map { $0.map { $0 == "1" } })
        let ring = try GateStructure(
            GateRecipe(family: .plusMod(k: 2)), domains: 5, classes: 10, seed: 1)
        let (two, one) = (try #require(rings.gateClass), try #require(ring.gateClass))
        // 2! 2! symmetries of the small ring and 6 of the other; 10 of a ring of ten.
        #expect(two.size == 14_400 / 24 && one.size == 14_400 / 10 && two.id != one.id)
        var random = SeededRandom(seed: 8, purpose: .dataOrder)
        for _ in 0..<200 { #expect(try shuffled(rings, &random).gateClass == two) }
    }

    @Test(arguments: [2, 3])
    func `gates that are not square are told apart as brute force does`(rowCount: Int) throws {
        let columnCount = 4
        var orders: [[Int]] = [[]]
        for column in 0..<columnCount {
            orders = orders.flatMap { order in
                (0...order.count).map { order[..<$0] + [column] + order[$0...] }.map(Array.init)
            }
        }
        var (ids, sizes, seen): ([[Int]: String], [String: UInt64], [String: UInt64]) = (
            [:], [:], [:]
        )
        for bits in 0..<(1 << (rowCount * columnCount)) {
            let rows = (0..<rowCount).map { bits >> ($0 * columnCount) & 15 }
            let gate = try GateStructure(
                rows: rows.map { row in (0..<columnCount).map { row >> $0 & 1 == 1 } })
            let found = try #require(gate.gateClass)
            let least = orders.map { order in
                rows.map { row in
                    order.enumerated().reduce(0) { $0 | (row >> $1.element & 1) << $1.offset }
                }.sorted()
            }.min { $0.lexicographicallyPrecedes($1) }
            let name = try #require(least)
            #expect(ids.updateValue(found.id, forKey: name) ?? found.id == found.id)
            sizes[found.id] = found.size
            seen[found.id, default: 0] += 1
        }
        #expect(Set(ids.values).count == ids.count && sizes == seen)
    }

    @Test func `all classes of 5 x 5 are generated, each once`() throws {
        let classes = GateEnumeration(domains: 5, rowsOpen: nil, upToPermutation: true)
        var sizes: [String: UInt64] = [:]
        classes.forEach { rows in
            let gate = try? GateStructure(
                rows: rows.map { row in (0..<5).map { row >> UInt32($0) & 1 == 1 } })
            guard let found = gate?.gateClass else { return }
            #expect(sizes.updateValue(found.size ?? 0, forKey: found.id) == nil)
        }
        #expect(sizes.count == 5_624 && sizes.values.reduce(0, +) == 1 << 25)
    }

    @Test(arguments: 1...12)
    func `an id does not depend on the order of rows and columns`(k: Int) throws {
        var random = SeededRandom(seed: UInt64(k), purpose: .dataOrder)
        for family in [GateRecipe.Family.plusMod(k: k), .blocks(count: k), .randomRegular(k: k)] {
            let gate = try GateStructure(
                GateRecipe(family: family), domains: 12, classes: 10, seed: 1)
            let found = try #require(gate.gateClass)
            for _ in 0..<3 { #expect(try shuffled(gate, &random).gateClass == found) }
        }
    }

    @Test func `bands and full gates have the symmetries of a ring and of everything`() throws {
        let twelve: UInt64 = 479_001_600
        func size(_ family: GateRecipe.Family) throws -> UInt64? {
            try GateStructure(GateRecipe(family: family), domains: 12, classes: 10, seed: 1)
                .gateClass?.size
        }
        #expect(try size(.plusMod(k: 6)) == twelve * twelve / 24)
        #expect(try size(.fullyConnected) == 1)
        #expect(try size(.diagonal) == twelve)
        // Three blocks of four: (4!)^3 orders within on either side, and 3! of the blocks.
        #expect(try size(.blocks(count: 3)) == twelve * twelve / (13_824 * 13_824 * 6))
    }

    @Test func `enumeration with k open a row is the plain one, filtered`() throws {
        let counts = (1...4).map { open in
            GateEnumeration(domains: 4, rowsOpen: open, upToPermutation: true)
        }
        for enumeration in counts {
            var made = 0
            enumeration.forEach { _ in made += 1 }
            #expect(enumeration.count == TaskCount(made))
        }
        #expect(
            GateEnumeration(domains: 4, rowsOpen: 2, upToPermutation: false).count
                == TaskCount(1_296))
        #expect(
            GateEnumeration(domains: 12, rowsOpen: 1, upToPermutation: true).count == TaskCount(77))
    }

    @Test func `a random regular gate has k in every row and column, by its own stream`() throws {
        let recipe = GateRecipe(family: .randomRegular(k: 5), columns: .permuted)
        let gate = try GateStructure(recipe, domains: 20, classes: 10, seed: 4)
        #expect(gate.rows.allSatisfy { row in row.count { $0 } == 5 })
        #expect((0..<20).allSatisfy { n in gate.rows.count { $0[n] } == 5 })
        #expect(try GateStructure(recipe, domains: 20, classes: 10, seed: 4) == gate)
        #expect(try GateStructure(recipe, domains: 20, classes: 10, seed: 5) != gate)
    }
}
