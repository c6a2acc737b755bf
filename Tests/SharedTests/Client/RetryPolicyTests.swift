import Shared
import Testing

@Suite struct RetryPolicyTests {
    let policy = RetryPolicy(delaySecondsFirst: 0.25, delaySecondsMax: 15)

    @Test(arguments: [(1, 0.25), (2, 0.5), (3, 1.0), (7, 15.0), (1_000_000, 15.0)])
    func `the ceiling doubles up to its limit`(attempt: Int, ceiling: Double) {
        let delay = {
            policy.delaySeconds(afterAttempt: attempt, retryAfterSeconds: nil, uniform: $0)
        }
        #expect(delay(0) == 0)
        #expect(delay(0.5) == ceiling / 2)
        #expect(delay(1.0.nextDown) < ceiling)
    }

    @Test func `what the server asks for is waited at least`() {
        let delay = policy.delaySeconds(afterAttempt: 1, retryAfterSeconds: 5, uniform: 0)
        #expect(delay == 5)
    }

    @Test(arguments: [408, 425, 429, 500, 502, 503, 504, 507])
    func `what may pass is tried again`(status: Int) {
        #expect(RetryPolicy.isWorthRetrying(status: status))
    }

    @Test(arguments: [200, 204, 301, 307, 400, 401, 403, 404, 409, 410, 413, 422])
    func `what the caller has to mend is not`(status: Int) {
        #expect(!RetryPolicy.isWorthRetrying(status: status))
    }
}
