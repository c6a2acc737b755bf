import Shared
import Testing

@testable import Coordinator

@Suite struct ProgressLineTests {
    private func line(
        _ tasks: [TaskState: Int], epochs: (Int, Int) = (0, 0), rate: Double? = nil,
        left: Double? = nil, columns: Int = 100
    ) -> String {
        let status = SweepStatus(
            id: SweepID(unchecked: "x"), name: "study", createdAt: Timestamp(milliseconds: 0),
            tasks: Dictionary(uniqueKeysWithValues: tasks.map { ($0.key.rawValue, $0.value) }),
            epochsCompleted: epochs.0, epochsTotal: epochs.1, epochsPerSecond: rate,
            secondsLeft: left)
        return ProgressLine(status).text(columns: columns)
    }

    @Test func `a sweep half done`() {
        let line = line(
            [.succeeded: 3, .leased: 2, .ready: 1], epochs: (30, 60), rate: 2.5, left: 12)
        #expect(
            line == "study [==============>               ] 50%  3 of 6 done, 2 running, "
                + "1 waiting, 2.5 epochs/s, 12s left"
                || line.hasPrefix("study [")
                    && line.hasSuffix(
                        " 50%  3 of 6 done, 2 running, 1 waiting, 2.5 epochs/s, 12s left")
        )
        #expect(line.count <= 100)
    }

    @Test func `a finished sweep has no rate and a full bar`() {
        let line = line([.succeeded: 5, .failed: 1], epochs: (60, 60), rate: 9, left: 0)
        #expect(
            line == "study [==============================] 100%  5 of 6 done, 1 failed")
    }

    @Test(arguments: [1, 10, 20, 40, 60, 200])
    func `it is never longer than it may be`(columns: Int) {
        #expect(line([.leased: 2], epochs: (1, 3), columns: columns).count <= columns)
    }

    /// Not from a coordinator of ours; the command must outlive it all the same.
    @Test(arguments: [(-5, 3), (9, 3), (Int.max, 1), (Int.min, 1), (1, -1)])
    func `absurd numbers do no harm`(completed: Int, total: Int) {
        let line = line([.leased: 1], epochs: (completed, total), rate: 1e300, left: .nan)
        #expect(line.contains("0 of 1 done"))
    }

    @Test(
        arguments: [
            (0, "0s"), (0.4, "0s"), (59.6, "1m"), (61, "1m 1s"), (3_600, "1h"), (5_400, "1h 30m"),
            (90_061, "1d 1h"), (-5, "0s"), (.nan, "very long"), (.infinity, "very long"),
            (1e300, "very long"),
        ] as [(Double, String)])
    func `durations have their two largest units`(seconds: Double, text: String) {
        #expect(HumanDuration.text(seconds: seconds) == text)
    }
}
