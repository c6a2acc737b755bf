import Foundation
import Shared
import TestSupport
import Testing

/// What a coordinator makes of a worker's self-test.
@Suite struct SelfTestReportTests {
    private static func report(_ change: (inout SelfTestReport) -> Void) -> SelfTestReport {
        var report = SelfTestReport.right
        change(&report)
        return report
    }

    @Test func `the right answers differ in nothing`() {
        #expect(SelfTestReport.right.differences.isEmpty)
        #expect(SelfTestReport.right.numericVersion == NumericVersion.current)
    }

    @Test func `a wrong, a missing and a strange answer are named, in order`() {
        var answers = KnownAnswers.byCase
        answers["adam"] = answers["rotate"]
        answers["rotate"] = nil
        answers["unknown"] = answers["adam"]
        let report = SelfTestReport(kernels: "avx2", answers: answers)
        #expect(report.wrongCases == ["adam", "rotate", "unknown"])
        #expect(report.digest != KnownAnswers.digest)
        #expect(report.differences.first == "The case adam came out wrong with the kernels avx2.")
        #expect(report.differences.count == 3)
    }

    @Test func `one flipped bit of one answer is enough`() throws {
        for (name, answer) in KnownAnswers.byCase {
            var digits = Array(answer)
            digits[63] = digits[63] == "0" ? "1" : "0"
            var answers = KnownAnswers.byCase
            answers[name] = String(digits)
            #expect(SelfTestReport(kernels: "k", answers: answers).wrongCases == [name])
            #expect(KnownAnswers.digest(of: answers) != KnownAnswers.digest)
        }
    }

    @Test(arguments: [
        (report { $0.numericVersion = "2" }, "It was built for numeric version 2, wanted"),
        (report { $0.wrongCases = ["adam"] }, "The case adam came out wrong"),
        (report { $0.digest = Digest(of: Data()) }, "The answers' digest is e3b0c44298fc"),
    ])
    func `whatever is not right is told`(report: SelfTestReport, sentence: String) {
        #expect(report.differences.count == 1)
        #expect(report.differences.first?.hasPrefix(sentence) == true, "\(report.differences)")
    }

    /// By another program: the names in order, each with a zero byte and its digits, through
    /// `sha256sum`.
    @Test func `the digest over all answers is this one`() {
        #expect(
            KnownAnswers.digest(of: ["b": "01", "a": "ff"]).hexadecimal
                == "d38518f94b9fd2042474122888a193f0"
                + "529fbe5401b33f384738b23a307eb786")
    }
}
