import Testing

@testable import Rig

/// The mutants themselves. That each is caught takes a build of its own: `deploy/soak --mutants`.
@Suite struct MutantTests {
    @Test(arguments: Set(Mutant.all.flatMap { $0.edits.map(\.file) }).sorted())
    func `every mutant fits the sources`(file: String) throws {
        let text = try MutantBuild.mutated(file)
        let names = Mutant.all.filter { $0.edits.contains { $0.file == file } }.map(\.name)
        #expect(!names.isEmpty)
        for name in names { #expect(text.contains("(mutantName == \"\(name)\")")) }
    }

    @Test func `every mutant has a scenario that must see it`() {
        #expect(Mutant.all.count >= 8)
        #expect(Set(Mutant.all.map(\.name)).count == Mutant.all.count)
        for mutant in Mutant.all { #expect(Scenario.named(mutant.scenario) != nil) }
    }
}
