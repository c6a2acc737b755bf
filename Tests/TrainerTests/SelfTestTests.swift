import Shared
import Testing

@testable import Trainer

@Suite struct SelfTestTests {
    @Test(arguments: Machine.kernelNames)
    func `this host computes what every host does`(kernels: String) throws {
        let outcomes = try SelfTest.run(kernels: kernels, threads: 2)
        #expect(outcomes.count == 12)
        for outcome in outcomes {
            #expect(outcome.isRight, "\(outcome.name): \(outcome.found)")
        }
    }

    @Test func `every case has an answer, and every answer a case`() {
        let names =
            SelfTest.cases.map(\.name) + SelfTest.routingCases.map(\.name)
            + SelfTest.subnormalGatedCases.map(\.name)
        #expect(names.sorted() == KnownAnswers.byCase.keys.sorted())
    }

    @Test func `what a worker tells of its self-test is what every sound host tells`() throws {
        let report = try SelfTest.report(threads: 1)
        #expect(report.differences.isEmpty)
        #expect(report.digest == KnownAnswers.digest)
        #expect(Machine.kernelNames.contains(report.kernels))
    }
}
