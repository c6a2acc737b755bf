import Testing

@testable import Coordinator

@Suite struct RunningTimeTests {
    /// When the loop looks, and when it then begins to sleep, in milliseconds.
    private func gaps(_ turns: [(look: Int, sleep: Int)]) -> [RunningTime.Gap?] {
        let start = ContinuousClock.now
        var time = RunningTime()
        return turns.map { turn in
            let gap = time.look(
                period: .seconds(1), now: start + .milliseconds(turn.look))
            time.sleeps(now: start + .milliseconds(turn.sleep))
            return gap
        }
    }

    @Test func `a loop that runs as it should has no gap`() {
        #expect(gaps([(0, 10), (1_010, 1_900), (2_950, 2_950)]) == [nil, nil, nil])
    }

    @Test func `a long sleep is a stop, by as much as it was too long`() {
        #expect(
            gaps([(0, 10), (6_010, 6_010), (8_010, 8_010)])
                == [nil, .stopped(.seconds(5)), .stopped(.seconds(1))])
    }

    @Test func `long work is no stop`() {
        #expect(gaps([(0, 7_000), (8_000, 8_000), (9_000, 9_000)]) == [nil, .heldUp, nil])
    }
}
