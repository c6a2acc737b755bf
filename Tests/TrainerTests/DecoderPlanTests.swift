import Shared
import Testing

@testable import Trainer

@Suite struct DecoderPlanTests {
    private func plan(_ family: GateRecipe.Family, _ domains: Int, permuted: Bool = false) throws
        -> (GateStructure, DecoderPlan)
    {
        let recipe = GateRecipe(family: family, columns: permuted ? .permuted : .natural)
        let gate = try GateStructure(recipe, domains: domains, classes: 10, seed: 1)
        return (gate, DecoderPlan(training: gate))
    }

    private func expectSound(_ gate: GateStructure, _ plan: DecoderPlan) {
        #expect(plan.outputs.sorted() == Array(0..<gate.outputCount))
        var seen = Set<[Int]>()
        for group in plan.groups {
            #expect(group.open.count == group.pathways)
            for (d, slot) in group.slots.enumerated() {
                for (i, domain) in group.domains.enumerated() {
                    let output = plan.outputs[slot]
                    let isOpen = gate.isOpen(input: domain, output: output)
                    #expect((group.open[d * group.domains.count + i] == 1) == isOpen)
                    if isOpen { #expect(seen.insert([domain, output]).inserted) }
                }
            }
        }
        #expect(seen.count == gate.openCount)
        let computed = plan.groups.map(\.pathways).reduce(0, +)
        #expect(Double(computed) <= Double(gate.openCount) * (1 + DecoderPlan.wasteMax))
    }

    @Test(arguments: [
        GateRecipe.Family.plusMod(k: 1), .plusMod(k: 7), .plusMod(k: 20), .plusMinusMod(k: 6), .mod,
        .fullyConnected, .explicit(SmallNetworks.checkered(20)),
        .explicit(SmallNetworks.scattered(20)),
    ])
    func `every open pathway is computed once, and little else`(family: GateRecipe.Family) throws {
        for permuted in [false, true] {
            let (gate, plan) = try plan(family, 20, permuted: permuted)
            expectSound(gate, plan)
        }
    }

    @Test func `a band with permuted columns is a few groups of one run or two`() throws {
        let (gate, plan) = try plan(.plusMod(k: 50), 100, permuted: true)
        expectSound(gate, plan)
        #expect(plan.groups.count <= 20)
        #expect(plan.groups.allSatisfy { (1...2).contains($0.panelRuns(batch: 8).count) })
    }

    @Test(arguments: [1, 3, 8, 16, 40])
    func `a group's panels hold its domains' examples, and are named once`(batch: Int) throws {
        let (_, plan) = try plan(.explicit(SmallNetworks.checkered(20)), 20)
        #expect(plan.groups.count == 2)
        for group in plan.groups {
            let panels = group.panelRuns(batch: batch).flatMap { Array($0) }
            #expect(panels == Array(Set(panels)).sorted())
            let wanted = group.domains.flatMap { domain in
                (domain * batch..<(domain + 1) * batch).map { $0 / 16 }
            }
            #expect(panels == Array(Set(wanted)).sorted())
        }
    }
}
