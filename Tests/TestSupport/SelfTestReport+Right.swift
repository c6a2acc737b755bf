import Foundation
public import Shared

extension SelfTestReport {
    /// What every sound host tells.
    public static let right = SelfTestReport(kernels: "test", answers: KnownAnswers.byCase)

    /// One member of a message's JSON: `"self_test":{...}`.
    public var member: String {
        let json = try? WireCoding.encode(self)
        return "\"self_test\":" + String(decoding: json ?? Data(), as: UTF8.self)
    }
}
