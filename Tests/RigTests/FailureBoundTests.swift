import Rig
import TestSupport
import Testing

/// Against the tables of the chi-squared distribution: half its 95 % point for twice the failures
/// and two degrees of freedom.
@Suite struct FailureBoundTests {
    @Test(arguments: [(0, 2.9957), (1, 4.7439), (2, 6.2958), (5, 10.5130), (20, 29.0620)])
    func `the bound is Poisson's, without failures the rule of three`(
        failures: Int, mean: Double
    ) throws {
        let bound = try #require(FailureBound.upper(failures: failures, cycles: 1_000))
        expectClose(bound * 1_000, mean, absolute: 1e-4)
    }

    @Test func `little says little`() {
        #expect(FailureBound.upper(failures: 0, cycles: 2) == 1)
        #expect(FailureBound.upper(failures: 0, cycles: 0) == nil)
    }
}
