import Testing

@testable import Trainer

@Suite struct SelfTestTests {
    @Test(arguments: Machine.kernelNames)
    func `this host computes what every host does`(kernels: String) throws {
        let outcomes = try SelfTest.run(kernels: kernels, threads: 2)
        #expect(outcomes.count == 8)
        for outcome in outcomes {
            #expect(outcome.isRight, "\(outcome.name): \(outcome.found)")
        }
    }

    @Test func `every case has an answer, and every answer a case`() {
        let names = SelfTest.cases.map(\.name) + SelfTest.routingCases.map(\.name)
        #expect(names.sorted() == SelfTest.knownAnswers.keys.sorted())
    }
}
