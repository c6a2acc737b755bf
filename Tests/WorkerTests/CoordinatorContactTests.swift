import Shared
import Testing

@testable import Worker

/// What a worker says of its coordinator, and how often.
@Suite struct CoordinatorContactTests {
    private static let address = "http://h:1"

    /// What is said, by the seconds at which something happened.
    private static func said(
        _ events: [(second: Double, observation: CoordinatorClient.Observation)]
    ) -> [String] {
        let start = ContinuousClock.now
        var notices = ContactNotices()
        return events.compactMap { event in
            notices.next(after: event.observation, at: start + .seconds(event.second))
                .map { "\(Int(event.second)) \($0.isTrouble ? "!" : "")\($0.text)" }
        }
    }

    private static let answered = CoordinatorClient.Observation.answered(address: address)

    private static func failed(_ reason: String) -> CoordinatorClient.Observation {
        .failed(address: address, .unreachable("\(address): \(reason)"))
    }

    private static func refused(_ status: Int) -> ClientError {
        .refused(status: status, .init(code: .unauthorized, message: "no such token"))
    }

    @Test func `it is said once that the coordinator is reached`() {
        #expect(
            Self.said((0..<5).map { (Double($0), Self.answered) })
                == ["0 reached the coordinator at http://h:1"])
    }

    @Test func `an outage is told at once, then each minute, and when it is over`() {
        let outage = stride(from: 10.0, to: 140, by: 5).map { ($0, Self.failed("no route")) }
        let text = "!cannot reach the coordinator at http://h:1: no route; trying again"
        #expect(
            Self.said([(0, Self.answered)] + outage + [(141, Self.answered), (142, Self.answered)])
                == [
                    "0 reached the coordinator at http://h:1", "10 \(text)", "70 \(text)",
                    "130 \(text)",
                    "141 reached the coordinator at http://h:1 again, after 131 seconds",
                ])
    }

    @Test func `one outage after another is told only if it lasts, not each time`() {
        // Every second call fails.
        let flapping = (0..<60).map { second in
            (Double(second), second % 2 == 0 ? Self.failed("x") : Self.answered)
        }
        #expect(Self.said(flapping).count == 2, "\(Self.said(flapping))")
        let second = [(61.0, Self.failed("x")), (62.5, Self.failed("x")), (64.0, Self.failed("x"))]
        let first = [(50.0, Self.failed("x")), (60.0, Self.answered)]
        #expect(
            Self.said(first + second).map { $0.split(separator: " ")[0] } == ["50", "60", "64"])
    }

    @Test func `another kind of failure is told at once, each kind once a minute`() {
        let token = CoordinatorClient.Observation.failed(
            address: Self.address, Self.refused(401))
        let found = Self.said([
            (0, Self.failed("x")), (1, token), (2, Self.failed("x")), (3, token),
            (4, .silent(address: Self.address, seconds: 6)),
        ])
        #expect(
            found == [
                "0 !cannot reach the coordinator at http://h:1: x; trying again",
                "1 !the token is not accepted by the coordinator at http://h:1: no such token; "
                    + "trying again",
            ])
        #expect(
            Self.said([(0, .silent(address: Self.address, seconds: 6.5))]) == [
                "0 !cannot reach the coordinator at http://h:1: no answer for 6 seconds; trying "
                    + "again"
            ])
    }

    @Test func `a coordinator that is busy is reached, and that is told each minute`() {
        let busy = CoordinatorClient.Observation.busy(address: Self.address, Self.refused(503))
        let found = Self.said(
            [(0, Self.answered)] + stride(from: 1.0, to: 90, by: 1).map { ($0, busy) })
        #expect(found.map { $0.split(separator: " ")[0] } == ["0", "1", "61"])
        #expect(found.last?.hasSuffix("cannot answer now: no such token; trying again") == true)
    }

    @Test func `why there is no task is told each minute, and each reason at once`() {
        let start = ContinuousClock.now
        var notices = RefusalNotices()
        func text(_ error: any Error, _ second: Int) -> String? {
            notices.text(for: error, at: start + .seconds(second))
        }
        let setAside = ClientError.refused(status: 403, .init(code: .setAside, message: "no"))
        let other = ClientError.refused(status: 403, .init(code: .forbidden, message: "never"))
        #expect((0..<121).compactMap { text(setAside, $0) } == ["no", "no", "no"])
        #expect(text(other, 122) == "never" && text(setAside, 123) == "no")
        // What the contact tells of.
        #expect(text(Self.refused(401), 124) == nil)
        #expect(text(ClientError.unreachable("x"), 125) == nil)
    }
}
