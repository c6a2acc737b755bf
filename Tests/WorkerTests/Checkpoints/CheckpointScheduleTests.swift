import Shared
import Testing

@testable import Worker

@Suite struct CheckpointScheduleTests {
    private static let start = ContinuousClock.now

    /// The epochs after which a training is kept, where each takes so long.
    private static func kept(
        every: Int?, from: Int = 0, of epochs: Int = 12, secondsEach: Double = 1
    ) -> [Int] {
        var schedule = CheckpointSchedule(everyEpochs: every, epochs: from, now: start)
        return (from + 1...epochs).filter { epoch in
            let now = start + .seconds(Double(epoch - from) * secondsEach)
            guard schedule.isDue(epochs: epoch, now: now) else { return false }
            schedule.kept(epochs: epoch, now: now)
            return true
        }
    }

    @Test func `the sweep's number divides the epochs after which a task is kept`() {
        #expect(Self.kept(every: 5) == [5, 10])
        #expect(Self.kept(every: 1) == Array(1...12))
        #expect(Self.kept(every: 100) == [])
    }

    @Test func `whoever goes on keeps the same epochs`() {
        #expect(Self.kept(every: 5, from: 3) == [5, 10])
        #expect(Self.kept(every: 5, from: 5) == [10])
    }

    @Test func `where nobody says, time does`() {
        #expect(Self.kept(every: nil) == [])
        #expect(Self.kept(every: nil, secondsEach: 100) == [3, 6, 9, 12])
        #expect(Self.kept(every: nil, of: 3, secondsEach: 1_000) == [1, 2, 3])
        #expect(Self.kept(every: 5, secondsEach: 100) == [3, 5, 8, 10])
    }

    @Test func `one that could not be kept is made up for at the next epoch`() {
        let schedule = CheckpointSchedule(everyEpochs: 5, epochs: 0, now: Self.start)
        #expect(!schedule.isDue(epochs: 4, now: Self.start))
        #expect(schedule.isDue(epochs: 5, now: Self.start))
        #expect(schedule.isDue(epochs: 6, now: Self.start))
    }
}
